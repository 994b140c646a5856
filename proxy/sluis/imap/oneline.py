"""A command of the client's in one line, so that it can be read as a whole: its literals become quoted strings.

That is for commands that name messages, fields and mailboxes. Where one has a literal that no quoted string can hold,
or is longer than all of them have to be, it is awkward, and goes no further.
"""

import re
from collections.abc import Awaitable, Callable

from sluis.imap.link import Link
from sluis.imap.wire import Line

LONGEST = 262_144  # octets of a command
_ANNOUNCED = re.compile(rb"~?\{[0-9]++\+?\}\r?\n\Z")
_UNQUOTABLE = re.compile(rb"[\x00\r\n\x80-\xff]")
_ESCAPED = re.compile(rb'["\\]')


class AwkwardError(Exception):
    """The command cannot be had in one line; the rest of it begins with `line`, which is not answered yet."""

    def __init__(self, line: Line) -> None:
        super().__init__("a command that cannot be had in one line")
        self.line = line


async def oneline(line: Line, client: Link, go_on: Callable[[bytes], Awaitable[None]]) -> Line:
    """The command that `line` begins; `go_on` tells the client to send a literal that it waits with.

    Raises AwkwardError, and what the connections raise.
    """
    flat, event = bytearray(), line
    while not event.last:
        octets, literal = event.octets, event.literal
        if len(flat) + len(octets) + (literal.size if literal else 0) > LONGEST:
            raise AwkwardError(event)
        if literal and literal.waits:
            await go_on(b"+ OK\r\n")
        text = bytearray()
        while literal and len(text) < literal.size:
            text += (await client.next()).octets
        following = await client.next()
        assert isinstance(following, Line)  # noqa: S101 (a literal was read to its end)
        if _UNQUOTABLE.search(text):
            raise AwkwardError(following)
        flat += octets[: _announced(octets)] + _quoted(bytes(text)) if literal else octets
        event = following
    return Line(bytes(flat + event.octets), first=True, last=True)


def _announced(octets: bytes) -> int:
    """Where a line's announcement of a literal begins."""
    match = _ANNOUNCED.search(octets, max(0, len(octets) - 64))
    return match.start() if match else len(octets)


def _quoted(text: bytes) -> bytes:
    return b'"' + _ESCAPED.sub(rb"\\\g<0>", text) + b'"'
