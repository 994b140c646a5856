"""Whoever issues access tokens, as Dovecot asks it whose one is."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from tests.account.mailbox import USER
from tests.integration.process import folder

TOKEN = "good-token"


class _Issuer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        known = self.path == f"/?token={TOKEN}"
        self.send_response(200 if known else 401)
        self.end_headers()
        self.wfile.write(json.dumps({"username": USER} if known else {}).encode())

    def log_message(self, *_: object) -> None: ...


@contextmanager
def issuer(*mechanisms: str) -> Iterator[str]:
    """Settings of a Dovecot that takes `TOKEN` from `USER` by these mechanisms, while somebody answers for it."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Issuer) as server, folder("oauth") as home:
        Thread(target=server.serve_forever, daemon=True).start()
        settings = f"tokeninfo_url = http://127.0.0.1:{server.server_port}/?token=\nusername_attribute = username\n"
        (home / "oauth").write_text(settings)
        yield f"passdb {{\n  driver = oauth2\n  mechanisms = {' '.join(mechanisms)}\n  args = {home}/oauth\n}}\n"
        server.shutdown()
