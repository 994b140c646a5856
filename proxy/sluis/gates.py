"""The gates of one process, as the configuration has them: opened together, renewed together, closed together.

What is told to a person or to a parent, and which signals mean what, is not known here.
"""

import asyncio
import gc
from collections.abc import Iterable, Mapping
from socket import socket
from typing import Protocol

import structlog

from sluis import imap, milter, smtp
from sluis.config import Config, Endpoint
from sluis.edge import GateError
from sluis.edge.heap import give_back
from sluis.metrics import Metrics
from sluis.rules.load import RulesError, load
from sluis.rules.table import Rules

_log = structlog.get_logger()


class Gate(Protocol):
    """An open gate, for mail that comes in, mail that is read, or mail that a server shows."""

    endpoint: Endpoint

    def not_ready(self) -> str | None:
        """Why it is of no use just now, in a few words; None if it is."""

    def renew(self, rules: Rules) -> None:
        """Go by `rules` from the next message on, and show the certificate as it is in its file now."""

    async def close(self) -> None:
        """Finish what is under way, and part."""


class Run(Protocol):
    """What opens a gate. Raises GateError."""

    async def __call__(self, config: Config, rules: Rules, metrics: Metrics, *, listening: socket | None) -> Gate:
        """Open it as `config` says, on the socket that is `listening` already if there is one."""


_RUN: Mapping[str, Run] = {"smtp": smtp.run, "imap": imap.run, "milter": milter.run}


class Gates:
    """Open gates, by their edge, and the `metrics` that they feed."""

    def __init__(self, settings: Config, metrics: Metrics, gates: Mapping[str, Gate]) -> None:
        self.metrics = metrics
        self.endpoints = {edge: gate.endpoint for edge, gate in gates.items()}
        self._settings = settings
        self._gates = tuple(gates.values())

    def not_ready(self) -> str | None:
        """Why one of them is of no use just now, in a few words; None if all are."""
        return next((reason for gate in self._gates if (reason := gate.not_ready())), None)

    async def renew(self) -> None:
        """Read anew what may change under way; what cannot be read leaves all as it is."""
        try:
            rules = await asyncio.to_thread(load, self._settings.rules, self._settings.kept)
            for gate in self._gates:
                gate.renew(rules)
            _keep()
        except (RulesError, GateError, OSError, UnicodeDecodeError) as error:
            _log.error("nothing was renewed", reason=str(error))
        else:
            _log.info("rules and certificate were read anew")

    async def close(self) -> None:
        """Finish what is under way in each, and part."""
        await asyncio.gather(*(gate.close() for gate in self._gates))


def wanted(settings: Config) -> dict[str, Endpoint]:
    """Where each gate is to listen that has a server behind it or in front, by its edge."""
    smtp, imap, milter = settings.smtp, settings.imap, settings.milter
    wanted = {"smtp": smtp.upstream and smtp.listen, "imap": imap.upstream and imap.listen, "milter": milter.listen}
    return {edge: endpoint for edge, endpoint in wanted.items() if endpoint}


async def opened(
    settings: Config, rules: Rules, metrics: Metrics, sockets: Mapping[str, socket] | None = None
) -> Gates:
    """The gates that are wanted, each on its socket of `sockets` if there are any. Raises GateError."""
    give_back()
    gates: dict[str, Gate] = {}
    try:
        for edge in wanted(settings):
            gates[edge] = await _RUN[edge](settings, rules, metrics, listening=(sockets or {}).get(edge))
    except GateError:
        await _closed(gates.values())
        raise
    _keep()
    return Gates(settings, metrics, gates)


async def _closed(gates: Iterable[Gate]) -> None:
    for gate in gates:
        await gate.close()


def _keep() -> None:
    """Have no collection look through the rules, which are for good: a full one took some 30 ms, and mail waited."""
    gc.collect()
    gc.freeze()
