"""Cleaning in other processes, so that a big message holds up nobody else's; each can be lost without harm.

One slot is one process with rules of its own and a pipe to it. A message that takes too long, or whose process dies,
fails alone: its process is ended and the slot starts another for the next message. (A `ProcessPoolExecutor` breaks as a
whole when one process dies, and cannot end one that hangs.) What becomes of a message that failed is not known here.
"""

import asyncio
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection

from sluis.edge.heap import give_back
from sluis.envelope import Envelope
from sluis.report import Cleaned, Report

Work = Callable[[bytes, Envelope], Cleaned]

_processes = get_context("spawn")  # no copy of our sockets, locks and threads
_STARTING = 60.0  # seconds for a process to start that nobody waits for yet


class CleaningError(Exception):
    """A message was not cleaned; `stage` as the metric names it, `reason` in a few words.

    `cleaned` is the message as far as it was, None where not a part of it was.
    """

    def __init__(self, stage: str, reason: str, cleaned: Cleaned | None = None) -> None:
        super().__init__(f"{stage}: {reason}")
        self.stage = stage
        self.reason = reason
        self.cleaned = cleaned


class Pool:
    """`size` processes, each started when first needed; `timeout` is seconds for one message.

    `prepare` runs in each process once and returns what cleans there, so it must be picklable.
    """

    def __init__(self, prepare: Callable[[], Work], size: int, timeout: float) -> None:
        self._workers = tuple(_Worker(prepare, timeout) for _ in range(size))
        self._idle: asyncio.LifoQueue[_Worker] = asyncio.LifoQueue()  # the one last used is warm
        for worker in self._workers:
            self._idle.put_nowait(worker)
        self._threads = ThreadPoolExecutor(size, "sluis-cleaning")
        self._warming: asyncio.Future[None] | None = None

    async def __call__(self, raw: bytes, envelope: Envelope) -> Cleaned:
        """Clean in the next process that is free. Raises CleaningError."""
        worker = await self._idle.get()
        work = asyncio.get_running_loop().run_in_executor(self._threads, worker.clean, raw, envelope)

        def release(done: asyncio.Future[Cleaned]) -> None:
            self._idle.put_nowait(worker)
            if not done.cancelled():
                done.exception()  # whoever waited may be gone

        work.add_done_callback(release)
        return await asyncio.shield(work)

    def warm(self) -> bool:
        """Whether a message that comes now need not wait for a process to start; if it must, they are started."""
        cold = [worker for worker in self._workers if not worker.ready]
        if cold and (self._warming is None or self._warming.done()):
            self._warming = asyncio.ensure_future(self._warm())
        return not cold

    async def _warm(self) -> None:
        """Start the processes of workers that are idle and have none."""
        idle = [self._idle.get_nowait() for _ in range(self._idle.qsize())]
        cold = [worker for worker in idle if not worker.ready]
        for worker in reversed(idle):
            if worker.ready:
                self._idle.put_nowait(worker)
        try:
            loop = asyncio.get_running_loop()
            await asyncio.gather(*(loop.run_in_executor(self._threads, worker.warm) for worker in cold))
        finally:
            for worker in cold:
                self._idle.put_nowait(worker)

    def renew(self) -> None:
        """Start each process anew before its next message; what it cleans now it finishes."""
        for worker in self._workers:
            worker.stale = True

    def close(self) -> None:
        """End the processes; what they were cleaning fails."""
        for worker in self._workers:
            worker.kill()
        self._threads.shutdown(wait=False)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a process says of a message. If it was `changed`, its octets follow, else they are known."""

    report: Report
    changed: bool


class _Worker:
    """One slot. `clean` blocks, and is called by one thread at a time."""

    def __init__(self, prepare: Callable[[], Work], timeout: float) -> None:
        self._prepare = prepare
        self._timeout = timeout
        self._pipe: Connection | None = None
        self._end: Callable[[], None] = lambda: None
        self._kill: Callable[[], None] = lambda: None
        self._prepared = False
        self.stale = False  # what it has prepared is not true any more

    @property
    def ready(self) -> bool:
        """Whether there is a process that has nothing to do before it cleans."""
        return self._prepared and not self.stale

    def warm(self) -> None:
        """Have a process ready; one that cannot be had is missed when there is something to clean."""
        try:
            self._ready(_STARTING)
        except (CleaningError, EOFError, OSError):
            self.end()

    def clean(self, raw: bytes, envelope: Envelope) -> Cleaned:
        try:
            pipe = self._ready(self._timeout)
            pipe.send(envelope)
            pipe.send_bytes(raw)
            if not pipe.poll(self._timeout):
                raise CleaningError("pool", "timeout")
            answer: _Answer | None = pipe.recv()
            octets = pipe.recv_bytes() if answer and answer.changed else raw
        except CleaningError:
            self.end()
            raise
        except (EOFError, OSError) as error:
            self.end()
            raise CleaningError("pool", "worker-died") from error
        if answer is None:
            raise CleaningError("clean", "internal-error")
        return Cleaned(octets, answer.report)

    def kill(self) -> None:
        """End the process from any thread. Its pipe is that of the thread that may be reading it just now."""
        self._kill()

    def end(self) -> None:
        """End the process and forget it, from the thread that cleans."""
        self._end()
        self._pipe, self._end, self._kill = None, lambda: None, lambda: None
        self._prepared = False

    def _ready(self, patience: float) -> Connection:
        """The pipe to a process that has prepared itself, which may take `patience` seconds.

        Raises CleaningError, EOFError, OSError.
        """
        if self.stale:
            self.stale = False
            self.end()
        if self._pipe is None:
            self._pipe = self._start()
            if not self._pipe.poll(patience):
                raise CleaningError("pool", "timeout")
            self._pipe.recv_bytes()
            self._prepared = True
        return self._pipe

    def _start(self) -> Connection:
        ours, theirs = _processes.Pipe()
        process = _processes.Process(target=_serve, args=(self._prepare, theirs), name="sluis-cleaning", daemon=True)
        process.start()
        theirs.close()

        def end() -> None:
            process.kill()
            process.join()
            ours.close()

        self._end, self._kill = end, process.kill
        return ours


def _serve(prepare: Callable[[], Work], pipe: Connection) -> None:
    """The life of a process: clean what comes, until the gate is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the gate's to hear
    give_back()
    work = prepare()
    with suppress(EOFError, BrokenPipeError):
        pipe.send_bytes(b"")  # ready
        while True:
            _clean(work, pipe)


def _clean(work: Work, pipe: Connection) -> None:
    """Clean one message, of which nothing is left behind. Raises EOFError where none comes any more."""
    envelope = pipe.recv()
    raw = pipe.recv_bytes()
    try:
        cleaned = work(raw, envelope)
    except Exception:
        pipe.send(None)
        return
    answer = _Answer(cleaned.report, cleaned.raw is not raw)
    del raw  # which may be 50 MB, and the gate has it too
    pipe.send(answer)
    if answer.changed:
        pipe.send_bytes(cleaned.raw)
