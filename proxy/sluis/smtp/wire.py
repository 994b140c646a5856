"""aiosmtplib's connection, made strict: one reply for one command, and a message in bulk.

aiosmtplib leaves octets that came with a reply in its buffer, where they pass for the reply to the next command: after
`354` and an early `250` in one packet, a message that nobody took would count as delivered. It also mends line ends
line by line, which we neither need nor want. What the replies mean is not known here.
"""

import asyncio
from typing import cast

from aiosmtplib import SMTPResponse
from aiosmtplib.protocol import SMTPProtocol

from sluis.smtp.framing import stuffed
from sluis.smtp.reply import GarbledError, Reply, first_reply

_EARLY = 1_048_576  # octets of replies that may come before they are asked for


class Wire(SMTPProtocol):
    """One connection. `more` says that further replies are owed after this one, to commands sent together or LMTP's."""

    more = False

    def data_received(self, data: bytes) -> None:
        """Answer the command that waits. What comes unasked ends the connection, be it a 421 or out of step."""
        self._buffer += data
        if self._response_pending:
            self._settle()
        elif not self.more or len(self._buffer) > _EARLY:
            self.close()

    async def read_response(self, timeout: float | None = None) -> SMTPResponse:  # noqa: ASYNC109 (aiosmtplib's name)
        """The one reply that is owed now. Raises GarbledError, SMTPServerDisconnected, TimeoutError."""
        self._response_pending = True
        self._settle()
        response = await super().read_response(timeout)
        if self._buffer and not self.more:
            raise GarbledError("more than one reply")
        return response

    async def heard(self, *, more: bool = False) -> Reply:
        """The next reply to what was asked before."""
        self.more = more
        return Reply.heard(await self.read_response())

    async def ask(self, *words: bytes, within: float | None = None) -> Reply:
        """One command and its reply, `within` seconds."""
        self.more = False
        return Reply.heard(await self.execute_command(*words, timeout=within))

    async def send(self, *message: bytes) -> bool:
        """Write the pieces of `message`, stuffed and ended, no faster than it is read, and say whether all of it was.

        A hop may refuse a message before its end. Then the rest is not sent, and the refusal is the next reply heard;
        one that takes a message before its end is out of step. Raises GarbledError, ConnectionError.
        """
        self._response_pending = True
        for piece in stuffed(*message):
            if self._answered():
                return False
            self.write(piece)
            await self._drain_helper()
        return True

    def close(self) -> None:
        """Drop the connection, with what was not yet sent or read."""
        self._buffer.clear()
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    def _answered(self) -> bool:
        waiter = self._response_waiter
        if waiter is None or not waiter.done():
            return False
        if not waiter.exception() and waiter.result().code < 400:
            raise GarbledError("a message taken before its end")
        return True

    def _settle(self) -> None:
        """Give the first whole reply in the buffer to whoever waits for it."""
        waiter = self._response_waiter
        if waiter is None or waiter.done():
            return
        try:
            found = first_reply(self._buffer)
        except GarbledError as error:
            self._set_response_exception(waiter, error)
            return
        if found:
            reply, length = found
            del self._buffer[:length]
            waiter.set_result(reply.kept())


async def opened(loop: asyncio.AbstractEventLoop, address: tuple[str, int] | str) -> Wire:
    """A connection over TCP to (host, port), or through the Unix socket of that path. Raises OSError."""
    if isinstance(address, str):
        _, wire = await loop.create_unix_connection(lambda: Wire(loop), address)
    else:
        _, wire = await loop.create_connection(lambda: Wire(loop), *address)
    return wire
