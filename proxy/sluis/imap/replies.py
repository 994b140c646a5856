"""The server's side of a session: every response goes to the client as it came, but for messages, which come clean.

A line is a status to take note of, or capabilities that are not all to be had here, or none of both; what it tells of a
message is seen to elsewhere.
"""

import asyncio
import ssl

from sluis.imap.capability import BEFORE_TLS, offered
from sluis.imap.exchange import Exchange
from sluis.imap.fetch import HEAD
from sluis.imap.link import Gone, Link
from sluis.imap.service import Service
from sluis.imap.telling import Telling
from sluis.imap.wire import Line, Octets


class Replies:
    """Passes on what `server` says to `client`."""

    def __init__(self, service: Service, exchange: Exchange, server: Link, client: Link, session: str) -> None:
        self._exchange = exchange
        self._server = server
        self._client = client
        self._telling = Telling(service, exchange, server, client, session)
        self._speaking = asyncio.Lock()  # held while one response is told
        self._ours: tuple[bytes, ...] = BEFORE_TLS if service.starttls else ()

    async def run(self) -> None:
        """Pass on response after response. Raises Gone, ConnectionError, TimeoutError."""
        try:
            while True:
                line = await self._server.next()
                assert isinstance(line, Line)  # noqa: S101 (`response` leaves no literal behind)
                async with self._speaking:
                    await self.response(line)
        except Gone:
            await self._telling.told()  # what it has said before it went
            raise
        finally:
            await self._telling.close()

    async def say(self, response: bytes) -> None:
        """Tell the client something of our own, between two responses of the server."""
        async with self._speaking:
            await self._client.write(response)

    async def start_tls(self, response: bytes, context: ssl.SSLContext) -> None:
        """Tell the client that TLS begins, and begin it; nothing of the server's comes in between."""
        async with self._speaking:
            self._ours = ()
            await self._client.write(response)
            await self._client.start_tls(context)

    async def response(self, line: Line) -> None:
        """Pass on the response that `line` begins. Raises Gone, ConnectionError, TimeoutError."""
        if HEAD.match(line.octets):
            await self._telling(line)
            return
        await self._telling.told()  # what follows may be the end of a command, or give a number to another message
        told = not self._exchange.ends_step(line.octets)
        first = self._exchange.ending(line.octets) if told else b""
        if told:
            await self._client.write(offered(first, self._ours) if line.last else first)
        event: Line | Octets = line
        while not (isinstance(event, Line) and event.last):
            event = await self._server.next()
            if first == line.octets:
                await self._client.write(event.octets)
        if told:
            self._exchange.heard(line.octets)
        self._client.framer.opaque = self._exchange.opaque is not None
