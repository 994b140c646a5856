"""IMAP on the wire: octets become lines and the octets of literals, and nothing is lost or held (RFC 9051 §4.3, §9).

Only what is needed to find the end of a command or a response is known here, never what it means. What comes out, put
end to end, is what went in, octet for octet, so whoever does not understand a line can still pass it on.
"""

import re
from dataclasses import dataclass

LONGEST_LINE = 65_536  # octets of a line that are handed out in one piece
_TAIL = 64  # octets that may follow, so that no announcement is ever cut in two
_PIECE = 65_536  # octets of a literal that are handed out in one piece
_LITERAL = re.compile(rb"~?\{([0-9]{1,19})(\+?)\}\r?\n\Z")
_STATUS = re.compile(rb"\* (?:OK|NO|BAD|BYE|PREAUTH)\b|\+|[^*]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Literal:
    """What a line announces: `size` octets; `waits` says that a client must hear `+` before it sends them."""

    size: int
    waits: bool


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its end; without one it is a piece of a line longer than `LONGEST_LINE`.

    `first` says that a command or response begins here, `last` that it ends here.
    """

    octets: bytes
    first: bool
    last: bool
    literal: Literal | None = None


@dataclass(frozen=True, slots=True)
class Octets:
    """Some octets of a literal; `left` of it are still to come."""

    octets: bytes
    left: int


class Framer:
    """One direction of a connection. `server` says who speaks: a server's words for people announce no literals."""

    def __init__(self, *, server: bool) -> None:
        self._server = server
        self._buffer = bytearray()
        self._scanned = 0
        self._first = True
        self._wordy = False
        self._left = 0
        self.opaque = False
        """Set while lines are no commands (a SASL exchange, IDLE): then none announces a literal."""

    def feed(self, octets: bytes) -> None:
        """Add what came in."""
        self._buffer += octets

    def next(self, whole: int = 0) -> Line | Octets | None:
        """What can be handed out now; None if that takes more octets. A literal of up to `whole` comes in one piece."""
        return self._octets(whole) if self._left else self._line()

    def refused(self) -> None:
        """The literal that was announced last does not come: its command is over (RFC 9051 §4.3)."""
        self._left, self._first = 0, True

    @property
    def held(self) -> int:
        """Octets that were fed and not handed out."""
        return len(self._buffer)

    def _octets(self, whole: int) -> Octets | None:
        if len(self._buffer) < self._left <= whole or not self._buffer:
            return None
        octets = bytes(memoryview(self._buffer)[: min(self._left, max(_PIECE, whole))])
        del self._buffer[: len(octets)]
        self._left -= len(octets)
        return Octets(octets, self._left)

    def _line(self) -> Line | None:
        end = self._buffer.find(b"\n", self._scanned, LONGEST_LINE + _TAIL) + 1
        if not end:
            self._scanned = min(len(self._buffer), LONGEST_LINE)
            if len(self._buffer) < LONGEST_LINE + _TAIL:
                return None
        octets = bytes(memoryview(self._buffer)[: end or LONGEST_LINE])
        del self._buffer[: len(octets)]
        self._scanned = 0
        return self._known(octets, ended=end > 0)

    def _known(self, octets: bytes, *, ended: bool) -> Line:
        first = self._first
        if first:
            self._wordy = self.opaque or (self._server and _STATUS.match(octets) is not None)
        literal = None if self._wordy or not ended else announced(octets)
        self._left = literal.size if literal else 0
        self._first = ended and literal is None
        return Line(octets, first, self._first, literal)


def announced(line: bytes) -> Literal | None:
    """The literal that a line ends with the announcement of: `{n}`, `{n+}` (RFC 7888), `~{n}` (RFC 3516)."""
    if line[-2:-1] != b"}" and line[-3:-2] != b"}":
        return None
    match = _LITERAL.search(line, max(0, len(line) - _TAIL))
    return Literal(int(match[1]), not match[2]) if match else None
