"""The gate for readers: a listening socket, and everything behind it put together from the configuration."""

import asyncio
import ssl
from collections.abc import Callable
from functools import partial
from socket import socket

import structlog

from sluis.clean import clean
from sluis.config import Config, Endpoint, Imap, ImapTlsSection
from sluis.edge.admission import Admission
from sluis.edge.opening import Clean, GateError, bound, certify, prepared, server_context
from sluis.edge.pool import Pool, Work
from sluis.edge.port import place
from sluis.imap.cleaning import Cleaner
from sluis.imap.known import Shelf
from sluis.imap.link import Link
from sluis.imap.room import Room
from sluis.imap.service import EDGE, Service
from sluis.imap.session import Session
from sluis.imap.upstream import Upstream
from sluis.metrics import Metrics
from sluis.rules.table import Rules

_TLS = "imap.tls"
_HANDSHAKE = 30.0  # seconds

_log = structlog.get_logger()


class Gate:
    """An open gate. `endpoint` is where it listens, with the port the system picked if none was asked for.

    `room` is what its sessions have for messages.
    """

    def __init__(
        self,
        service: Service,
        cleaner: Cleaner,
        server: asyncio.Server,
        by: Callable[[Rules], Work],
        context: ssl.SSLContext | None,
    ) -> None:
        host, port = server.sockets[0].getsockname()[:2]
        self.endpoint = Endpoint(host, port)
        self.room = service.room
        self._service = service
        self._cleaner = cleaner
        self._server = server
        self._by = by
        self._context = context

    def not_ready(self) -> str | None:
        """Why no mail can be read just now, in a few words; None if it can."""
        if not self._server.is_serving():
            return "the IMAP gate is closed"
        return "the IMAP server behind cannot be reached" if self._service.upstream.lost else None

    def renew(self, rules: Rules) -> None:
        """Clean by `rules` from the next message on, and show the certificate as it is in its file now.

        Raises GateError where the certificate cannot be used; then all is as it was before.
        """
        if self._context:
            server_context(_TLS, self._service.imap.tls)  # one that fails half-way would leave it without its key
            certify(self._context, _TLS, self._service.imap.tls)
        self._cleaner.renew(self._by(rules))
        self._service.shelf.clear()

    async def close(self, grace: float = 30.0) -> None:
        """Take no more clients, let commands that are under way end within `grace` seconds, and part from all."""
        await self._service.guests.part(self._server, grace)
        self._service.upstream.close()
        self._cleaner.close()


async def run(
    config: Config, rules: Rules, metrics: Metrics, *, clean: Clean = clean, listening: socket | None = None
) -> Gate:
    """Open the gate that `config.imap` describes, whose upstream must be there. Raises GateError.

    Where no socket is `listening` already, it opens one.
    """
    imap, choice, closed = config.imap, config.choice.fitted(), config.fail == "closed"
    if not isinstance(imap.upstream, Imap):
        raise GateError("imap.upstream: must name the IMAP server behind")
    _refuse_open_passwords(imap.listen, imap.tls)
    context = server_context(_TLS, imap.tls) if imap.tls.mode != "off" else None
    by = partial(bound, clean, choice)
    prepare = partial(prepared, clean, choice, config.rules, config.kept)
    pool = Pool(prepare, config.cleaning.processes, config.cleaning.timeout)
    cleaner = Cleaner(by(rules), pool, config.cleaning.offload_octets, imap.results_octets, whole=closed)
    service = Service(
        imap=imap,
        upstream=Upstream(imap.upstream, imap.upstream_tls, imap.connect_timeout, imap.stall_timeout),
        cleaner=cleaner,
        metrics=metrics,
        starttls=context if imap.tls.mode == "starttls" else None,
        admission=Admission(imap.max_connections, imap.max_connections_per_address),
        shelf=Shelf(imap.cache_octets),
        room=Room(imap.memory_limit, imap.max_connections),
        closed=closed,
    )
    implicit = context if imap.tls.mode == "implicit" else None
    try:
        server = await asyncio.get_running_loop().create_server(
            partial(Link, imap.stall_timeout, server=False, made=partial(_welcome, service)),
            ssl=implicit,
            ssl_handshake_timeout=_HANDSHAKE if implicit else None,
            **place(imap.listen, listening),
        )
    except OSError as error:
        raise GateError(f"imap.listen: cannot listen on {imap.listen}: {error.strerror or error}") from error
    gate = Gate(service, cleaner, server, by, context)
    _log.info("the gate is open", edge=EDGE, listen=str(gate.endpoint), upstream=str(imap.upstream))
    return gate


def _welcome(service: Service, client: Link) -> None:
    service.guests.welcome(Session(service, client))


def _refuse_open_passwords(listen: Endpoint, tls: ImapTlsSection) -> None:
    """The configuration says no to this when it is read; here, where the port opens, it cannot be forgotten."""
    if tls.mode == "off" and not listen.loopback and not tls.plaintext:
        raise GateError(f"imap.tls.mode: must be implicit or starttls, since others can connect to {listen}")
