"""What Sluis writes on top of a message that it relays: where it came from (`Received:`, RFC 5321 §4.4).

It is for the operator to switch off. Lines end in CR LF.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache
from ipaddress import ip_address

MAX_HOPS = 50

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,253}[A-Za-z0-9_])?|\[[0-9A-Za-z.:]{2,64}\]", re.ASCII)
_written = lru_cache(maxsize=1)(format_datetime)  # which changes every second only, and takes long for what it says
_RECEIVED = re.compile(rb"^received[ \t]*:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Origin:
    """Who hands over a message: `address` as the socket has it, `helo` as it calls itself."""

    address: str
    helo: str
    extended: bool = True
    secure: bool = False
    authenticated: bool = False
    utf8: bool = False

    @property
    def protocol(self) -> str:
        """RFC 3848 and RFC 6531 §4.3: SMTP, ESMTP, UTF8SMTP, the latter two with S (TLS), A (logged in) or both."""
        base = "UTF8SMTP" if self.utf8 else "ESMTP" if self.extended else "SMTP"
        return base + "S" * (self.secure and self.extended) + "A" * self.authenticated


def received(origin: Origin, by: str, session: str, when: datetime) -> bytes:
    """The `Received:` field. A name that is none is told as `unknown`; the address is the socket's own."""
    helo = origin.helo if _NAME.fullmatch(origin.helo) else "unknown"
    stamp = f"Received: from {helo} ({_literal(origin.address)})\r\n\tby {by} (Sluis) with {origin.protocol}"
    return f"{stamp} id {session};\r\n\t{_written(when.replace(microsecond=0))}\r\n".encode("ascii")


def hops(message: bytes) -> int:
    """How many `Received:` fields the header has, at most `MAX_HOPS + 1`."""
    end = -2 if message.startswith(b"\r\n") else message.find(b"\r\n\r\n")  # a body may come at once
    found = _RECEIVED.finditer(message, 0, len(message) if end == -1 else end + 2)
    return sum(1 for _, _ in zip(found, range(MAX_HOPS + 1), strict=False))


def _literal(address: str) -> str:
    try:
        return f"[IPv6:{address}]" if ip_address(address).version == 6 else f"[{address}]"
    except ValueError:
        return "unknown"
