"""The host name of a client's address, as a mail server looks it up: only one that leads back to the address counts.

A server that is told by XCLIENT who the client is looks up no name by itself; without one it would know every client
as `unknown`. The system's resolver blocks, so it has threads of its own and a limit on how long anybody waits for it.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sluis.smtp.client import UNKNOWN, UNKNOWN_FOR_NOW

_THREADS = 16
_PATIENCE = 5.0  # seconds; longer, and a client would feel it

_resolver = ThreadPoolExecutor(_THREADS, "resolver")


async def host_name(address: str, patience: float = _PATIENCE) -> str:
    """The name of `address` that leads back to it, or `UNKNOWN`, or after `patience` seconds `UNKNOWN_FOR_NOW`."""
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
