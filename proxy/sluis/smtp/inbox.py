"""What a client sends, cut into command lines and messages, in large reads.

Whatever comes behind the piece that was asked for is kept for the next: clients send several commands at once
(RFC 2920), and a whole transaction behind a message.
"""

from asyncio import StreamReader
from collections.abc import Callable, Iterator

from sluis.smtp.framing import Flaw, Framing, Refused, Whole

READ = 262_144  # octets asked for at once
_LONGEST = 65_536  # octets of a line that has no end


class EndlessLineError(Exception):
    """A line that is not worth waiting for the end of."""


class Inbox:
    """The octets that a client has sent and that were not yet taken."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader
        self._held = b""

    async def line(self) -> bytes | None:
        """The next line without its end; None once the client has closed its side. Raises EndlessLineError."""
        while (end := self._held.find(b"\n")) < 0:
            if len(self._held) > _LONGEST:
                raise EndlessLineError
            octets = await self._reader.read(READ)
            if not octets:
                return None
            self._held += octets
        line, self._held = self._held[:end], self._held[end + 1 :]
        return line.removesuffix(b"\r")

    def waiting(self) -> Iterator[bytes]:
        """The lines that have come already, without their ends; they are not taken."""
        begin = 0
        while (end := self._held.find(b"\n", begin)) >= 0:
            yield self._held[begin:end].removesuffix(b"\r")
            begin = end + 1

    async def message(self, limit: int, goes_on: Callable[[int, int], bool]) -> Whole | Refused | None:
        """The next message of at most `limit` octets; None if the client closed its side before the end of it.

        `goes_on` is told after each piece how many octets have come and how many are held, and says whether there is
        room for those.
        """
        framing = Framing(limit)
        octets, self._held = self._held, b""
        received = len(octets)
        while not (event := framing.feed(octets)):
            if not goes_on(received, framing.held):
                return Refused(Flaw.MEMORY)
            octets = await self._reader.read(READ)
            if not octets:
                return None
            received += len(octets)
        self._held = event.rest or b""
        return event

    def clear(self) -> None:
        """Forget what came before TLS began: whoever sent it may not be who speaks now (RFC 3207 §4.2)."""
        self._held = b""
