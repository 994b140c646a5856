"""The gate for mail servers that ask what to change: a listening socket, and what stands behind it."""

import asyncio
from collections.abc import Callable
from functools import partial
from socket import socket

import structlog

from sluis.clean import clean
from sluis.config import Config, Endpoint
from sluis.edge.admission import Admission
from sluis.edge.cleaning import Cleaner, Failing
from sluis.edge.memory import Memory
from sluis.edge.opening import Clean, GateError, bound, prepared
from sluis.edge.pool import Pool, Work
from sluis.edge.port import place
from sluis.metrics import Metrics
from sluis.milter.service import EDGE, Service
from sluis.milter.session import Session
from sluis.rules.table import Rules

_log = structlog.get_logger()


class Gate:
    """An open gate. `endpoint` is where it listens, with the port the system picked if none was asked for."""

    def __init__(self, service: Service, server: asyncio.Server, by: Callable[[Rules], Work]) -> None:
        host, port = server.sockets[0].getsockname()[:2]
        self.endpoint = Endpoint(host, port)
        self._service = service
        self._server = server
        self._by = by

    def not_ready(self) -> str | None:
        """Why no mail can be judged just now, in a few words; None if it can."""
        return None if self._server.is_serving() else "the milter gate is closed"

    def renew(self, rules: Rules) -> None:
        """Clean by `rules` from the next message on."""
        self._service.cleaner.renew(self._by(rules))

    async def close(self, grace: float = 30.0) -> None:
        """Take no more connections, answer within `grace` seconds the messages under way, and part from all servers."""
        await self._service.guests.part(self._server, grace)
        self._service.cleaner.close()


async def run(
    config: Config, rules: Rules, metrics: Metrics, *, clean: Clean = clean, listening: socket | None = None
) -> Gate:
    """Open the gate that `config.milter` describes, which must say where it listens. Raises GateError.

    Where no socket is `listening` already, it opens one.
    """
    milter, choice = config.milter, config.choice
    if milter.listen is None:
        raise GateError("milter.listen: must say where mail servers connect")
    by = partial(bound, clean, choice)
    prepare = partial(prepared, clean, choice, config.rules, config.kept)
    pool = Pool(prepare, config.cleaning.processes, config.cleaning.timeout)
    service = Service(
        milter=milter,
        cleaner=Cleaner(by(rules), pool, config.cleaning.offload_octets, _broken),
        failing=Failing(EDGE, config.fail, metrics),
        metrics=metrics,
        admission=Admission(milter.max_connections, milter.max_connections),
        memory=Memory(milter.memory_limit),
    )
    try:
        server = await asyncio.start_server(partial(_welcome, service), **place(milter.listen, listening))
    except OSError as error:
        raise GateError(f"milter.listen: cannot listen on {milter.listen}: {error.strerror or error}") from error
    gate = Gate(service, server, by)
    _log.info("the gate is open", edge=EDGE, listen=str(gate.endpoint))
    return gate


def _broken(message: bytes) -> bool:
    """Whether a line would end where none ended; a CR alone ends none in a mail server, and may be the sender's."""
    return message.count(b"\n") != message.count(b"\r\n")


def _welcome(service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    service.guests.welcome(Session(service, reader, writer))
