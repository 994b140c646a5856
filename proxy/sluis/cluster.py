"""Many messages worked on at once and in their order, by the machines of a Dask cluster.

A worker is sent the octets and opens no file, so it needs no file system in common with this machine. What is done
with them, rules and all, is sent to each worker once, and to one that joins later too. When a worker goes, its chunks
are given to others, and what it made and had not handed over is made again.

It knows Dask (the extra `dask`) and what `bulk` does here; not what is done with a message.
"""

import logging
import pickle
import secrets
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager, suppress
from typing import Any

import dask
from distributed import Client, Future, KilledWorker, Worker, WorkerPlugin, get_worker

from sluis import __version__
from sluis.bulk import Item, Made, Unread, Work, octets_of, streamed

_WAIT = 10  # seconds for the scheduler to answer, first and again, and for a first worker to be there
_TRIES = 2  # more for a chunk that fails; one whose workers are killed is given to four (Dask's allowed-failures)
_SETTINGS = {"distributed.admin.large-graph-warning-threshold": "1GB"}  # a chunk may be one big message


class ClusterError(Exception):
    """The cluster cannot do the work; one line says why."""


class Cluster:
    """The workers behind a scheduler."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def each(self, items: Iterable[Item], make: Callable[[Item, bytes], Made]) -> Iterator[tuple[Item, Made | Unread]]:
        """Every message with what `make` makes of it, in order. Messages are read here, as the workers have room.

        Where no worker is left, it waits for one to join. Raises ClusterError where a worker runs another version, the
        scheduler goes, or some messages do what no worker survives.
        """
        name = f"sluis-{secrets.token_hex(8)}"
        try:
            self._client.register_plugin(_Post(Work(make), __version__), name)
            yield from streamed(items, lambda chunk: self._given(name, chunk), self._workers())
        except CancelledError as error:
            raise ClusterError("the scheduler has gone") from error
        except KilledWorker as error:
            raise ClusterError("no worker survives some of the messages; they may need more memory") from error
        finally:
            with suppress(Exception):  # all that could be wrong is that the scheduler has gone
                self._client.unregister_worker_plugin(name)

    def _given(self, name: str, chunk: list[Item]) -> Future[list[Any]]:
        octets = pickle.dumps([(item, octets_of(item)) for item in chunk])  # which Dask does not look into
        return self._client.submit(_all, name, octets, pure=False, retries=_TRIES)

    def _workers(self) -> int:
        return sum(self._client.nthreads().values())


@contextmanager
def joined(address: str) -> Iterator[Cluster]:
    """The cluster whose scheduler is at `address`. Raises ClusterError if it, or any worker, is not there."""
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is told once, by whoever called
    with dask.config.set(_SETTINGS):
        try:
            client = Client(address, timeout=_WAIT, set_as_default=False)
        except (OSError, ValueError) as error:
            raise ClusterError(f"{address}: no scheduler of Dask answers") from error
        with client:
            try:
                client.wait_for_workers(1, timeout=_WAIT)
            except TimeoutError as error:
                raise ClusterError(f"{address}: the scheduler has no worker") from error
            yield Cluster(client)


class _Post(WorkerPlugin):
    """What a worker is sent before any message."""

    def __init__(self, work: Work[Any, Any], version: str) -> None:
        self.work, self._version = work, version

    def setup(self, worker: Worker) -> None:
        if __version__ != self._version:
            raise ClusterError(f"{worker.address}: has Sluis {__version__}, and this is {self._version}")


def _all(name: str, chunk: bytes) -> list[Any]:
    post = get_worker().plugins[name]
    assert isinstance(post, _Post)  # noqa: S101 - it has been registered under that name
    return [post.work.of(item, raw) for item, raw in pickle.loads(chunk)]  # noqa: S301 - as Dask itself does with all else
