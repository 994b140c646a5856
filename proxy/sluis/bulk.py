"""Many messages worked on at once and in their order, on all cores of this machine.

It knows processes and that a message can be read; not where it lies, and not what is done with it. `cluster` does the
same with other machines.
"""

import os
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, Generic, Protocol, TypeVar

CHUNK = 1 << 20
"""Octets of messages a worker is given at once: enough that handing over costs little, few enough to share out."""
_ALONE = 4 * CHUNK  # octets below which starting workers would take longer than the work
_AHEAD = 4  # chunks for each worker that may be under way, so that a slow writer bounds the memory


@dataclass(frozen=True, slots=True)
class Unread:
    """A message that could not be read, and why."""

    reason: str


class Readable(Protocol):
    """A message that lies somewhere. It goes to a worker by pickle."""

    @property
    def octets(self) -> int:
        """How long it is, or about how long."""

    def read(self) -> bytes:
        """Its octets. Raises `OSError`."""


Item = TypeVar("Item", bound=Readable)
Made = TypeVar("Made")
Given_co = TypeVar("Given_co", covariant=True)


class Spread(Protocol):
    """A way to have many messages worked on."""

    def __call__(
        self, items: Iterable[Item], make: Callable[[Item, bytes], Made], /
    ) -> Iterator[tuple[Item, Made | Unread]]:
        """Every message with what `make` makes of it, in order."""


class Promise(Protocol[Given_co]):
    """What a worker will have made."""

    def result(self) -> Given_co:
        """It, once it is there."""


@dataclass(frozen=True, slots=True)
class Work(Generic[Item, Made]):
    """What is made of each message, given its octets; what comes out goes back by pickle."""

    make: Callable[[Item, bytes], Made]

    def of(self, item: Item, raw: bytes | Unread) -> Made | Unread:
        """What `item` makes, or why it could not be read."""
        return raw if isinstance(raw, Unread) else self.make(item, raw)


def octets_of(item: Readable) -> bytes | Unread:
    """The octets of `item`, or why it could not be read."""
    try:
        return item.read()
    except OSError as error:
        return Unread(error.strerror or str(error))


def crew(octets: int) -> int:
    """The processes that so many octets of messages are worth: one a core, where that pays."""
    return min(len(os.sched_getaffinity(0)), octets // CHUNK) if octets > _ALONE else 1


def each(
    items: Iterable[Item], make: Callable[[Item, bytes], Made], workers: int | None = None
) -> Iterator[tuple[Item, Made | Unread]]:
    """Every message with what `make` makes of it, in order. `workers` are processes; by default a `crew`, for which all
    items have to be at hand.

    Raises `concurrent.futures.process.BrokenProcessPool` when the system kills a worker.
    """
    work = Work(make)
    if workers is None:
        items = list(items)
        workers = crew(sum(item.octets for item in items))
    if workers > 1:
        yield from _spread(items, work, workers)
    else:
        yield from ((item, work.of(item, octets_of(item))) for item in items)


def streamed(
    items: Iterable[Item], give: Callable[[list[Item]], Promise[list[Made | Unread]]], workers: int
) -> Iterator[tuple[Item, Made | Unread]]:
    """Every message with what was made of it, in order. `give` hands a chunk of them to one of the `workers`."""
    waiting: deque[tuple[list[Item], Promise[list[Made | Unread]]]] = deque()
    for chunk in _chunks(items):
        waiting.append((chunk, give(chunk)))
        if len(waiting) > _AHEAD * workers:
            yield from _next(waiting)
    while waiting:
        yield from _next(waiting)


def _next(waiting: deque[tuple[list[Item], Promise[list[Made | Unread]]]]) -> Iterator[tuple[Item, Made | Unread]]:
    chunk, promise = waiting.popleft()
    return zip(chunk, promise.result(), strict=True)


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    chunk: list[Item] = []
    octets = 0
    for item in items:
        chunk.append(item)
        octets += item.octets
        if octets >= CHUNK:
            yield chunk
            chunk, octets = [], 0
    if chunk:
        yield chunk


def _spread(items: Iterable[Item], work: Work[Item, Made], workers: int) -> Iterator[tuple[Item, Made | Unread]]:
    # Forked, the workers have the rules already; no thread runs here yet that forking could harm.
    pool = ProcessPoolExecutor(workers, get_context("fork"), _begin, (work,))
    try:
        yield from streamed(items, lambda chunk: pool.submit(_all, chunk), workers)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


# In a worker: the one work of its life.
_work: Work[Any, Any]


def _begin(work: Work[Any, Any]) -> None:
    global _work  # noqa: PLW0603 - the only way a pool has to leave something with its workers
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent is told too, and ends the pool


def _all(chunk: list[Any]) -> list[Any]:
    return [_work.of(item, octets_of(item)) for item in chunk]
