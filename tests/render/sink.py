"""The whole Internet as a page in a test sees it: one HTTP and one HTTPS server that answer for every name.

A render test asks what a mail client would tell the world, so nothing may be guessed from the HTML: the sink sits where
the network is and writes down every request and every TLS server name that really arrives. It knows no browser.
"""

import base64
import ssl
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

TRANSPARENT_GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
"""What a beacon answers with: one pixel that cannot be seen."""


@dataclass(frozen=True, slots=True)
class Resource:
    """An answer: its media type and its octets."""

    media_type: str
    octets: bytes


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it came over the wire; header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]


@dataclass(eq=False)
class Sink:
    """`resources` are what is served by URL; for anything else `otherwise` is asked, with what is wanted (`Accept`)."""

    http_port: int = 0
    https_port: int = 0
    resources: dict[str, Resource] = field(default_factory=dict)
    requests: list[Request] = field(default_factory=list)
    tls_names: list[str] = field(default_factory=list)
    otherwise: Callable[[str, str], Resource] = field(default=lambda _, accept: empty(accept))

    @property
    def urls(self) -> list[str]:
        """Every URL asked for, in order of arrival."""
        return [request.url for request in self.requests]

    def forget(self) -> None:
        """Start a new page: no requests seen, nothing to serve."""
        self.resources.clear()
        self.requests.clear()
        self.tls_names.clear()


@contextmanager
def running(folder: Path, address: str = "127.0.0.1") -> Iterator[Sink]:
    """A sink on two free ports of `address` for as long as the context lasts; its certificate is made in `folder`."""
    sink = Sink()
    plain, secure = _server(sink, "http", address), _server(sink, "https", address)
    sink.http_port, sink.https_port = plain.server_port, secure.server_port
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*_certificate(folder))
    context.sni_callback = lambda _socket, name, _context: sink.tls_names.append(name or "")
    # The handshake is left to the handler's thread: a client that connects and says nothing must not stop the rest.
    secure.socket = context.wrap_socket(secure.socket, server_side=True, do_handshake_on_connect=False)
    for server in (plain, secure):
        Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield sink
    finally:
        for server in (plain, secure):
            server.shutdown()
            server.server_close()


def _server(sink: Sink, scheme: str, address: str) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def answer(self) -> None:
            url = f"{scheme}://{self.headers.get('Host', '')}{self.path}"
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.requests.append(Request(self.command, url, headers))
            resource = sink.resources.get(url) or sink.otherwise(url, headers.get("accept", ""))
            self.send_response(200)
            self.send_header("Content-Type", resource.media_type)
            self.send_header("Content-Length", str(len(resource.octets)))
            self.send_header("Cache-Control", "no-store")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(resource.octets)

        do_GET = do_HEAD = do_POST = do_OPTIONS = answer  # noqa: N815 - names http.server looks for

        def log_message(self, *_: Any) -> None:
            """Nothing: the requests are kept, not printed."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Nothing: browsers drop connections as they please."""

    return Quiet((address, 0), Handler)


def empty(accept: str) -> Resource:
    """The smallest valid answer to what the browser says it wants."""
    if "text/html" in accept:
        return Resource("text/html", b"<!doctype html>")
    if "text/css" in accept:
        return Resource("text/css", b"")
    if "image/" in accept:
        return Resource("image/gif", TRANSPARENT_GIF)
    return Resource("application/octet-stream", b"")


def _certificate(folder: Path) -> tuple[Path, Path]:
    """A throw-away certificate and key; the browser is told not to check them."""
    certificate, key = folder / "sink.pem", folder / "sink.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=sink.invalid", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(command, check=True, capture_output=True)
    return certificate, key
