"""A server of lists that answers as the test says, octet by octet, and remembers what it was asked."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Server:
    """It listens on loopback; `answers` are whole responses by path, sent as they are, then the connection ends."""

    def __init__(self, context: ssl.SSLContext | None) -> None:
        self.answers: dict[str, bytes] = {}
        self.asked: list[str] = []
        self._context = context
        self._socket = socket.create_server(("127.0.0.1", 0))
        scheme, self.port = "https" if context else "http", self._socket.getsockname()[1]
        self.url = f"{scheme}://{'localhost' if context else '127.0.0.1'}:{self.port}"

    def serve(self) -> None:
        """Answer until the socket is closed."""
        with suppress(OSError):
            while True:
                connection, _ = self._socket.accept()
                with suppress(OSError):
                    self._answer(connection)

    def _answer(self, plain: socket.socket) -> None:
        with self._context.wrap_socket(plain, server_side=True) if self._context else plain as connection:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                octets = connection.recv(65536)
                if not octets:
                    return
                request += octets
            self.asked.append(request.decode())
            connection.sendall(self.answers[request.split()[1].decode()])
            if self._context:
                connection.unwrap()  # type: ignore[attr-defined]

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


@contextmanager
def server(context: ssl.SSLContext | None = None) -> Iterator[Server]:
    """A server for a test; with `context`, over TLS."""
    serving = Server(context)
    thread = threading.Thread(target=serving.serve, daemon=True)
    thread.start()
    try:
        yield serving
    finally:
        serving.close()
        thread.join(10)


def answer(body: bytes, *fields: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole response with its Content-Length, or with `length` for that."""
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *fields, "", ""]
    return "\r\n".join(head).encode() + body
