"""What was found in a message, what was done about it and why: the values every stage speaks in.

Nothing here acts. A `Finding` is a sentence for a person, an `Edit` is an order for `message.splice`, a `Report` is
the account of one message. Spans are half-open octet ranges `[start, end)`; unless said otherwise, of the input.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum

Span = tuple[int, int]


class Kind(StrEnum):
    """What a finding is about."""

    OPEN_PIXEL = "open-pixel"
    TRACKING_IMAGE = "tracking-image"
    REMOTE_IMAGE = "remote-image"
    CLICK_REDIRECT = "click-redirect"
    LINK_PARAMS = "link-params"
    ACTIVE_CONTENT = "active-content"
    PREFETCH = "prefetch"
    REMOTE_STYLE = "remote-style"
    MEDIA = "media"
    READ_RECEIPT = "read-receipt"
    ADDRESS_LEAK = "address-leak"


class Action(StrEnum):
    """What was done about it. Only `KEPT` leaves the octets of the span as they were."""

    REMOVED = "removed"
    BLANKED = "blanked"
    UNWRAPPED = "unwrapped"
    STRIPPED = "stripped"
    EMBEDDED = "embedded"
    KEPT = "kept"


class Verdict(StrEnum):
    """`CLEAN`: nothing to edit. `SKIPPED`: passed whole. `FAILED`: something passed as it came, be it all of it, and
    the rest is clean. Both have a reason.
    """

    CLEAN = "clean"
    CLEANED = "cleaned"
    SKIPPED = "skipped"
    FAILED = "failed"


class Flaw(StrEnum):
    """What may be wrong with the structure of a message."""

    TOO_MANY_PARTS = "too-many-parts"
    TOO_DEEP = "too-deep"
    TOO_MANY_FIELDS = "too-many-fields"
    TOO_LONG_FIELD = "too-long-field"
    AMBIGUOUS_HEADER = "ambiguous-header"
    AMBIGUOUS_BOUNDARY = "ambiguous-boundary"
    UNTERMINATED = "unterminated"
    MISSING_BOUNDARY = "missing-boundary"
    NO_HEADER_END = "no-header-end"
    DUPLICATE_CONTENT_TYPE = "duplicate-content-type"
    DUPLICATE_ENCODING = "duplicate-encoding"
    BAD_ENCODING = "bad-encoding"


# With these a client may show what was not read: it stands behind a cap, or another reading leads to other parts. With
# all others, it is read in every way that a client may.
UNREAD = frozenset(
    {
        Flaw.TOO_MANY_PARTS,
        Flaw.TOO_DEEP,
        Flaw.TOO_MANY_FIELDS,
        Flaw.TOO_LONG_FIELD,
        Flaw.AMBIGUOUS_HEADER,
        Flaw.AMBIGUOUS_BOUNDARY,
    }
)


@dataclass(frozen=True, slots=True)
class Finding:
    """One way in which the message would have told its sender something."""

    kind: Kind
    action: Action
    technique: str
    vendor: str | None
    rule: str | None
    url: str | None
    destination: str | None
    part: str
    span: Span
    confidence: float
    why: str


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the octets `[start, end)` by `octets`.

    `pad` is the index within `octets` at which blanks may be put where a length must be kept (base64 phase, `fit`);
    None means at its end. `blank` is a space in the part's charset.
    """

    start: int
    end: int
    octets: bytes
    pad: int | None = None
    blank: bytes = b" "


@dataclass(frozen=True, slots=True)
class Report:
    """The account of one message; `bytes_in` and `bytes_out` are octets, `flaws` what was wrong with its structure."""

    verdict: Verdict
    reason: str | None
    bytes_in: int
    bytes_out: int
    findings: tuple[Finding, ...] = ()
    flaws: tuple[Flaw, ...] = ()

    @property
    def edited(self) -> tuple[Finding, ...]:
        """The findings whose octets were changed."""
        return tuple(f for f in self.findings if f.action is not Action.KEPT)

    def to_json(self, elapsed_ms: float) -> Mapping[str, object]:
        """The report in the command line's JSON form. The clock is the caller's: `elapsed_ms` in milliseconds."""
        return {
            "verdict": str(self.verdict),
            "reason": self.reason,
            "bytes_in": self.bytes_in,
            "bytes_out": self.bytes_out,
            "elapsed_ms": round(elapsed_ms, 3),
            "findings": [_finding_json(finding) for finding in self.findings],
        }


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A message as it goes on, and the account of what was done to it."""

    raw: bytes
    report: Report


def _finding_json(finding: Finding) -> Mapping[str, object]:
    return {**asdict(finding), "span": list(finding.span)}
