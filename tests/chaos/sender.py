"""A client that sends each message until it hears a 2xx for it, and writes down what it heard: the near end of the tap.

It speaks over plain sockets, so that what it knows is what came over the wire and nothing that a library made of it.
"""

import socket
import time
from dataclasses import dataclass

_DIALOGUE = (b"EHLO client.example", b"MAIL FROM:<a@sender.example>", b"RCPT TO:<b@reader.example>", b"DATA")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One try: `code` is the last reply heard, 0 where the connection was cut; times are of `time.monotonic`."""

    mark: str
    code: int
    began: float
    ended: float


def attempt(port: int, mark: str, message: bytes) -> Attempt:
    """Send `message`, lines in CR LF and none of them beginning with a dot, under `mark`."""
    began = time.monotonic()
    try:
        code = _sent(port, b"X-Mark: " + mark.encode() + b"\r\n" + message)
    except (OSError, ValueError):
        code = 0
    return Attempt(mark, code, began, time.monotonic())


def _sent(port: int, message: bytes) -> int:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection, connection.makefile("rb") as replies:
        code = _code(replies.readline())
        for line in _DIALOGUE:
            connection.sendall(line + b"\r\n")
            while (reply := replies.readline())[3:4] == b"-":
                pass
            code = _code(reply)
            if code >= 400:
                return code
        connection.sendall(message + b".\r\n")
        return _code(replies.readline())


def _code(reply: bytes) -> int:
    """Raises ValueError for what is no whole reply: a connection that was cut."""
    if not reply.endswith(b"\r\n"):
        raise ValueError(reply)
    return int(reply[:3])
