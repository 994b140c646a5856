"""The IMAP server behind: reached, its certificate checked, TLS begun, up to its greeting and no further.

Who logs in there is the client, so all that is said before is what STARTTLS takes.
"""

import asyncio
import ssl

from sluis.config import Imap, ImapUpstreamTlsSection
from sluis.edge.reach import Reach
from sluis.imap.link import Gone, Link
from sluis.imap.wire import Line

_CHATTER = 20  # lines before the answer to STARTTLS


class UpstreamError(Exception):
    """The server cannot be had; `reason` is one word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Upstream(Reach):
    """Opens connections to one server, and remembers how that went: `connect` and `patience` in seconds."""

    def __init__(self, server: Imap, tls: ImapUpstreamTlsSection, connect: float, patience: float) -> None:
        super().__init__(self._answers)
        self._server = server
        self._starttls = not server.implicit and tls.mode == "required"
        self._context = _context(tls) if server.implicit or self._starttls else None
        self._connect = connect
        self._patience = patience

    async def open(self) -> tuple[Link, Line]:
        """A connection, and the line to greet the client with. Raises UpstreamError."""
        try:
            opened = await self._opened()
        except UpstreamError:
            self.failed()
            raise
        self.close()
        return opened

    async def _answers(self) -> bool:
        try:
            link, _ = await self._opened()
        except UpstreamError:
            return False
        link.close()
        return True

    async def _opened(self) -> tuple[Link, Line]:
        link: Link | None = None
        try:
            async with asyncio.timeout(self._connect):
                link = await self._connected()
                greeting = await link.next()
                if not isinstance(greeting, Line) or not greeting.last or not greeting.octets.startswith(b"* "):
                    raise UpstreamError("garbage")
                if self._starttls:
                    await self._secure(link)
                    greeting = Line(b"* OK IMAP4rev1 server ready\r\n", first=True, last=True)
                return link, greeting
        except BaseException as error:
            if link:
                link.drop()
            raise _reason(error) from error

    async def _connected(self) -> Link:
        endpoint = self._server.endpoint
        context = self._context if self._server.implicit else None
        name = endpoint.host if context else None
        _, link = await asyncio.get_running_loop().create_connection(
            lambda: Link(self._patience, server=True), endpoint.host, endpoint.port, ssl=context, server_hostname=name
        )
        return link

    async def _secure(self, link: Link) -> None:
        """Begin TLS. What the server said before, its capabilities too, counts no more."""
        await link.write(b"sluis STARTTLS\r\n")
        for _ in range(_CHATTER):
            line = await link.next()
            if line.octets[:9].upper() == b"SLUIS OK ":
                break
            if line.octets[:6].upper() == b"SLUIS ":
                raise UpstreamError("tls")
        else:
            raise UpstreamError("garbage")
        if link.framer.held:
            raise UpstreamError("tls")  # somebody between speaks for the server
        assert self._context  # noqa: S101 (it is there where STARTTLS is wanted)
        await link.start_tls(self._context, self._server.endpoint.host)


def _reason(error: BaseException) -> BaseException:
    match error:
        case UpstreamError():
            return error
        case ssl.SSLError():
            return UpstreamError("tls")
        case TimeoutError():
            return UpstreamError("timeout")
        case OSError() | Gone():
            return UpstreamError("unreachable")
        case _:
            return error


def _context(tls: ImapUpstreamTlsSection) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.ca)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
