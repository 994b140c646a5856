"""One of several processes at the same port: its life, from its rules to its last session.

It is told by signals, the same as Sluis itself, so that it does not matter who sends them. It tells its parent through
a pipe how it is; that pipe ends with the parent, and a worker without one finishes what is under way and goes.
"""

import asyncio
import os
import shutil
import signal
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from socket import socket

from sluis import gates, log, loop
from sluis.config import Config
from sluis.edge import GateError
from sluis.metrics import Metrics, shared_in
from sluis.rules.load import RulesError, load

_SECOND = 1.0  # between two looks at what may have changed


@dataclass(frozen=True, slots=True)
class Word:
    """How a worker is: whether its gates are open, and why they are of no use just now or could not be opened."""

    open: bool
    trouble: str | None


def run(number: int, settings: Config, sockets: Mapping[str, socket], folder: Path, parent: Connection) -> None:
    """Be worker `number` of those at `sockets`, by their edge, and count in `folder`; return when all is finished."""
    for each in (signal.SIGINT, signal.SIGHUP):
        signal.signal(each, signal.SIG_IGN)  # Ctrl-C and a terminal that goes are the parent's to hear
    shared_in(folder, number)
    with suppress(BrokenPipeError):
        loop.run(_serve(settings, sockets, folder, parent), settings.event_loop)


async def _serve(settings: Config, sockets: Mapping[str, socket], folder: Path, parent: Connection) -> None:
    lines = log.configure(settings.log.level, settings.log.format)
    running, told = asyncio.get_running_loop(), asyncio.Event()
    running.add_signal_handler(signal.SIGTERM, told.set)

    def orphaned() -> None:
        """The first time finish; when that is under way the parent was told not to wait."""
        if told.is_set():
            os._exit(1)
        running.remove_reader(parent.fileno())
        shutil.rmtree(folder, ignore_errors=True)  # whoever would have is gone
        told.set()

    try:
        rules = load(settings.rules, settings.kept)
        house = await gates.opened(settings, rules, Metrics(edges=sockets), sockets)
    except (RulesError, GateError, OSError, UnicodeDecodeError) as error:
        parent.send(Word(False, str(error)))
        return
    lines.counted(house.metrics.log_lines_lost)
    running.add_reader(parent.fileno(), orphaned)
    renewing: set[asyncio.Task[None]] = set()
    running.add_signal_handler(signal.SIGHUP, lambda: renewing.add(running.create_task(house.renew())))
    telling = running.create_task(_tell(house, parent))
    await told.wait()
    telling.cancel()
    await house.close()


async def _tell(house: gates.Gates, parent: Connection) -> None:
    """Tell the parent how things are, once they are otherwise."""
    last: Word | None = None
    while True:
        word = Word(True, house.not_ready())
        if word != last:
            with suppress(OSError):
                parent.send(word)
            last = word
        await asyncio.sleep(_SECOND)
