"""The milter protocol's packets as octets: four of length, one that says what it is, and the rest (libmilter, mfdef.h).

A header field has its value as it stands in the message, leading blank and all (`SMFIP_HDR_LEADSPC`), with its lines
joined by LF. A server that does not offer that, or not the changes we make, is not served: what it delivered could not
be what we meant. This module knows no socket and no clock.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = (
    1_048_576  # octets of a packet taken; a body comes in pieces of 65535, a field as long as the server lets it be
)
PIECE = 65_535  # octets of a body told at once, as libmilter has it without the flags for more

_VERSION = 6
_ACTIONS = 0x01 | 0x02 | 0x10  # add fields (SMFIF_ADDHDRS), change the body (CHGBODY) and fields (CHGHDRS)
_LEADING_BLANK = 0x100000
_NOT_WANTED = 0x01 | 0x02 | 0x100 | 0x200  # connect, HELO, unknown commands, DATA
# Steps to which no answer is owed where the server can do without (SMFIP_NR_…), so that a message comes in one flight.
_UNANSWERED = {
    b"C": 0x1000,
    b"H": 0x2000,
    b"M": 0x4000,
    b"R": 0x8000,
    b"T": 0x10000,
    b"U": 0x20000,
    b"N": 0x40000,
    b"B": 0x80000,
    b"L": 0x80,
}
_LENGTH = struct.Struct("!I")
_OFFER = struct.Struct("!3I")


class ProtocolError(ValueError):
    """What came is not the milter protocol, or not enough of it."""


@dataclass(frozen=True, slots=True)
class Packet:
    """`command` is one octet, its meaning another for either direction."""

    command: bytes
    data: bytes = b""

    def wire(self) -> bytes:
        """The packet as it is sent."""
        return _LENGTH.pack(1 + len(self.data)) + self.command + self.data


CONTINUE, TEMPFAIL = Packet(b"c"), Packet(b"t")


class Framer:
    """Packets out of a stream, however it was cut. It holds one packet at most, and what was fed with its end."""

    def __init__(self) -> None:
        self._held = bytearray()

    @property
    def held(self) -> int:
        """Octets that are no packet yet, or not taken."""
        return len(self._held)

    def feed(self, octets: bytes) -> None:
        """The next piece of the stream, of any length."""
        self._held += octets

    def next(self) -> Packet | None:
        """The next packet; None asks for more. Raises ProtocolError for one that is empty or over `LONGEST`."""
        held = self._held
        if len(held) < _LENGTH.size:
            return None
        (octets,) = _LENGTH.unpack_from(held)
        if not 0 < octets <= LONGEST:
            raise ProtocolError("a packet of no length, or beyond all measure")
        end = _LENGTH.size + octets
        if len(held) < end:
            return None
        packet = Packet(bytes(held[4:5]), bytes(memoryview(held)[5:end]))
        del held[:end]
        return packet


@dataclass(frozen=True, slots=True)
class Field:
    """A header field as the protocol has it: `value` is all behind the colon, with LF between its lines."""

    name: bytes
    value: bytes

    def wire(self) -> bytes:
        """The field as it stands in the message."""
        return b"%b:%b\r\n" % (self.name, self.value.replace(b"\n", b"\r\n"))

    @property
    def told(self) -> bytes:
        """The field as packets hold it."""
        return b"%b\0%b\0" % (self.name, self.value)


@dataclass(frozen=True, slots=True)
class Terms:
    """What was agreed on at the beginning; `flags` are those of the protocol."""

    flags: int = 0

    def owed(self, command: bytes) -> bool:
        """Whether the server waits for an answer to `command`, other than the end of a message."""
        return command in _UNANSWERED and not self.flags & _UNANSWERED[command]

    def packet(self) -> Packet:
        """Our side of it."""
        return Packet(b"O", _OFFER.pack(_VERSION, _ACTIONS, self.flags))


def agreed(offer: Packet) -> Terms:
    """The terms, out of what the server offers in its first packet. Raises ProtocolError where that is too little."""
    if offer.command != b"O" or len(offer.data) < _OFFER.size:
        raise ProtocolError("no offer")
    version, actions, flags = _OFFER.unpack_from(offer.data)
    if version < _VERSION or actions & _ACTIONS != _ACTIONS or not flags & _LEADING_BLANK:
        raise ProtocolError("too little is offered")
    return Terms(flags & (_LEADING_BLANK | _NOT_WANTED | sum(_UNANSWERED.values())))


def field(data: bytes) -> Field:
    """A header field. Raises ProtocolError."""
    match data.split(b"\0"):
        case [name, value, b""] if name:
            return Field(name, value)
    raise ProtocolError("no header field")


def mailbox(data: bytes) -> str:
    """The mailbox of MAIL or RCPT, without brackets and parameters; what is no UTF-8 in it is replaced."""
    return data.partition(b"\0")[0].removeprefix(b"<").removesuffix(b">").decode("utf-8", "replace")


def changed(index: int, new: Field) -> Packet:
    """Have the field be `new` that stands at `index`, from 1, among those of its name; an empty value removes it."""
    return Packet(b"m", _LENGTH.pack(index) + new.told)


def inserted(new: Field) -> Packet:
    """Put `new` on top of the message, below the Received: of the server itself."""
    return Packet(b"i", _LENGTH.pack(1) + new.told)


def replaced(body: bytes | memoryview) -> Iterator[Packet]:
    """Have the body be this one."""
    for start in range(0, len(body) or 1, PIECE):
        yield Packet(b"b", bytes(body[start : start + PIECE]))
