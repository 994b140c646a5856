"""Sluis itself, as an operator runs it: `sluis serve` with a configuration file, in a process of its own."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from tests.integration.privacy import unnamed
from tests.integration.process import Server, folder, free_port


@dataclass(frozen=True, slots=True)
class Gate:
    """`port` takes mail, or readers; `web` gives metrics and status."""

    port: int
    web: int
    server: Server

    def metrics(self) -> str:
        """The metrics as Prometheus gets them."""
        with urlopen(f"http://127.0.0.1:{self.web}/metrics", timeout=10) as response:
            text: str = response.read().decode()
        return text


@contextmanager
def gate(
    upstream: str,
    settings: Mapping[str, Any] | None = None,
    *,
    port: int | None = None,
    log: Path | None = None,
    **sections: Any,
) -> Iterator[Gate]:
    """A running gate in front of `upstream`; `settings` are keys of the section `smtp`, `sections` all others."""
    made_port = port or free_port()
    smtp = {"listen": f"127.0.0.1:{made_port}", "hostname": "gate.example", "upstream": upstream} | dict(settings or {})
    with _serving({"smtp": smtp, **sections}, made_port, log) as made:
        yield made


@contextmanager
def reading_gate(upstream: str, settings: Mapping[str, Any] | None = None, **sections: Any) -> Iterator[Gate]:
    """A running gate for readers of `upstream`, and none for mail that comes in; `settings` are keys of `imap`,
    `sections` all others.
    """
    port = free_port()
    imap = {"listen": f"127.0.0.1:{port}", "upstream": upstream} | dict(settings or {})
    with _serving({"smtp": {"upstream": None}, "imap": imap, **sections}, port) as made:
        yield made


@contextmanager
def asked_gate(sections: Mapping[str, Any]) -> Iterator[Gate]:
    """A running gate for mail servers that ask it, with the `sections` of its configuration."""
    with _serving(sections, int(sections["milter"]["listen"].rpartition(":")[2])) as made:
        yield made


@contextmanager
def _serving(sections: Mapping[str, Any], made_port: int, log: Path | None = None) -> Iterator[Gate]:
    web = free_port()
    configuration = {"log": {"format": "json"}, **sections, "web": {"listen": f"127.0.0.1:{web}"}}
    with folder("gate") as home:
        file = home / "sluis.yaml"
        file.write_text(json.dumps(configuration))  # JSON is YAML
        environ = {name: value for name, value in os.environ.items() if not name.startswith("SLUIS_")}
        command = [sys.executable, "-m", "sluis", "serve", "--config", str(file)]
        server = Server(command, log or home / "log", environ)
        server.start(made_port, web)
        try:
            yield Gate(made_port, web, server)
        finally:
            server.stop()
        unnamed(server.log)
