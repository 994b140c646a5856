"""SPF: whether the client may send for the domain of the reverse-path (RFC 7208); the library pyspf decides.

It asks DNS in the midst of its work and waits. Here its questions go to what is known instead, and one that is not
raises `Wanting`, so it is begun anew with one answer more: a hundred times at most, as the RFC limits what it may ask.
"""

import re
from ipaddress import ip_address
from typing import Any, get_args

import spf

from sluis.authentication.question import Kind, Known, Question, need
from sluis.authentication.verdict import Result, Spf

_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)++[a-z0-9-]{1,63}", re.ASCII)
_RECORD = 4_096  # octets of a record that is read
_TERM = 512  # octets of one term of it; pyspf's patterns take the square of that
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_MOST_VOID = 2  # §4.6.4


def judged(client: str, helo: str, reverse_path: str, known: Known) -> Spf:
    """The verdict on `reverse_path` ('' for the null sender, then on `helo`) from the address `client`. Raises Wanting.

    Loopback is no address that anybody could name in a record: who comes from there comes from this machine.
    """
    local, _, domain = (reverse_path or f"postmaster@{helo}").rpartition("@")
    domain = domain.lower().removesuffix(".")
    try:
        inside = ip_address(client).is_loopback
    except ValueError:
        inside = True
    if inside or not _DOMAIN.fullmatch(domain):
        return Spf(Result.NONE, domain if _DOMAIN.fullmatch(domain) else "", not reverse_path)
    return Spf(_result(client, helo, local or "postmaster", domain, known), domain, not reverse_path)


def _result(client: str, helo: str, local: str, domain: str, known: Known) -> Result:
    asked = _Query(client, f"postmaster@{domain}", helo, known)
    asked.l, asked.s = local, f"{local}@{domain}"
    try:
        result, _, _ = asked.check()
        return Result(result)
    except (AssertionError, AttributeError, LookupError, TypeError, ValueError):
        return Result.PERMERROR  # a record that it stumbles over


class _Query(spf.query):  # type: ignore[misc]
    """A query of pyspf whose DNS is `known`."""

    def __init__(self, client: str, sender: str, helo: str, known: Known) -> None:
        super().__init__(client, sender, helo)
        self._known = known

    def dns(self, name: str, qtype: str, cnames: object = None, ignore_void: bool = False) -> list[Any]:
        question = Question(name.lower().removesuffix("."), _KINDS[qtype])
        need(self._known, (question,))
        answer = self._known[question]
        if answer is None:
            raise spf.TempError("no answer")
        if any(map(_overlong, answer)):
            raise spf.PermError("record too long")
        if not answer and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > _MOST_VOID:
                raise spf.PermError("void lookups")
        return [_shaped(record, qtype) for record in answer]


def _overlong(record: bytes) -> bool:
    return record[:6].lower() == b"v=spf1" and (
        len(record) > _RECORD or any(len(term) > _TERM for term in record.split(b" "))
    )


def _shaped(record: bytes, kind: str) -> Any:
    """A record as pyspf has it of its own DNS."""
    match kind:
        case "TXT":
            return (record,)
        case "MX":
            return 0, record.decode("latin-1")
        case _:
            return record.decode("latin-1")
