"""The DKIM signatures of a message, each judged by itself (RFC 6376 §6.1).

What is judged is what the policies read: the header as `message.fields` has it. A signature that leaves part of the
body open (l=) proves nothing of what an attacker may hang on there, so it comes to `policy`, not to `pass`.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256

from sluis.authentication import canonical
from sluis.authentication.key import ALGORITHMS, Key, key
from sluis.authentication.question import Known, Question, need
from sluis.authentication.tags import base64, tags, words
from sluis.authentication.verdict import Result, Signature
from sluis.message.fields import Field, fields

MOST = 8  # signatures that are judged, from the top
LONGEST = 1_048_576  # octets of a header that is judged
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*+[a-z0-9_-]{1,63}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,76}", re.ASCII)
_FORMS = {"simple": False, "relaxed": True}
_MARK = 8  # characters of a signature (RFC 6008 §4)

_Body = Callable[[bool, int | None], canonical.BodyHash]


@dataclass(frozen=True, slots=True)
class Header:
    """A message's octets, the fields of its header, and where its body starts."""

    raw: bytes
    fields: Sequence[Field]
    body: int

    @classmethod
    def of(cls, raw: bytes) -> "Header":
        """The header of `raw`. Raises ValueError for one that is too long to be judged."""
        found, body, _ = fields(raw, 0, len(raw))
        if body > LONGEST:
            raise ValueError("header too long")
        return cls(raw, found, body)

    def named(self, name: bytes) -> list[Field]:
        """Its fields called `name`, which is in lower case."""
        return [field for field in self.fields if field.name == name]


@dataclass(frozen=True, slots=True)
class Claim:
    """What a signature says: who signed which fields, how made canonical, and the hash of which body.

    `relaxed`: the form of the header and that of the body. `limit`: octets of the body that are signed, None for all.
    """

    field: Field
    domain: str
    selector: str
    algorithm: str
    relaxed: tuple[bool, bool]
    names: tuple[str, ...]
    body: bytes
    signature: bytes
    limit: int | None = None
    exact: bool = True  # the identity is of the very domain
    expires: int | None = None

    @property
    def mark(self) -> str:
        """The first characters of the signature, by which two are told apart."""
        return b64encode(self.signature)[:_MARK].decode()

    @property
    def question(self) -> Question:
        """Where its key is (§3.6.2.1)."""
        return Question(f"{self.selector}._domainkey.{self.domain}")


def judged(raw: bytes, now: int, known: Known) -> tuple[Signature, ...]:
    """What becomes of each signature of the message `raw`, from the top, at `now` in Unix time. Raises Wanting."""
    try:
        header = Header.of(raw)
    except ValueError as error:
        return (Signature(Result.PERMERROR, reason=str(error)),)
    read = [_read(raw, field) for field in header.named(b"dkim-signature")[:MOST]]
    need(known, (claim.question for claim in read if isinstance(claim, Claim)))
    body = cache(lambda relaxed, limit: canonical.body_hash(raw, header.body, relaxed=relaxed, limit=limit))
    return tuple(_judged(header, claim, now, known, body) if isinstance(claim, Claim) else claim for claim in read)


def signed(header: Header, claim: Claim, public: Key) -> bool:
    """Whether the header fields that `claim` names are signed with the key."""
    hasher = sha256()
    for field in _selected(header, claim.names):
        hasher.update(canonical.field(header.raw, field, relaxed=claim.relaxed[0]))
    hasher.update(canonical.unsigned(header.raw, claim.field, relaxed=claim.relaxed[0]))
    return public.signed(claim.signature, hasher.digest())


def claimed(field: Field, listed: dict[str, str], forms: str) -> Claim:
    """The claim in the tags of a DKIM-Signature or of an ARC-Message-Signature. Raises ValueError."""
    domain, selector = listed["d"].lower(), listed["s"].lower()
    if not _DOMAIN.fullmatch(domain) or not _DOMAIN.fullmatch(selector):
        raise ValueError("no domain or selector")
    if listed["a"] not in ALGORITHMS:
        raise ValueError("algorithm unknown or too weak")
    form, _, body = forms.partition("/")
    return Claim(
        field,
        domain,
        selector,
        listed["a"],
        (_FORMS[form], _FORMS[body or "simple"]),
        words(listed["h"]),
        base64(listed["bh"]),
        base64(listed["b"]),
    )


def _read(raw: bytes, field: Field) -> Claim | Signature:
    """The claim in a field; if it is malformed, the verdict on it."""
    listed: dict[str, str] = {}
    try:
        listed = tags(raw[slice(*field.value)])
        return _limited(claimed(field, listed, listed.get("c", "simple/simple").lower()), listed)
    except KeyError:
        reason = "signature lacks a tag, or its form is unknown"
    except ValueError as error:
        reason = "signature malformed" if isinstance(error, UnicodeDecodeError) else str(error)
    domain = listed.get("d", "").lower()
    return Signature(Result.PERMERROR, domain if _DOMAIN.fullmatch(domain) else "", reason=reason)


def _limited(claim: Claim, listed: dict[str, str]) -> Claim:
    """`claim` with what only DKIM has. Raises ValueError."""
    if listed["v"] != "1":
        raise ValueError("signature of another version")
    if "from" not in claim.names:
        raise ValueError("author not signed")
    if "dns/txt" not in words(listed.get("q", "dns/txt")):
        raise ValueError("no way to the key")
    signer = listed.get("i", f"@{claim.domain}").rpartition("@")[2].lower()
    if signer != claim.domain and not signer.endswith(f".{claim.domain}"):
        raise ValueError("identity of another domain")
    begins, expires, limit = (_number(listed, name) for name in ("t", "x", "l"))
    if begins is not None and expires is not None and expires < begins:
        raise ValueError("expires before it begins")
    return replace(claim, limit=limit, exact=signer == claim.domain, expires=expires)


def _number(listed: dict[str, str], name: str) -> int | None:
    if name not in listed:
        return None
    if not _NUMBER.fullmatch(listed[name]):
        raise ValueError("not a number")
    return int(listed[name])


def _judged(header: Header, claim: Claim, now: int, known: Known, body: _Body) -> Signature:
    about = Signature(Result.PASS, claim.domain, claim.selector, claim.algorithm, claim.mark)
    records = known[claim.question]
    if records is None:
        return replace(about, result=Result.TEMPERROR, reason="no answer from DNS")
    try:
        public = key(records)
    except ValueError as error:
        return replace(about, result=Result.PERMERROR, reason=str(error))
    if public.type != ALGORITHMS[claim.algorithm] or (public.strict and not claim.exact):
        return replace(about, result=Result.PERMERROR, reason="key for another use")
    result, reason = _outcome(header, claim, public, now, body(claim.relaxed[1], claim.limit))
    return replace(about, result=result, reason=reason)


def _outcome(header: Header, claim: Claim, public: Key, now: int, body: canonical.BodyHash) -> tuple[Result, str]:
    if claim.expires is not None and claim.expires < now:
        return Result.FAIL, "signature expired"
    if body.digest != claim.body or (claim.limit or 0) > body.octets:
        return Result.FAIL, "body changed"
    if not signed(header, claim, public):
        return Result.FAIL, "header changed or signature forged"
    if claim.limit is not None and claim.limit < body.octets:
        return Result.POLICY, "body signed in part only"
    return Result.PASS, ""


def _selected(header: Header, names: Sequence[str]) -> Iterator[Field]:
    """The fields called `names`, of several with one name the last first (§5.4.2)."""
    left: dict[bytes, list[Field]] = {}
    for field in header.fields:
        left.setdefault(field.name, []).append(field)
    for name in names:
        if found := left.get(name.encode("utf-8", "replace")):
            yield found.pop()
