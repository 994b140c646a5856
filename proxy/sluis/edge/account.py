"""How much was done to a message that passed a gate: in a field on top of it, and in the log.

Both hold a word and counts, so that a reader can see that mail was changed and a filter can act on it; never what was
found, nor about whom.
"""

import re
from collections import Counter
from collections.abc import Mapping
from types import MappingProxyType

from sluis.report import Kind, Report, Verdict

# How a count is called, in the order of the field.
_COUNTED: Mapping[Kind, str] = MappingProxyType(
    {
        Kind.OPEN_PIXEL: "pixels",
        Kind.TRACKING_IMAGE: "images",
        Kind.REMOTE_IMAGE: "remote-images",
        Kind.CLICK_REDIRECT: "links",
        Kind.LINK_PARAMS: "params",
        Kind.ACTIVE_CONTENT: "active",
        Kind.PREFETCH: "prefetch",
        Kind.REMOTE_STYLE: "styles",
        Kind.MEDIA: "media",
        Kind.READ_RECEIPT: "receipts",
        Kind.ADDRESS_LEAK: "addresses",
    }
)
_TOKEN = re.compile(r"[^a-z0-9]+")


def account(report: Report) -> bytes:
    """The `X-Sluis:` field: `cleaned; pixels=2 links=14`, `clean`, `skipped; reason=signed`. It ends in CR LF.

    What could not be cleaned is an `original`, or `partly` one.
    """
    made = Counter(finding.kind for finding in report.edited)
    counts = " ".join(f"{word}={made[kind]}" for kind, word in _COUNTED.items() if made[kind])
    if report.verdict is Verdict.FAILED:
        return _field("partly" if report.edited else "original", f"reason={_token(report.reason)}")
    return _field(report.verdict, f"reason={_token(report.reason)}" if report.reason else counts)


def logged(report: Report, seconds: float) -> dict[str, object]:
    """What the log says of a message that took `seconds` to clean."""
    kinds = [finding.kind for finding in report.edited]
    return {
        "verdict": report.verdict,
        "findings": len(report.findings),
        "pixels": kinds.count(Kind.OPEN_PIXEL),
        "links": kinds.count(Kind.CLICK_REDIRECT),
        "octets_in": report.bytes_in,
        "octets_out": report.bytes_out,
        "cleaning_ms": round(seconds * 1000, 1),
    }


def _field(verdict: str, detail: str) -> bytes:
    return f"X-Sluis: {verdict}; {detail}\r\n".encode("ascii") if detail else f"X-Sluis: {verdict}\r\n".encode("ascii")


def _token(reason: str | None) -> str:
    """A reason as one word of a field: it may come from a message, or from an exception's name."""
    return _TOKEN.sub("-", (reason or "unknown").lower()).strip("-")[:60] or "unknown"
