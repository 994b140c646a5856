"""The host name of a client's address, as a mail server looks it up: only one that leads back to the address counts.

A server that is told by XCLIENT who the client is looks up no name by itself; without one it would know every client
as `unknown`. The system's resolver blocks, so it has threads of its own and a limit on how long anybody waits for it;
and it may remember nothing, so what it said is remembered here for a while, also that it said nothing in time.
"""

import asyncio
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sluis.smtp.client import UNKNOWN, UNKNOWN_FOR_NOW

MOST = 4096  # addresses remembered
_THREADS = 16
_PATIENCE = 5.0  # seconds; longer, and a client would feel it
_REMEMBERED = 60.0  # seconds that a name, or that there is none, is taken for true
_AGAIN = 10.0  # seconds before a resolver that did not answer is asked again

_resolver = ThreadPoolExecutor(_THREADS, "resolver")


class HostNames:
    """Looks names up; `now` is a clock in seconds."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._known: dict[str, tuple[str, float]] = {}  # with until when, the oldest first

    async def __call__(self, address: str, patience: float = _PATIENCE) -> str:
        """The name of `address` that leads back to it, or `UNKNOWN`, or after `patience` seconds `UNKNOWN_FOR_NOW`."""
        name, until = self._known.get(address, ("", 0.0))
        if self._now() < until:
            return name
        name = await _asked(address, patience)
        self._remember(address, name)
        return name

    def _remember(self, address: str, name: str) -> None:
        self._known.pop(address, None)
        if len(self._known) >= MOST:
            del self._known[next(iter(self._known))]
        self._known[address] = name, self._now() + (_AGAIN if name == UNKNOWN_FOR_NOW else _REMEMBERED)


async def _asked(address: str, patience: float) -> str:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(patience):
            return await loop.run_in_executor(_resolver, partial(_confirmed, address))
    except TimeoutError:
        return UNKNOWN_FOR_NOW


def _confirmed(address: str) -> str:
    try:
        name, _ = socket.getnameinfo((address, 0), socket.NI_NAMEREQD)
        found = {entry[4][0] for entry in socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)}
    except socket.gaierror as error:
        return UNKNOWN_FOR_NOW if error.errno == socket.EAI_AGAIN else UNKNOWN
    except (OSError, UnicodeError):
        return UNKNOWN
    return name if address in found else UNKNOWN
