"""Where mail comes in and where it goes on, as values: an operator's short text, read once and never again.

Nothing is resolved or opened here, so a name that no DNS knows is not yet an error.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from pathlib import Path

_NAME = re.compile(
    r"(?=.{1,253}\Z)(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?\.)*+[A-Za-z0-9_-]{1,63}\.?", re.ASCII
)
_SMTP_PORT = 25
_IMAP_PORTS = {"imap": 143, "imaps": 993}
_LMTP_PORT = 24  # private mail system, which RFC 2033 §5 leaves to the site; Dovecot's own choice


def network(text: str) -> IPv6Network:
    """`192.0.2.0/24`, `2001:db8::/32` or a single address; an IPv4 one as IPv4-mapped, so that all compare alike.

    Raises ValueError.
    """
    found = ip_network(text)
    if not isinstance(found, IPv4Network):
        return found
    return IPv6Network((IPv6Address(0xFFFF << 32 | int(found.network_address)), 96 + found.prefixlen))


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A TCP address: `host` is a name or an IP address without brackets; port 0 has the system pick one."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @classmethod
    def parse(cls, text: str, port: int | None = None) -> "Endpoint":
        """Read `host:port` or `[IPv6]:port`; `port` stands in where the text has none. Raises ValueError."""
        host, digits = _split(text)
        if not digits and port is None:
            raise ValueError(f"must be host:port, like 127.0.0.1:2525, not {text!r}")
        if digits and not (digits.isascii() and digits.isdigit() and int(digits) < 65536):
            raise ValueError(f"must have a port from 0 to 65535, not {digits!r}")
        return cls(host, int(digits) if digits else port or 0)


@dataclass(frozen=True, slots=True)
class Smtp:
    """A mail server that takes mail over SMTP."""

    endpoint: Endpoint

    def __str__(self) -> str:
        return f"smtp://{self.endpoint}"


@dataclass(frozen=True, slots=True)
class Lmtp:
    """A mail store that takes mail over LMTP (RFC 2033), by TCP or through a Unix socket."""

    address: Endpoint | Path

    def __str__(self) -> str:
        return f"lmtp://{self.address}"


@dataclass(frozen=True, slots=True)
class Maildir:
    """A Maildir that Sluis writes itself."""

    path: Path

    def __str__(self) -> str:
        return f"maildir:{self.path}"


Upstream = Smtp | Lmtp | Maildir


@dataclass(frozen=True, slots=True)
class Imap:
    """A mail server that mail is read from; `implicit`: TLS from the first octet (RFC 8314)."""

    endpoint: Endpoint
    implicit: bool

    def __str__(self) -> str:
        return f"{'imaps' if self.implicit else 'imap'}://{self.endpoint}"


def parse_upstream(text: str) -> Upstream:
    """Read `smtp://host[:port]`, `lmtp://host[:port]`, `lmtp:///socket` or `maildir:PATH`. Raises ValueError."""
    scheme, colon, rest = text.partition(":")
    match scheme.lower() if colon else "":
        case "maildir" if rest:
            return Maildir(Path(rest))
        case "lmtp" if rest.startswith("///") and rest.strip("/"):
            return Lmtp(Path("/" + rest.lstrip("/")))
        case "lmtp" if rest.startswith("//"):
            return Lmtp(Endpoint.parse(rest[2:].removesuffix("/"), _LMTP_PORT))
        case "smtp" if rest.startswith("//"):
            return Smtp(Endpoint.parse(rest[2:].removesuffix("/"), _SMTP_PORT))
    raise ValueError(
        f"must be smtp://host:port, lmtp://host:port, lmtp:///path/of/socket or maildir:PATH, not {text!r}"
    )


def parse_imap(text: str) -> Imap:
    """Read `imaps://host[:port]` or `imap://host[:port]`. Raises ValueError."""
    scheme, colon, rest = text.partition("://")
    if not colon or scheme.lower() not in _IMAP_PORTS:
        raise ValueError(f"must be imaps://host:port or imap://host:port, not {text!r}")
    return Imap(Endpoint.parse(rest.removesuffix("/"), _IMAP_PORTS[scheme.lower()]), scheme.lower() == "imaps")


def _split(text: str) -> tuple[str, str]:
    if bracketed := re.fullmatch(r"\[([0-9A-Fa-f:.]++(?:%\w++)?)\](?::(.*+))?", text, re.DOTALL):
        host, digits = bracketed.groups()
        if ":" in host and _is_ip(host):
            return host, digits or ""
    host, _, digits = text.partition(":")
    if _NAME.fullmatch(host):
        return host.lower(), digits
    raise ValueError(f"must be a host name or an IP address (IPv6 in brackets), not {text!r}")


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
