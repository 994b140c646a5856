"""One side of a session: a connection framed, written to with backpressure, and upgraded to TLS without a leftover.

STARTTLS is where plaintext may pass for ciphertext: what an attacker sent ahead must not be read after the handshake
(RFC 9051 §6.2.1). So nothing that holds octets outlives it: a new reader and a new framer take over.
"""

import asyncio
import ssl
from typing import cast

from sluis.imap.wire import Framer, Line, Octets

READ = 131_072  # octets read at once, and kept unread before the peer has to wait
_HANDSHAKE = 30.0  # seconds


class Gone(Exception):  # noqa: N818 (an end, not an error)
    """The peer closed the connection, maybe within a command or response."""


class Link:
    """A connection. `patience` is how long the peer may take to read what we write, in seconds."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, patience: float, *, server: bool
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._patience = patience
        self._server = server
        self._below: asyncio.StreamWriter | None = None
        self.framer = Framer(server=server)
        self.moved = asyncio.get_running_loop().time()
        """When an octet last came in, by the loop's clock."""

    async def next(self) -> Line | Octets:
        """The next of what comes in. Raises Gone, ConnectionError."""
        while (event := self.framer.next()) is None:
            octets = await self._reader.read(READ)
            if not octets:
                raise Gone
            self.moved = asyncio.get_running_loop().time()
            self.framer.feed(octets)
        return event

    async def write(self, octets: bytes) -> None:
        """Send `octets`, no faster than they are read. Raises ConnectionError, TimeoutError."""
        self._writer.write(octets)
        async with asyncio.timeout(self._patience):
            await self._writer.drain()

    async def start_tls(self, context: ssl.SSLContext, name: str | None = None) -> None:
        """Begin TLS; with `name` as the client, who checks the certificate for it. Raises OSError."""
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader(limit=READ, loop=loop)
        protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
        transport = await loop.start_tls(
            cast("asyncio.Transport", self._writer.transport),
            protocol,
            context,
            server_side=name is None,
            server_hostname=name,
            ssl_handshake_timeout=_HANDSHAKE,
        )
        if transport is None:
            raise ConnectionResetError("lost during the TLS handshake")
        protocol.connection_made(transport)
        self._below = self._writer  # which would close the connection when it is forgotten
        self._reader, self._writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)
        self.framer = Framer(server=self._server)

    @property
    def address(self) -> str:
        """The peer's IP address."""
        peer = self._writer.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else "local"

    def close(self) -> None:
        """Close, once what was written is sent, or at once if the peer does not read it."""
        self._writer.close()
        transport = cast("asyncio.Transport", self._writer.transport)
        if transport.get_write_buffer_size():
            asyncio.get_running_loop().call_later(self._patience, transport.abort)

    def drop(self) -> None:
        """Close at once, whatever was not sent yet."""
        cast("asyncio.Transport", self._writer.transport).abort()
