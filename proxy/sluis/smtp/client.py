"""Who is at the other end, as the server behind is to know it: from the socket, or from a peer that is believed.

Behind a gate every client has the gate's address, and a mail server's checks (relaying, SPF, block lists) would judge
the gate. So the gate passes on who it is, in one of two ways that servers know: XCLIENT (Postfix' XCLIENT_README) or a
PROXY header (HAProxy's proxy-protocol.txt, version 2). This module writes and reads both; it opens nothing.
"""

import re
import struct
from asyncio import BaseTransport
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from aiosmtpd.proxy_protocol import AF, V2_CMD, ProxyData

XCLIENT = ("NAME", "ADDR", "PORT", "PROTO", "HELO", "LOGIN", "DESTADDR", "DESTPORT")
UNKNOWN, UNKNOWN_FOR_NOW = "[UNAVAILABLE]", "[TEMPUNAVAIL]"
_LINE = 500  # octets of an XCLIENT command; Postfix reads 2048, RFC 5321 §4.5.3.1.4 grants 512
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_VALUE = re.compile(r"[^\x00-\x1f\x7f]{0,255}")
_ESCAPED = re.compile(rb"\+([0-9A-Fa-f]{2})")
_HELO = re.compile(r"[!-~]{1,255}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Client:
    """`address` and `port` of the client and of where it connected to (`to_…`); `helo` as it calls itself.

    `name`: its host name where somebody has looked that up, or `UNKNOWN` or `UNKNOWN_FOR_NOW`; '' where nobody has.
    `extended`: it said EHLO. `login`: as whom it has authenticated.
    """

    address: str
    port: int = 0
    to_address: str = ""
    to_port: int = 0
    helo: str = ""
    extended: bool = True
    name: str = ""
    login: str = ""

    @property
    def greeting(self) -> str | None:
        """`helo` where a server can be greeted with it."""
        return self.helo if _HELO.fullmatch(self.helo) else None

    def within(self, networks: Iterable[IPv6Network]) -> bool:
        """Whether its address lies in one of `networks`, an IPv4 one written as IPv4-mapped."""
        address = _address(self.address)
        return address is not None and any(address in network for network in networks)


def connected(transport: BaseTransport) -> Client:
    """The client as its socket has it."""
    peer, here = transport.get_extra_info("peername"), transport.get_extra_info("sockname")
    if not isinstance(peer, tuple) or not isinstance(here, tuple):
        return Client("local")
    return Client(str(peer[0]), peer[1], str(here[0]), here[1])


def commands(client: Client, offered: Collection[str]) -> Iterator[bytes]:
    """The arguments of as many XCLIENT commands as `client` takes, with the attributes that are `offered`."""
    values = {
        "NAME": client.name or UNKNOWN,
        "ADDR": _written(client.address),
        "PORT": str(client.port) if client.port else UNKNOWN,
        "PROTO": "ESMTP" if client.extended else "SMTP",
        "HELO": client.greeting or UNKNOWN,
        "LOGIN": client.login or UNKNOWN,
        "DESTADDR": _written(client.to_address),
        "DESTPORT": str(client.to_port) if client.to_port else UNKNOWN,
    }
    line = b""
    for word in (f"{name}={values[name]}" for name in XCLIENT if name in offered):
        name, _, value = word.partition("=")
        attribute = name.encode() + b"=" + _xtext(value)
        if line and len(line) + len(attribute) > _LINE:
            yield line
            line = b""
        line += b" " * bool(line) + attribute
    if line:
        yield line


def told(client: Client, argument: bytes) -> Client | None:
    """`client` as the attributes of an XCLIENT command have it; None where they are no such thing.

    What a peer does not know is as if it had not been said, but for the name: that it has none is known.
    """
    given: dict[str, str] = {}
    for word in argument.split():
        name, equals, value = word.partition(b"=")
        text = _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), value).decode("utf-8", "replace")
        if not equals or name.upper().decode("ascii", "replace") not in XCLIENT or not _VALUE.fullmatch(text):
            return None
        given[name.upper().decode()] = text
    try:
        return _told(client, given)
    except ValueError:
        return None


def _told(client: Client, given: Mapping[str, str]) -> Client:
    known = {name: text for name, text in given.items() if text.upper() not in {UNKNOWN, UNKNOWN_FOR_NOW}}
    return replace(
        client,
        name=given.get("NAME", client.name),
        address=_read(known["ADDR"]) if "ADDR" in known else client.address,
        port=_port(known["PORT"]) if "PORT" in known else client.port,
        extended=known["PROTO"].upper() == "ESMTP" if "PROTO" in known else client.extended,
        helo=known.get("HELO", client.helo),
        login=known.get("LOGIN", client.login),
        to_address=_read(known["DESTADDR"]) if "DESTADDR" in known else client.to_address,
        to_port=_port(known["DESTPORT"]) if "DESTPORT" in known else client.to_port,
    )


def header(client: Client | None) -> bytes:
    """The PROXY header, version 2, of a connection made for `client`; of one made for nobody, where it is None."""
    source = _address(client.address) if client else None
    if client is None or source is None:
        return _SIGNATURE + b"\x20\x00\x00\x00"  # LOCAL: the connection is ours, whatever the client was
    target = _address(client.to_address) or IPv6Address(0)
    first, second = source.ipv4_mapped, target.ipv4_mapped
    family = 0x11 if first and second else 0x21
    packed = (first.packed + second.packed) if first and second else source.packed + target.packed
    addresses = packed + struct.pack("!HH", client.port, client.to_port)
    return _SIGNATURE + struct.pack("!BBH", 0x21, family, len(addresses)) + addresses


def announced(client: Client, data: ProxyData) -> Client | None:
    """`client` as the PROXY header before its first octet has it; None where the header is none.

    A connection of the balancer itself (LOCAL, UNKNOWN: a health check) is the balancer's.
    """
    if not data.valid:
        return None
    if data.command == V2_CMD.LOCAL or data.family not in {AF.INET, AF.INET6} or data.src_addr is None:
        return client
    return replace(
        client,
        address=str(data.src_addr),
        port=int(data.src_port or 0),
        to_address=str(data.dst_addr),
        to_port=int(data.dst_port or 0),
    )


def _address(text: str) -> IPv6Address | None:
    """An address in its one form: IPv4 as IPv4-mapped, without the zone of a link."""
    try:
        found = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return _mapped(found) if isinstance(found, IPv4Address) else found


def _mapped(address: IPv4Address) -> IPv6Address:
    return IPv6Address(0xFFFF << 32 | int(address))


def _written(text: str) -> str:
    """An address as XCLIENT has it: `192.0.2.1`, `IPV6:2001:db8::1`."""
    address = _address(text)
    if address is None:
        return UNKNOWN
    return str(address.ipv4_mapped) if address.ipv4_mapped else f"IPV6:{address}"


def _read(text: str) -> str:
    """The same read. Raises ValueError."""
    return str(ip_address(text[5:] if text[:5].upper() == "IPV6:" else text))


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) < 65_536):
        raise ValueError(text)
    return int(text)


def _xtext(text: str) -> bytes:
    """RFC 3461 §4: what is not printable ASCII, and `+` and `=`, as `+` and two digits."""
    return b"".join(
        bytes([octet]) if 33 <= octet <= 126 and octet not in b"+=" else b"+%02X" % octet
        for octet in text.encode("utf-8", "replace")
    )
