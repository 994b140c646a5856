"""Many messages cleaned at once, on all cores and in their order.

It knows files and processes, no arguments and no screen.
"""

import os
import signal
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

from sluis.job import Done, Job, cleaned
from sluis.mailbox import Piece

CHUNK = 1 << 20
"""Octets of messages a worker is given at once: enough that handing over costs little, few enough to share out."""
_ALONE = 4 * CHUNK  # octets below which starting workers would take longer than the work
_AHEAD = 4  # chunks for each worker that may be under way, so that a slow writer bounds the memory


@dataclass(frozen=True, slots=True)
class Unread:
    """A message that could not be read, and why."""

    reason: str


Outcome = Done | Unread


def each(pieces: Sequence[Piece], job: Job, workers: int | None = None) -> Iterator[tuple[Piece, Outcome]]:
    """Every piece with its outcome, in order. `workers` are processes; by default one a core where that pays.

    Raises `concurrent.futures.process.BrokenProcessPool` when the system kills a worker.
    """
    if workers is None:
        octets = sum(piece.octets for piece in pieces)
        workers = min(len(os.sched_getaffinity(0)), octets // CHUNK) if octets > _ALONE else 1
    if workers > 1:
        yield from _spread(pieces, job, workers)
    else:
        for piece in pieces:
            yield piece, _clean(piece, job)


def _clean(piece: Piece, job: Job) -> Outcome:
    try:
        raw = piece.read()
    except OSError as error:
        return Unread(error.strerror or str(error))
    return cleaned(raw, piece.body - piece.begin, job, piece.begin)


def _chunks(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    chunk: list[Piece] = []
    octets = 0
    for piece in pieces:
        chunk.append(piece)
        octets += piece.octets
        if octets >= CHUNK:
            yield chunk
            chunk, octets = [], 0
    if chunk:
        yield chunk


def _spread(pieces: Sequence[Piece], job: Job, workers: int) -> Iterator[tuple[Piece, Outcome]]:
    waiting: deque[tuple[list[Piece], Future[list[Outcome]]]] = deque()
    # Forked, the workers have the rules already; no thread runs here yet that forking could harm.
    pool = ProcessPoolExecutor(workers, get_context("fork"), _begin, (job,))
    try:
        for chunk in _chunks(pieces):
            waiting.append((chunk, pool.submit(_work, chunk)))
            if len(waiting) > _AHEAD * workers:
                yield from _next(waiting)
        while waiting:
            yield from _next(waiting)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _next(waiting: deque[tuple[list[Piece], Future[list[Outcome]]]]) -> Iterator[tuple[Piece, Outcome]]:
    chunk, future = waiting.popleft()
    return zip(chunk, future.result(), strict=True)


# In a worker: the one job of its life.
_job: Job


def _begin(job: Job) -> None:
    global _job  # noqa: PLW0603 - the only way a pool has to leave something with its workers
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told too, and ends the pool


def _work(chunk: list[Piece]) -> list[Outcome]:
    return [_clean(piece, _job) for piece in chunk]
