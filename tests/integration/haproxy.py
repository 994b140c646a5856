"""A real HAProxy that balances over gates, and says for whom it connects: deploy/haproxy, with other places."""

import csv
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.integration.gate import Gate
from tests.integration.process import Server, eventually, folder, free_port, program

_RECIPE = Path(__file__).parents[2] / "deploy" / "haproxy" / "haproxy.cfg"


@dataclass(frozen=True, slots=True)
class HAProxy:
    """`port` takes mail; `admin` is the socket that takes orders."""

    port: int
    admin: Path
    server: Server

    def says(self, order: str) -> str:
        """The answer to `order`."""
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(self.admin))
            line.sendall(order.encode() + b"\n")
            return line.makefile().read()

    def in_service(self) -> set[str]:
        """The gates that are given new clients: `sluis1` and so on."""
        return {row["svname"] for row in self._gates() if row["status"] == "UP"}

    def clients(self, name: str) -> int:
        """How many clients the gate `name` has just now."""
        return next(int(row["scur"]) for row in self._gates() if row["svname"] == name)

    def drain(self, name: str) -> None:
        """Give the gate `name` no more clients, and leave it those that it has."""
        assert self.says(f"set server gates/{name} state drain").strip() == ""

    def _gates(self) -> list[dict[str, str]]:
        servers = self.says("show stat gates 4 -1").removeprefix("# ").strip()
        return [*csv.DictReader(servers.splitlines())]


@contextmanager
def haproxy(*gates: Gate) -> Iterator[HAProxy]:
    """A running HAProxy in front of `gates`, one or two, all of them in service."""
    port = free_port()
    with folder("haproxy") as home:
        places = {"bind :25": f"bind 127.0.0.1:{port}", "/run/haproxy/admin.sock": f"{home}/admin.sock"}
        for number, gate in zip((1, 2), (*gates, None), strict=False):
            old = f"    server sluis{number} 192.0.2.1{number}:2525 check port 9125\n"
            places[old] = f"    server sluis{number} 127.0.0.1:{gate.port} check port {gate.web}\n" if gate else ""
        file = home / "haproxy.cfg"
        file.write_text(_moved(_RECIPE.read_text(), places))
        made = HAProxy(port, home / "admin.sock", Server([program("haproxy"), "-db", "-f", str(file)], home / "log"))
        made.server.start(port)
        try:
            eventually(lambda: len(made.in_service()) == len(gates) or None, "a gate is not in service")
            yield made
        finally:
            made.server.stop()


def _moved(text: str, places: Mapping[str, str]) -> str:
    """The recipe with each of `places`, which must be in it, as its value."""
    for old, new in places.items():
        assert old in text, f"no {old.strip()} in the recipe"
        text = text.replace(old, new)
    return text
