"""What Sluis writes on top of a message that passes: where it came from, and how much was done to it.

`Received:` is RFC 5321 §4.4. `X-Sluis:` holds a word and counts, so that a reader can see that mail was changed and a
filter can act on it; never what was found, nor about whom. Both are for the operator to switch off. Lines end in CR LF.
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from ipaddress import ip_address
from types import MappingProxyType

from sluis.report import Kind, Report, Verdict

MAX_HOPS = 50

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
_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?|\[[0-9A-Za-z.:]{2,64}\]", re.ASCII)
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)
_TOKEN = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Origin:
    """Who hands over a message: `address` as the socket has it, `helo` as it calls itself."""

    address: str
    helo: str
    extended: bool = True
    secure: bool = False
    utf8: bool = False

    @property
    def protocol(self) -> str:
        """RFC 3848 and RFC 6531 §4.3: SMTP, ESMTP, ESMTPS, UTF8SMTP or UTF8SMTPS."""
        base = "UTF8SMTP" if self.utf8 else "ESMTP" if self.extended else "SMTP"
        return base + "S" if self.secure and self.extended else base


def received(origin: Origin, by: str, session: str, when: datetime) -> bytes:
    """The `Received:` field. A name that is none is told as `unknown`; the address is the socket's own."""
    helo = origin.helo if _NAME.fullmatch(origin.helo) else "unknown"
    stamp = f"Received: from {helo} ({_literal(origin.address)})\r\n\tby {by} (Sluis) with {origin.protocol}"
    return f"{stamp} id {session};\r\n\t{format_datetime(when)}\r\n".encode("ascii")


def account(report: Report) -> bytes:
    """The `X-Sluis:` field: `cleaned; pixels=2 links=14`, `clean`, `skipped; reason=signed`."""
    made = Counter(finding.kind for finding in report.edited)
    counts = " ".join(f"{word}={made[kind]}" for kind, word in _COUNTED.items() if made[kind])
    if report.verdict is Verdict.FAILED:
        return _field("original", f"reason={_token(report.reason)}")
    return _field(report.verdict, f"reason={_token(report.reason)}" if report.reason else counts)


def hops(message: bytes) -> int:
    """How many `Received:` fields the header has, at most `MAX_HOPS + 1`."""
    end = -2 if message.startswith(b"\r\n") else message.find(b"\r\n\r\n")  # a body may come at once
    found = _RECEIVED.finditer(message, 0, len(message) if end == -1 else end + 2)
    return sum(1 for _, _ in zip(found, range(MAX_HOPS + 1), strict=False))


def _field(verdict: str, detail: str) -> bytes:
    return f"X-Sluis: {verdict}; {detail}\r\n".encode("ascii") if detail else f"X-Sluis: {verdict}\r\n".encode("ascii")


def _literal(address: str) -> str:
    try:
        return f"[IPv6:{address}]" if ip_address(address).version == 6 else f"[{address}]"
    except ValueError:
        return "unknown"


def _token(reason: str | None) -> str:
    """A reason as one word of a field: it may come from a message, or from an exception's name."""
    return _TOKEN.sub("-", (reason or "unknown").lower()).strip("-")[:60] or "unknown"
