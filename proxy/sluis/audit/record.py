"""What is kept of one message: who it says it is from, when it came, and how it would report on its reader.

Pure, and the only place where a message is looked at: whatever is counted or shown is made of records, so a recipient,
a subject or a token that is not in here is nowhere.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_tz
from enum import StrEnum
from typing import Any, Self

from sluis.audit.redact import redacted
from sluis.detect.identity import Identity, identity
from sluis.message.authentication import recorded_dkim
from sluis.message.author import author
from sluis.message.fields import Field, fields
from sluis.report import Finding, Kind, Report, Verdict
from sluis.rules.table import Rules
from sluis.urls.parse import parse
from sluis.urls.suffix import site

WAYS = 64
"""Ways told apart in one message; a message with more has the rest counted with its last."""
_SHAPES = frozenset({"click-script", "open-counter"})  # rules for what many wrote for themselves: no vendor has it
_LONGEST = 1000  # octets of a field that are searched for a date or an address
_DELIVERED = (b"delivered-to", b"x-original-to", b"envelope-to", b"x-envelope-to")
_ADDRESS = re.compile(r"[^\s<>()\",;:@]{1,64}@[^\s<>()\",;:@]{1,253}")
_PLAIN = re.compile(r"[a-z]+(?:-[a-z]+)*", re.ASCII)
_DOMAIN = re.compile(r"[a-z0-9_][a-z0-9_.-]{0,252}", re.ASCII)
_RESULTS = frozenset({"pass", "fail", "none", "neutral", "policy", "temperror", "permerror"})  # RFC 8601 §2.7.1


class Aim(StrEnum):
    """What its sender would learn. `LOAD` is not called tracking here: whoever serves it sees a request, no more."""

    OPEN = "open"
    CLICK = "click"
    NAME = "name"
    LOAD = "load"


AIMS: Mapping[Kind, Aim] = {
    Kind.OPEN_PIXEL: Aim.OPEN,
    Kind.TRACKING_IMAGE: Aim.OPEN,
    Kind.READ_RECEIPT: Aim.OPEN,
    Kind.CLICK_REDIRECT: Aim.CLICK,
    Kind.LINK_PARAMS: Aim.CLICK,
    Kind.ADDRESS_LEAK: Aim.NAME,
    Kind.ACTIVE_CONTENT: Aim.LOAD,
    Kind.PREFETCH: Aim.LOAD,
    Kind.REMOTE_STYLE: Aim.LOAD,
    Kind.MEDIA: Aim.LOAD,
    Kind.REMOTE_IMAGE: Aim.LOAD,
}


class State(StrEnum):
    """Whether a message was looked into. `PROTECTED`: signed or encrypted. `FAILED`: more than could be understood."""

    READ = "read"
    PROTECTED = "protected"
    FAILED = "failed"


_STATES = {Verdict.SKIPPED: State.PROTECTED, Verdict.FAILED: State.FAILED}


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a message reports: `vendor` is the rules' name or the site of the host, `url` is redacted.

    `named`: how the URL carries the reader's address, or ''.
    """

    kind: Kind
    technique: str
    vendor: str
    url: str
    named: str = ""

    @property
    def aims(self) -> frozenset[Aim]:
        """What the sender would learn by it."""
        return frozenset({AIMS[self.kind]} | ({Aim.NAME} if self.named else set()))


@dataclass(frozen=True, slots=True)
class Record:
    """One message. `sender` is the registrable domain of its author ('' where it has not just one), `date` the day
    as '2026-11-23' or ''; `dkim` the verdict that a trusted server recorded in it or '', `signer` whose signature that
    was. `ways` has how often each stands in the message.
    """

    sender: str
    date: str
    dkim: str
    signer: str
    state: State
    ways: tuple[tuple[Way, int], ...] = ()

    @property
    def aims(self) -> frozenset[Aim]:
        """What the sender would learn by the message."""
        return frozenset(aim for way, _ in self.ways for aim in way.aims)

    def to_json(self) -> list[Any]:
        """The record as a short list, for a line of a file."""
        ways = [[str(way.kind), way.technique, way.vendor, way.url, way.named, count] for way, count in self.ways]
        return [self.sender, self.date, self.dkim, self.signer, str(self.state), ways]

    @classmethod
    def of_json(cls, made: Sequence[Any]) -> Self:
        """The record that `to_json` made. Raises `ValueError` or `TypeError` for anything else."""
        sender, date, dkim, signer, state, listed = made
        ways = tuple((Way(Kind(kind), *map(str, rest)), int(count)) for kind, *rest, count in listed)
        return cls(str(sender), str(date), str(dkim), str(signer), State(state), ways)


def recipients(raw: bytes) -> tuple[str, ...]:
    """Whom a message was delivered to, by the topmost of each field that servers write for that. Never raises."""
    header, _, _ = fields(raw, 0, len(raw))
    found: dict[bytes, str] = {}
    for field in header:
        if field.name in _DELIVERED and field.name not in found:
            match = _ADDRESS.search(_text(raw, field))
            found[field.name] = match[0] if match else ""
    return tuple(dict.fromkeys(address for address in found.values() if address))


def record(
    raw: bytes, report: Report, rules: Rules, readers: Iterable[str] = (), trusted: frozenset[str] = frozenset()
) -> Record:
    """The record of the message `raw`, of which `report` is the account; `readers` are its recipients, and `trusted`
    are the servers (authserv-ids, in lower case) whose verdict on its signature is taken. Never raises.
    """
    header, _, _ = fields(raw, 0, len(raw))
    who = identity(readers)
    counts: Counter[Way] = Counter()
    for finding in report.findings:
        way = _way(finding, rules, who)
        counts[way if way in counts or len(counts) < WAYS else next(reversed(counts))] += 1
    dkim, signer = recorded_dkim(header, raw, trusted)
    sender = (author(header, raw) or "").rpartition("@")[2]
    return Record(
        site(sender) if sender else "",
        _date(header, raw),
        dkim if dkim in _RESULTS else "",
        site(signer) if dkim in _RESULTS and _DOMAIN.fullmatch(signer) else "",
        _STATES.get(report.verdict, State.READ),
        tuple(counts.items()),
    )


def _way(finding: Finding, rules: Rules, who: Identity) -> Way:
    url = parse(finding.url) if finding.url else None
    technique = finding.technique if _PLAIN.fullmatch(finding.technique) else "other"
    if finding.technique.endswith("-property"):  # named by the sender of a calendar or a card
        technique = "property"
    if url is None:
        return Way(finding.kind, technique, finding.vendor or "", "")
    vendor = "" if finding.vendor in _SHAPES else finding.vendor
    vendor = vendor or site(url.host) or url.host
    return Way(finding.kind, technique, vendor, redacted(url, rules.parameters, who), who.leak(url.text) or "")


def _date(header: Sequence[Field], raw: bytes) -> str:
    """The day the last server wrote into its Received field (RFC 5321 §4.4), or else the sender into Date."""
    firsts = {field.name: _text(raw, field) for field in reversed(header) if field.name in {b"received", b"date"}}
    return _day(firsts.get(b"received", "").rpartition(";")[2]) or _day(firsts.get(b"date", ""))


def _day(text: str) -> str:
    try:
        parsed = parsedate_tz(text)
    except (ValueError, TypeError, IndexError):  # of some malformed dates
        return ""
    year, month, day = parsed[:3] if parsed else (0, 0, 0)
    return f"{year:04}-{month:02}-{day:02}" if 1970 <= year < 2100 and 1 <= month <= 12 and 1 <= day <= 31 else ""


def _text(raw: bytes, field: Field) -> str:
    start, end = field.value
    return raw[max(start, end - _LONGEST) : end].decode("latin-1")
