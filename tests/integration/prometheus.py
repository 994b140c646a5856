"""A real Prometheus that asks gates for their metrics every second, and answers queries."""

import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

from tests.integration.process import Server, eventually, folder, free_port, program

_CONFIGURATION = """\
global:
  scrape_interval: 1s
scrape_configs:
  - job_name: sluis
    static_configs:
      - targets: ["127.0.0.1:{web}"]
"""


class QueryError(Exception):
    """Prometheus did not understand a query; the message is its own."""


@dataclass(frozen=True, slots=True)
class Prometheus:
    """Its HTTP API is at `port`."""

    port: int

    def ask(self, query: str) -> list[dict[str, Any]]:
        """The series that `query` gives now. Raises QueryError."""
        try:
            return self._get("query", query=query)["result"]
        except HTTPError as error:
            raise QueryError(f"{query}: {json.load(error)['error']}") from None

    def value(self, query: str) -> float:
        """The sum of what `query` gives now; 0 if that is nothing."""
        return sum(float(series["value"][1]) for series in self.ask(query))

    def reaches(self, query: str, value: float) -> float:
        """What `query` gives as soon as that is at least `value`."""

        def reached() -> float | None:
            now = self.value(query)
            return now if now >= value else None

        return eventually(reached, f"{query} is {self.value(query)}, not {value}")

    def _get(self, what: str, **parameters: str) -> dict[str, Any]:
        with urlopen(f"http://127.0.0.1:{self.port}/api/v1/{what}?{urlencode(parameters)}", timeout=10) as response:
            data: dict[str, Any] = json.load(response)["data"]
        return data


@contextmanager
def prometheus(web: int) -> Iterator[Prometheus]:
    """A running Prometheus that scrapes the gate whose metrics are at port `web`."""
    command = program("prometheus")
    with folder("prometheus") as home:
        port = free_port()
        (home / "prometheus.yml").write_text(_CONFIGURATION.format(web=web))
        flags = [
            f"--config.file={home}/prometheus.yml",
            f"--storage.tsdb.path={home}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--log.level=warn",
        ]
        server = Server([command, *flags], home / "log")
        server.start(port)
        try:
            eventually(lambda: _ready(port), "Prometheus is not ready")
            yield Prometheus(port)
        finally:
            server.stop()


def _ready(port: int) -> bool:
    """Whether it answers queries yet, and not 503."""
    with suppress(HTTPError), urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=10):
        return True
    return False
