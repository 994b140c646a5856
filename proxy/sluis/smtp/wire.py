"""aiosmtplib's connection, made strict: one reply for one command, and a message in bulk.

aiosmtplib leaves octets that came with a reply in its buffer, where they pass for the reply to the next command: after
`354` and an early `250` in one packet, a message that nobody took would count as delivered. It also mends line ends
line by line, which we neither need nor want, and takes a timer and a task's switch for each reply. So its reading of
replies is replaced; TLS and what holds writing back are its own. What the replies mean is not known here.
"""

import asyncio
import re
from typing import cast

from aiosmtplib import SMTPResponse
from aiosmtplib.protocol import SMTPProtocol

from sluis.smtp.clock import Clock
from sluis.smtp.framing import stuffed
from sluis.smtp.reply import GarbledError, Reply, first_reply

_EARLY = 1_048_576  # octets of replies that may come before they are asked for
_CONTROL = re.compile(rb"[\x00-\x1f\x7f]")


class Wire(SMTPProtocol):
    """One connection. `more` says that further replies are owed after this one, to commands sent together or LMTP's.

    All that it waits for raises ConnectionError where the connection is lost, GarbledError where something else comes
    than one reply, and TimeoutError where the time is over that it was allowed.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self.more = True  # the greeting
        self._awaited: asyncio.Future[Reply] | None = None
        self._fault: Exception | None = None  # why nothing will come any more
        self._clock = Clock(loop, lambda: self._fail(TimeoutError()))

    def data_received(self, data: bytes) -> None:
        """Answer the command that waits. What comes unasked ends the connection, be it a 421 or out of step."""
        self._buffer += data
        if len(self._buffer) > _EARLY or not (self._awaited or self.more):
            self.close()
        else:
            self._settle()

    def eof_received(self) -> bool:
        """Replies that have come count; behind them nothing does."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any longer, for a reply or to write."""
        self._tell(exc or ConnectionResetError())
        self._clock.cancel()
        super().connection_lost(exc)

    def allow(self, seconds: float | None) -> None:
        """How long all may take from now on until it is allowed anew; None for as long as it takes."""
        if seconds is None:
            self._clock.stop()
        else:
            self._clock.give(seconds)

    async def heard(self, *, more: bool = False) -> Reply:
        """The next reply to what was asked before."""
        self.more = more
        waiting = self._expect()
        try:
            reply = await waiting
        finally:
            self._awaited = None
        if self._buffer and not self.more:
            raise GarbledError("more than one reply")
        return reply

    async def ask(self, *words: bytes) -> Reply:
        """One command and its reply."""
        command = b" ".join(words)
        if _CONTROL.search(command):
            raise ValueError("a command of several lines")
        self.write(command + b"\r\n")
        return await self.heard()

    def say(self, command: bytes) -> None:
        """One command whose reply is heard later."""
        self.more = True
        self.write(command + b"\r\n")

    async def read_response(self, timeout: float | None = None) -> SMTPResponse:  # noqa: ASYNC109 (aiosmtplib's name)
        """The reply to STARTTLS, for aiosmtplib."""
        return (await self.heard()).kept()

    async def send(self, *message: bytes) -> bool:
        """Write the pieces of `message`, stuffed and ended, no faster than it is read, and say whether all of it was.

        A hop may refuse a message before its end. Then the rest is not sent, and the refusal is the next reply heard;
        one that takes a message before its end is out of step.
        """
        waiting = self._expect()
        for piece in stuffed(*message):
            if waiting.done():
                if waiting.exception() is None and waiting.result().code < 400:
                    raise GarbledError("a message taken before its end")
                return False
            self.write(piece)
            await self._drain_helper()
        return True

    def close(self) -> None:
        """Drop the connection, with what was not yet sent or read."""
        self._buffer.clear()
        self._clock.cancel()
        if self.transport is not None:
            cast("asyncio.Transport", self.transport).abort()

    def _expect(self) -> asyncio.Future[Reply]:
        """The reply that is owed now, once it is here."""
        if self._awaited is None:
            self._awaited = self._loop.create_future()
            self._settle()
            if self._fault:
                self._tell(self._fault)
        return self._awaited

    def _settle(self) -> None:
        """Give the first whole reply in the buffer to whoever waits for it."""
        waiting = self._awaited
        if waiting is None or waiting.done() or not self._buffer:
            return
        try:
            found = first_reply(self._buffer)
        except GarbledError as error:
            self._fail(error)
            return
        if found:
            reply, length = found
            del self._buffer[:length]
            waiting.set_result(reply)

    def _fail(self, error: Exception) -> None:
        self._tell(error)
        self.close()

    def _tell(self, error: Exception) -> None:
        """Have whoever waits, now or later, hear the first of the errors."""
        self._fault = self._fault or error
        waiting = self._awaited
        if waiting and not waiting.done():
            waiting.set_exception(self._fault)
            waiting.exception()  # whoever waited may be gone


async def opened(loop: asyncio.AbstractEventLoop, address: tuple[str, int] | str) -> Wire:
    """A connection over TCP to (host, port), or through the Unix socket of that path. Raises OSError."""
    if isinstance(address, str):
        _, wire = await loop.create_unix_connection(lambda: Wire(loop), address)
    else:
        _, wire = await loop.create_connection(lambda: Wire(loop), *address)
    return wire
