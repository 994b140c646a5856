"""Where clients connect: a socket of this process alone, or one of several at the same port."""

import os
import socket
from typing import Any

from sluis.config import Endpoint

_BACKLOG = 512  # connections that wait to be accepted


def listen(endpoint: Endpoint, *, shared: bool = False) -> socket.socket:
    """A listening socket at `endpoint`; where it is `shared` Linux deals clients out to several. Raises OSError."""
    family, _, _, _, address = socket.getaddrinfo(endpoint.host, endpoint.port, type=socket.SOCK_STREAM)[0]
    return socket.create_server(address[:2], family=family, backlog=_BACKLOG, reuse_port=shared)


def vacant(endpoint: Endpoint) -> Endpoint:
    """`endpoint` where nobody listens, with a port if it had none. Raises OSError where somebody does.

    A shared socket would not tell: it would join those of a Sluis that runs already.
    """
    with listen(endpoint) as probe:
        return Endpoint(endpoint.host, probe.getsockname()[1])


def place(endpoint: Endpoint, listening: socket.socket | None) -> dict[str, Any]:
    """Where asyncio is to listen: on the socket that is `listening` already, or else at `endpoint`."""
    there = {"sock": listening} if listening else {"host": endpoint.host, "port": endpoint.port}
    return there | {"backlog": _BACKLOG}


def why(error: OSError) -> str:
    """Why there is no listening, in the system's words."""
    # A name that does not resolve has a number of its own kind, below zero, and says it well itself.
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error.strerror or error)
