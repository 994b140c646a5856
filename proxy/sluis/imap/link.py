"""One side of a session: a connection framed, written to with backpressure, and upgraded to TLS without a leftover.

STARTTLS is where plaintext may pass for ciphertext: what an attacker sent ahead must not be read after the handshake
(RFC 9051 §6.2.1). So nothing that holds octets outlives it: a new framer takes over.
"""

import asyncio
import ssl
from collections.abc import Callable
from typing import cast

from sluis.imap.wire import Framer, Line, Octets

READ = 131_072  # octets kept unread before the peer has to wait
_WRITTEN = 262_144  # octets that may wait for the peer to read them before we wait for it
_HANDSHAKE = 30.0  # seconds


class Gone(Exception):  # noqa: N818 (an end, not an error)
    """The peer closed the connection, maybe within a command or response."""


class Link(asyncio.Protocol):
    """A connection, which asyncio hands what comes in. `patience` is how long the peer may take to read, in seconds.

    `made` is called once it is there.
    """

    def __init__(self, patience: float, *, server: bool, made: "Callable[[Link], None] | None" = None) -> None:
        self._patience = patience
        self._server = server
        self._made = made
        self._transport: asyncio.Transport | None = None
        self._came: asyncio.Future[None] | None = None  # somebody waits for octets
        self._writable = asyncio.Event()
        self._writable.set()
        self._paused = False
        self._ended = False
        self._lost: Exception | None = None
        self.framer = Framer(server=server)
        self.moved = asyncio.get_running_loop().time()
        """When an octet last came in, by the loop's clock."""

    async def next(self, whole: int = 0) -> Line | Octets:
        """The next of what comes in; a literal of up to `whole` octets in one piece. Raises Gone, ConnectionError."""
        while (event := self.framer.next(whole)) is None:
            await self._more()
        return event

    async def write(self, octets: bytes) -> None:
        """Send `octets`, no faster than they are read. Raises ConnectionError, TimeoutError."""
        if self._lost or not self._transport:
            raise self._lost or ConnectionResetError("lost")
        self._transport.write(octets)
        if not self._writable.is_set():
            async with asyncio.timeout(self._patience):
                await self._writable.wait()
            if self._lost:
                raise self._lost

    async def start_tls(self, context: ssl.SSLContext, name: str | None = None) -> None:
        """Begin TLS; with `name` as the client, who checks the certificate for it. Raises OSError."""
        self.framer = Framer(server=self._server)  # from here on until the handshake the loop reads for TLS alone
        transport = await asyncio.get_running_loop().start_tls(
            self._open,
            self,
            context,
            server_side=name is None,
            server_hostname=name,
            ssl_handshake_timeout=_HANDSHAKE,
        )
        if transport is None or self._lost:
            raise ConnectionResetError("lost during the TLS handshake")
        self._paused = False
        self._writable.set()
        self._begin(transport)

    @property
    def address(self) -> str:
        """The peer's IP address."""
        peer = self._open.get_extra_info("peername")
        return str(peer[0]) if isinstance(peer, tuple) else "local"

    def close(self) -> None:
        """Close, once what was written is sent, or at once if the peer does not read it."""
        self._open.close()
        if self._open.get_write_buffer_size():
            asyncio.get_running_loop().call_later(self._patience, self._open.abort)

    def drop(self) -> None:
        """Close at once, whatever was not sent yet."""
        self._open.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.BaseProtocol."""
        self._begin(transport)
        if self._made:
            self._made(self)

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.BaseProtocol."""
        self._lost = exc if isinstance(exc, OSError) else ConnectionResetError("lost")
        self._ended = self._ended or exc is None
        self._writable.set()
        self._wake()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        self.moved = asyncio.get_running_loop().time()
        self.framer.feed(data)
        if self.framer.held > READ and not self._paused:
            self._paused = True
            self._open.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        """See asyncio.Protocol."""
        self._ended = True
        self._wake()
        return self._open.get_extra_info("sslcontext") is None  # it may still want to hear what it asked for

    def pause_writing(self) -> None:
        """See asyncio.BaseProtocol."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """See asyncio.BaseProtocol."""
        self._writable.set()

    @property
    def _open(self) -> asyncio.Transport:
        assert self._transport  # noqa: S101 (nobody has a link before it is made)
        return self._transport

    def _begin(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_WRITTEN)

    async def _more(self) -> None:
        if self._ended:
            raise Gone
        if self._lost:
            raise self._lost
        if self._paused:
            self._paused = False
            self._open.resume_reading()
        self._came = asyncio.get_running_loop().create_future()
        await self._came

    def _wake(self) -> None:
        if self._came and not self._came.done():
            self._came.set_result(None)
