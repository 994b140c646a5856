"""A reply (RFC 5321 §4.2) as a value: read strictly from the server behind, told verbatim to the client.

What a reply means for a mail is not known here. Reading is strict because a reply that is guessed at is how a message
gets lost: aiosmtplib takes `2500` or two different codes in one reply as they come.
"""

import re
from dataclasses import dataclass
from typing import Self

from aiosmtplib import SMTPResponse

_LONGEST = 32_768  # octets of a whole reply; RFC 5321 §4.5.3.1.5 has 512 for a line
_LINE = re.compile(rb"([2-5][0-5][0-9])(?:([ -])(.*+))?", re.DOTALL)
# Nothing that a terminal or the client's own reader of replies could take for more than text.
_PRINTABLE = bytes(octet if (octet >= 32 and octet != 127) or octet == 9 else ord("?") for octet in range(256))


class GarbledError(ValueError):
    """What came is no reply."""


@dataclass(frozen=True, slots=True)
class Reply:
    """`code`, and the text of each line as octets without code, separator and line end."""

    code: int
    lines: tuple[bytes, ...] = (b"",)

    @property
    def positive(self) -> bool:
        """Whether it says that mail was taken: 25z, since 2xx of another kind answers another command."""
        return 250 <= self.code < 260

    @property
    def negative(self) -> bool:
        """Whether it refuses, for now (4yz) or for good (5yz)."""
        return self.code >= 400

    def wire(self) -> bytes:
        """The reply with its line ends."""
        *first, last = self.lines
        return b"".join((*(b"%d-%b\r\n" % (self.code, line) for line in first), b"%d %b\r\n" % (self.code, last)))

    @classmethod
    def of(cls, text: str) -> Self:
        """A reply of our own from one line of ASCII: `"250 2.0.0 Ok"`."""
        code, _, rest = text.partition(" ")
        return cls(int(code), (rest.encode("ascii"),))

    @classmethod
    def heard(cls, response: SMTPResponse) -> Self:
        """A reply as aiosmtplib keeps it: lines joined by LF, octets as surrogates where they are no UTF-8."""
        return cls(response.code, tuple(response.message.encode("utf-8", "surrogateescape").split(b"\n")))

    def kept(self) -> SMTPResponse:
        """The reply as aiosmtplib keeps it."""
        return SMTPResponse(self.code, b"\n".join(self.lines).decode("utf-8", "surrogateescape"))


def first_reply(octets: bytes | bytearray) -> tuple[Reply, int] | None:
    """The first reply in `octets` and its length, or None while it is not all there. Raises GarbledError."""
    code, begin = 0, 0
    lines: list[bytes] = []
    while (end := octets.find(b"\n", begin)) >= 0:
        if not (line := _LINE.fullmatch(octets[begin:end].removesuffix(b"\r"))):
            raise GarbledError("no reply code")
        if lines and int(line[1]) != code:
            raise GarbledError("two codes in one reply")
        code, begin = int(line[1]), end + 1
        lines.append(bytes(line[3] or b"").translate(_PRINTABLE))
        if line[2] != b"-":
            return Reply(code, tuple(lines)), begin
    if len(octets) > _LONGEST:
        raise GarbledError("too long")
    return None
