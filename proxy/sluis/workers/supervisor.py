"""The parent of several workers: it starts them, starts another for one that dies, and hands on what it is told.

It takes no mail. What it holds for a worker outlives it: its sockets, so that clients who were not let in yet are let
in by the next, and the folder in which it counts, so that no count is lost. A worker that dies is followed by another
with its number, which goes on where it was.

Each has sockets of its own at the same ports (SO_REUSEPORT), among which Linux deals out clients. On one that all have,
whoever is idle first takes all that come, and with connections that are kept, one worker has all the work.
"""

import asyncio
import os
import signal
from collections.abc import Mapping
from multiprocessing import get_context
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path
from socket import socket

import structlog
from pydantic import BaseModel

from sluis.config import Config, Endpoint
from sluis.edge import GateError
from sluis.edge.opening import server_context
from sluis.edge.port import listen, vacant, why
from sluis.gates import wanted
from sluis.metrics import Merged
from sluis.rules.load import RulesError, load
from sluis.workers.worker import Word, run

_GRACE = 40.0  # seconds for a worker to close its gates, which give what is under way 30
_FIRST_PAUSE = 0.5  # seconds before another is started; twice as long each time one dies young
_LONGEST_PAUSE = 60.0
_YOUNG = 60.0

# What is for all workers together; each has its part of it.
_DIVIDED: Mapping[str, tuple[str, ...]] = {
    "smtp": ("memory_limit", "max_connections"),
    "imap": ("memory_limit", "cache_octets", "results_octets", "max_connections"),
    "milter": ("memory_limit", "max_connections"),
}

_log = structlog.get_logger()
_processes = get_context("spawn")  # a parent with threads cannot be copied


class Workers:
    """`settings.workers` processes at the same ports, which count in `folder`. Raises GateError."""

    def __init__(self, settings: Config, folder: Path) -> None:
        self.metrics = Merged(folder)
        self._settings = settings
        share, numbers = _share(settings), range(1, settings.workers + 1)
        self.endpoints = {edge: _vacant(edge, endpoint) for edge, endpoint in wanted(settings).items()}
        self._workers = tuple(_Worker(number, share, self.endpoints, folder) for number in numbers)
        self._watches: list[asyncio.Task[None]] = []
        self._closed = False

    def not_ready(self) -> str | None:
        """Why no mail can be taken just now, in a few words; None if it can, if only by some."""
        if self._closed:
            return "the gate is closed"
        words = [worker.word for worker in self._workers if worker.word and worker.word.open]
        return next((word.trouble for word in words if word.trouble), None) if words else "no worker is there"

    async def renew(self) -> None:
        """Have each worker read anew what may change under way; what cannot be read leaves all of them as they are."""
        try:
            await asyncio.to_thread(_readable, self._settings)
        except (RulesError, GateError, OSError, UnicodeDecodeError) as error:
            _log.error("nothing was renewed", reason=str(error))
            return
        for worker in self._workers:
            worker.renew()

    async def close(self) -> None:
        """Take no more clients, and wait until each worker has finished what is under way."""
        self._closed = True
        for watch in self._watches:
            watch.cancel()
        await asyncio.gather(*(worker.close() for worker in self._workers))

    async def open(self) -> None:
        """Start them all. Raises GateError where one cannot open its gates."""
        await asyncio.gather(*(worker.start() for worker in self._workers))
        self._watches = [asyncio.create_task(self._watch(worker)) for worker in self._workers]

    async def _watch(self, worker: "_Worker") -> None:
        loop, pause = asyncio.get_running_loop(), _FIRST_PAUSE
        while True:
            began = loop.time()
            code = await worker.ended()
            self.metrics.worker_ended(worker.number)
            if loop.time() - began > _YOUNG:
                pause = _FIRST_PAUSE
            _log.error("a worker ended and another is started", worker=worker.number, code=code, seconds=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                await worker.start()
            except GateError as error:
                _log.error("a worker could not open", worker=worker.number, reason=str(error))


async def opened(settings: Config, folder: Path) -> Workers:
    """The workers that `settings` ask for, open all of them. Raises GateError."""
    workers = Workers(settings, folder)
    try:
        await workers.open()
    except GateError:
        await workers.close()
        raise
    return workers


class _Worker:
    """One process after the other of those with the same `number`, and the last `word` of the one that is there."""

    def __init__(self, number: int, settings: Config, endpoints: Mapping[str, Endpoint], folder: Path) -> None:
        self.number = number
        self.word: Word | None = None
        self._settings = settings
        self._endpoints = endpoints
        self._folder = folder
        self._sockets: dict[str, socket] = {}
        self._process: SpawnProcess | None = None
        self._stale = False
        self._first: asyncio.Future[Word]
        self._over: asyncio.Future[int | None]

    async def start(self) -> None:
        """Start a process, and return once its gates are open. Raises GateError, and then clients go to others."""
        loop = asyncio.get_running_loop()
        self._first, self._over = loop.create_future(), loop.create_future()
        self._stale = False
        self._begin(loop)
        word = await asyncio.shield(self._first)
        if not word.open:
            await asyncio.shield(self._over)
            self._part()
            raise GateError(word.trouble or "a worker died before it was open")

    def _begin(self, loop: asyncio.AbstractEventLoop) -> None:
        for edge, endpoint in self._endpoints.items():
            self._sockets[edge] = self._sockets.get(edge) or listen(endpoint, shared=True)
        ours, theirs = _processes.Pipe()
        arguments = (self.number, self._settings, self._sockets, self._folder, theirs)
        process = self._process = _processes.Process(target=run, args=arguments, name="sluis-worker")
        process.start()
        theirs.close()
        loop.add_reader(ours.fileno(), self._hear, ours)
        loop.add_reader(process.sentinel, self._end, ours, process)

    def _part(self) -> None:
        """Let no more clients come to it."""
        for each in self._sockets.values():
            each.close()
        self._sockets.clear()

    async def ended(self) -> int | None:
        """Wait for the end of the process; its exit code, or below zero the signal."""
        return await asyncio.shield(self._over)

    def renew(self) -> None:
        """Have it read anew what may change: at once, or when it is open, since it may have read already."""
        if self._process and self._process.pid and self.word:
            os.kill(self._process.pid, signal.SIGHUP)
        else:
            self._stale = True

    async def close(self) -> None:
        """Let no more clients come, have it finish, and wait for that, though not for ever."""
        self._part()
        if not self._process or self._over.done():
            return
        self._process.terminate()
        try:
            await asyncio.wait_for(self.ended(), _GRACE)
        except TimeoutError:
            self._process.kill()
            await self.ended()

    def _hear(self, pipe: Connection) -> None:
        try:
            word: Word = pipe.recv()
        except (EOFError, OSError):
            asyncio.get_running_loop().remove_reader(pipe.fileno())
            return
        if not self._first.done():
            self._first.set_result(word)
        self.word = word if word.open else None
        if self.word and self._stale:
            self._stale = False
            self.renew()

    def _end(self, pipe: Connection, process: SpawnProcess) -> None:
        loop = asyncio.get_running_loop()
        if not self._first.done() and pipe.poll():
            self._hear(pipe)  # its last word is why
        loop.remove_reader(pipe.fileno())
        loop.remove_reader(process.sentinel)
        pipe.close()
        process.join()
        self.word = None
        if not self._first.done():
            self._first.set_result(Word(False, None))
        self._over.set_result(process.exitcode)


def _vacant(edge: str, endpoint: Endpoint) -> Endpoint:
    try:
        return vacant(endpoint)
    except OSError as error:
        raise GateError(f"{edge}.listen: cannot listen on {endpoint}: {why(error)}") from error


def _readable(settings: Config) -> None:
    """Raise what would keep a worker from reading its rules and certificates anew."""
    load(settings.rules, settings.kept)
    server_context("smtp.tls", settings.smtp.tls)
    server_context("imap.tls", settings.imap.tls)


def _share(settings: Config) -> Config:
    """What one of the workers may do of what `settings` let all of them do."""
    sections: dict[str, BaseModel] = {name: getattr(settings, name) for name in _DIVIDED}
    divided = {
        name: section.model_copy(update={key: -(-getattr(section, key) // settings.workers) for key in _DIVIDED[name]})
        for name, section in sections.items()
    }
    return settings.model_copy(update=divided)
