"""How a connection to the server behind is made: with TLS as the operator wants it, and told for whom it is."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal, Protocol

import structlog

from sluis.config import Endpoint, UpstreamTimeoutSection, UpstreamTlsSection
from sluis.smtp.client import Client, header
from sluis.smtp.hop import Connect, HopError, Trouble
from sluis.smtp.hostname import HostNames
from sluis.smtp.upstream import SmtpHop

_log = structlog.get_logger()


class Identity:
    """How the server behind is told who the client is; `way` is `none`, `xclient` or `proxy`.

    Without being told it would judge the gate in the client's place, so where it cannot be, no mail goes.
    """

    def __init__(self, way: Literal["none", "xclient", "proxy"]) -> None:
        self._way = way
        self._names = HostNames()

    @property
    def spends(self) -> bool:
        """Whether a connection is the client's own from when it is handed to it."""
        return self._way != "none"

    def preamble(self, client: Client | None) -> bytes:
        """What is written before the first octet of the dialogue."""
        return header(client) if self._way == "proxy" else b""

    async def introduce(self, hop: SmtpHop, client: Client | None, name: str) -> None:
        """Say it within the dialogue, greeting as `name` where the client's own is no name. Raises HopError."""
        if self._way == "xclient" and client:
            known = client if client.name else replace(client, name=await self._names(client.address))
            await hop.introduce(known, name)


class Connector(Connect, Protocol):
    """Connects to one server: it is greeted first, for whomever, and told then who the client is."""

    _name: str
    _patience: UpstreamTimeoutSection
    identity: Identity

    async def greeted(self, client: Client | None) -> SmtpHop:
        """A connection on which nobody has been spoken of but, with a PROXY header, `client`. Raises HopError."""

    async def __call__(self, client: Client | None) -> SmtpHop:
        """A connection for `client`. Raises HopError, after `connect` seconds at the latest."""
        async with self.in_time():
            hop = await self.greeted(client)
            await self.identity.introduce(hop, client, self._name)
            return hop

    async def introduce(self, hop: SmtpHop, client: Client | None) -> None:
        """Say for whom `hop` is from now on. Raises HopError, after `connect` seconds at the latest."""
        if self.identity.spends:
            async with self.in_time():
                await self.identity.introduce(hop, client, self._name)

    @asynccontextmanager
    async def in_time(self) -> AsyncIterator[None]:
        """Raise HopError where it all takes more than `connect` seconds."""
        try:
            async with asyncio.timeout(self._patience.connect):
                yield
        except TimeoutError as error:
            raise HopError(Trouble.TIMEOUT) from error


class SmtpConnector(Connector):
    """Connects to one SMTP server, with TLS as the operator wants it.

    `opportunistic` takes TLS where it is offered and does not check whom it is with, as whoever can stand in between
    could as well hide the offer (RFC 7435); if TLS fails there, the mail goes without. `required` checks, and mail that
    cannot go so does not go.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        name: str,
        tls: UpstreamTlsSection,
        patience: UpstreamTimeoutSection,
        identity: Identity,
    ) -> None:
        self._endpoint = endpoint
        self.identity = identity
        self._name = name
        self._mode = tls.mode
        self._context = None if tls.mode == "off" else _context(tls)
        self._patience = patience

    async def greeted(self, client: Client | None) -> SmtpHop:
        """A connection, with or without TLS. Raises HopError."""
        try:
            return await self._attempt(self._context, client)
        except HopError as error:
            if error.trouble is not Trouble.TLS or self._mode == "required":
                raise
            _log.warning("TLS with the mail server failed, going without", stage="upstream-connect")
            return await self._attempt(None, client)

    async def _attempt(self, context: ssl.SSLContext | None, client: Client | None) -> SmtpHop:
        hop = await SmtpHop.open(self._endpoint, self._patience, self.identity.preamble(client))
        offered = await hop.hello(self._name)
        if context and b"STARTTLS" in offered:
            await hop.secure(context, self._endpoint.host)
            await hop.hello(self._name)
        elif self._mode == "required":
            await hop.quit()
            raise HopError(Trouble.TLS)
        return hop


def _context(tls: UpstreamTlsSection) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not tls.verify or tls.mode == "opportunistic":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
