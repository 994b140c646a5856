"""The gate: a listening socket, and everything behind it put together from the configuration."""

import asyncio
import socket
from collections.abc import Callable
from functools import partial

import structlog

from sluis.authentication import judge_for
from sluis.clean import clean
from sluis.config import Config, Endpoint, Lmtp, Maildir, Smtp, SmtpSection
from sluis.edge.admission import Admission
from sluis.edge.cleaning import Cleaner, Failing
from sluis.edge.memory import Memory
from sluis.edge.opening import Clean, GateError, bound, certify, prepared, server_context
from sluis.edge.pool import Pool, Work
from sluis.edge.port import place
from sluis.metrics import Metrics
from sluis.rules.table import Rules
from sluis.smtp.connector import Identity, SmtpConnector
from sluis.smtp.framing import flaw
from sluis.smtp.hop import Connect
from sluis.smtp.lmtp import LmtpConnector
from sluis.smtp.maildir import MaildirConnector
from sluis.smtp.reach import Reach
from sluis.smtp.ready import Ready
from sluis.smtp.server import ClientSession
from sluis.smtp.service import EDGE, Service

_TLS = "smtp.tls"

_log = structlog.get_logger()


class Gate:
    """An open gate. `endpoint` is where it listens, with the port the system picked if none was asked for."""

    def __init__(self, service: Service, reach: Reach, server: asyncio.Server, bound: Callable[[Rules], Work]) -> None:
        host, port = server.sockets[0].getsockname()[:2]
        self.endpoint = Endpoint(host, port)
        self._service = service
        self._reach = reach
        self._server = server
        self._bound = bound

    def not_ready(self) -> str | None:
        """Why no mail can be taken just now, in a few words; None if it can."""
        if not self._server.is_serving():
            return "the gate is closed"
        return "the mail server behind cannot be reached" if self._reach.lost else None

    def renew(self, rules: Rules) -> None:
        """Clean by `rules` from the next message on, and show the certificate as it is in its file now.

        What is under way goes on as it began. Raises GateError where the certificate cannot be used; then all is as it
        was before.
        """
        if self._service.tls:
            # One that fails half-way would leave a certificate without its key.
            server_context(_TLS, self._service.smtp.tls)
            certify(self._service.tls, _TLS, self._service.smtp.tls)
        self._service.cleaner.renew(self._bound(rules))
        self._reach.renew()

    async def close(self, grace: float = 30.0) -> None:
        """Take no more clients, finish within `grace` seconds what is under way, and part from those inside.

        A session counts until it has ended, since a delivery whose reply is not told to the client is made twice.
        """
        self._server.close()
        loop, unfinished = asyncio.get_running_loop(), self._service.unfinished
        end = loop.time() + grace
        work = {session.turn_out() for session in tuple(self._service.sessions)}
        while (work := {task for task in work | unfinished if not task.done()}) and loop.time() < end:
            await asyncio.wait(work, timeout=end - loop.time())
        for task in work:
            task.cancel()
        await self._reach.part()
        self._service.cleaner.close()
        if self._service.judge:
            self._service.judge.close()
        await self._server.wait_closed()


async def run(
    config: Config, rules: Rules, metrics: Metrics, *, clean: Clean = clean, listening: socket.socket | None = None
) -> Gate:
    """Open the gate that `config` describes, with `rules` for messages cleaned here. Raises GateError.

    Where no socket is `listening` already, it opens one.
    """
    smtp = config.smtp
    _refuse_open_relay(smtp)
    choice = config.choice.trusting(config.authentication.authserv_id)
    by = partial(bound, clean, choice)
    name = str(smtp.hostname or await asyncio.to_thread(_host_name))
    pool = Pool(
        partial(prepared, clean, choice, config.rules, config.kept), config.cleaning.processes, config.cleaning.timeout
    )
    reach = Reach(_connections(smtp, name, metrics))
    service = Service(
        smtp=smtp,
        name=name,
        connect=reach,
        cleaner=Cleaner(by(rules), pool, config.cleaning.offload_octets, flaw),
        failing=Failing(EDGE, config.fail, metrics),
        metrics=metrics,
        tls=server_context(_TLS, smtp.tls),
        memory=Memory(smtp.memory_limit),
        admission=Admission(smtp.max_connections, smtp.max_connections_per_address),
        judge=judge_for(config.authentication, metrics, EDGE),
    )
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: ClientSession(service), **place(smtp.listen, listening)
        )
    except OSError as error:
        raise GateError(f"smtp.listen: cannot listen on {smtp.listen}: {error.strerror or error}") from error
    gate = Gate(service, reach, server, by)
    _log.info("the gate is open", edge=EDGE, listen=str(gate.endpoint), upstream=str(smtp.upstream))
    return gate


def _refuse_open_relay(smtp: SmtpSection) -> None:
    """The configuration says no to this when it is read; here, where the port opens, it cannot be forgotten."""
    behind = isinstance(smtp.upstream, Smtp | Lmtp)
    judged = smtp.accept_domains or smtp.trust or smtp.upstream_identity != "none" or smtp.auth == "required"
    if behind and not smtp.listen.loopback and not judged:
        raise GateError(
            "smtp.accept_domains: must name the domains that mail is taken for, or smtp.trust be true, "
            f"since others can connect to {smtp.listen}"
        )


def _connections(smtp: SmtpSection, name: str, metrics: Metrics) -> Connect:
    """What connects to where mail goes on to, with some ready before they are asked for where that can be."""
    connect = _connector(smtp, name)
    if isinstance(connect, MaildirConnector) or smtp.upstream_identity == "proxy" or not smtp.upstream_ready:
        return connect
    return Ready(connect, smtp.upstream_ready, partial(metrics.connection, EDGE))


def _connector(smtp: SmtpSection, name: str) -> SmtpConnector | LmtpConnector | MaildirConnector:
    identity = Identity(smtp.upstream_identity)
    match smtp.upstream:
        case Smtp(endpoint):
            return SmtpConnector(endpoint, name, smtp.upstream_tls, smtp.upstream_timeout, identity)
        case Lmtp(address):
            return LmtpConnector(address, name, smtp.upstream_timeout, identity)
        case Maildir(path):
            try:
                return MaildirConnector(path, return_path=smtp.received)
            except OSError as error:
                raise GateError(f"smtp.upstream: cannot make the Maildir {path}: {error.strerror}") from error
        case None:
            raise GateError("smtp.upstream: must say where mail goes on to")


def _host_name() -> str:
    name = socket.getfqdn()
    return name if name.isascii() and name.isprintable() and " " not in name and name else "localhost"
