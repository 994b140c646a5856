"""Where a message ends, and the dots: what lies between `DATA` and the dot, without a socket.

    octets as they come → `Framing.feed` → the message, or why there is none
    a message → `stuffed` → pieces as they go

Only CR LF . CR LF ends a message (RFC 5321 §4.1.1.4). Servers that also end it at a bare LF, or at a bare CR, can be
made to read two messages where their neighbour read one (SMTP smuggling). So such octets are neither passed on nor
mended here: they are refused, and NUL with them (RFC 5321 §2.3.8, RFC 5322 §4). This module knows no clock and no
reply code; time is the caller's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

PIECE = 262_144  # octets of a message that are written at once

_END = b"\r\n.\r\n"
_DOT = b"\r\n."
# Where lines are as long as lines are, these are faster than `find`, `replace` and `count` of more than one octet.
_ENDING = re.compile(re.escape(_END))
_DOTS = re.compile(re.escape(_DOT))
_LONE_CR = re.compile(rb"\r(?!\n)")


class Flaw(StrEnum):
    """Why a message is refused; the values are those of the metric."""

    BARE_NEWLINE = "bare-newline"
    NUL = "nul"
    SIZE = "size"
    MEMORY = "memory"


@dataclass(frozen=True, slots=True)
class Whole:
    """A message as it was before dot-stuffing, with its last CR LF; `rest` came after the end and is not of it."""

    message: bytes
    rest: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """No message. `rest` is what came after its end, None if the end was not waited for: nothing can follow that."""

    flaw: Flaw
    rest: bytes | None = None


class Framing:
    """The state between two pieces of one message of at most `limit` octets.

    Memory is at most 4/3 of `limit` (every line but a dot, doubled) and one piece. A message over the limit is read to
    its end without being kept, so that its sender hears why; one that goes on for over three times the limit is not.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._room = limit + limit // 3 + 16
        self._patience = 3 * self._room
        self._held = bytearray(b"\r\n")  # as if a line had just ended, since the first line too may be the dot
        self._checked = 2
        self._dropped = 0

    @property
    def held(self) -> int:
        """The octets that are kept just now."""
        return len(self._held)

    def feed(self, octets: bytes) -> Whole | Refused | None:
        """The next piece, of any length; None asks for more."""
        held = self._held
        held += octets
        found = _ENDING.search(held, max(0, self._checked - len(_END) + 1))
        end = found.start() if found else -1
        del found  # which keeps `held` from changing its length
        # A CR at the end of a piece is judged with what follows it.
        upto = end + len(_END) if end >= 0 else len(held) - held.endswith(b"\r")
        flaw = _flaw(held, self._checked, upto)
        self._checked = upto
        if flaw:
            return Refused(flaw)
        return self._ended(end) if end >= 0 else self._overrun()

    def _ended(self, end: int) -> Whole | Refused:
        rest = bytes(self._held[end + len(_END) :])
        message = _unstuffed(self._held, end + 2)
        if self._dropped or len(message) > self._limit:
            return Refused(Flaw.SIZE, rest)
        return Whole(message, rest)

    def _overrun(self) -> Refused | None:
        if len(self._held) > self._room:
            excess = self._checked - len(_END) + 1  # what is left may be the beginning of the end
            del self._held[:excess]
            self._checked -= excess
            self._dropped += excess
        return Refused(Flaw.SIZE) if self._dropped > self._patience else None


def flaw(message: bytes) -> Flaw | None:
    """What forbids `message` to be sent, if anything does."""
    return _flaw(message, 0, len(message))


def stuffed(*message: bytes) -> Iterator[bytes]:
    """The `message` as it goes after the 354, with the dot that ends it, in pieces of about `PIECE` octets.

    It may come in pieces of any length, and so may its lines. One that does not end in CR LF is given one, as there is
    no other way to say it in SMTP. A short message goes in one piece, and of a long one there is no second copy.
    """
    ready: list[bytes] = []
    last = b"\r\n"
    for octets in (whole[begin : begin + PIECE] for whole in message for begin in range(0, len(whole), PIECE)):
        ready.append(_doubled(octets, last))
        last = (last + octets[-2:])[-2:]
        if sum(map(len, ready)) >= PIECE:
            yield b"".join(ready)
            ready.clear()
    yield b"".join((*ready, b".\r\n" if last == b"\r\n" else _END))


def _doubled(octets: bytes, last: bytes) -> bytes:
    """`octets`, which follow the two octets `last`, with every dot doubled that begins a line."""
    if octets.startswith(b".") and last == b"\r\n":
        octets = b"." + octets
    elif octets.startswith(b"\n.") and last.endswith(b"\r"):
        octets = b"\n.." + octets[2:]
    return _DOTS.sub(b"\r\n..", octets)


def _unstuffed(held: bytearray, end: int) -> bytes:
    """The lines of `held[2:end]`, without the first octet of each that begins with a dot (RFC 5321 §4.5.2).

    `held` is used up.
    """
    del held[end:]
    if len(held) <= PIECE:
        return _DOTS.sub(b"\r\n", held)[2:]
    lines = held.replace(_DOT, b"\r\n") if _DOT in held else held  # with one copy less
    return bytes(memoryview(lines)[2:])


def _flaw(octets: bytes | bytearray, start: int, end: int) -> Flaw | None:
    # Where each CR is followed by LF, as many LF as CR leave none over.
    if octets.count(b"\r", start, end) != octets.count(b"\n", start, end) or _LONE_CR.search(octets, start, end):
        return Flaw.BARE_NEWLINE
    return Flaw.NUL if octets.find(0, start, end) >= 0 else None
