"""The servers as fixtures. They last as long as the tests that use them, and those that only send mail share them."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.integration import dovecot as dovecot_server
from tests.integration import gate as gate_server
from tests.integration import postfix as postfix_server
from tests.integration import prometheus as prometheus_server
from tests.integration.client import swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate
from tests.integration.mail import sample
from tests.integration.postfix import Postfix
from tests.integration.prometheus import Prometheus


@dataclass(frozen=True, slots=True)
class Route:
    """The way of a message: Sluis, Postfix behind it, Dovecot behind that; Prometheus looks on."""

    gate: Gate
    postfix: Postfix
    dovecot: Dovecot
    prometheus: Prometheus


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    """Dovecot with LMTP and IMAP."""
    with dovecot_server.dovecot() as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """Postfix in front of Dovecot. It stays up: a test that stops Postfix starts one of its own."""
    with postfix_server.postfix(dovecot.socket) as server:
        yield server


@pytest.fixture(scope="session")
def gate(postfix: Postfix) -> Iterator[Gate]:
    """Sluis in front of Postfix, with its defaults."""
    with gate_server.gate(f"smtp://127.0.0.1:{postfix.port}") as server:
        yield server


@pytest.fixture(scope="session")
def route(gate: Gate, postfix: Postfix, dovecot: Dovecot) -> Iterator[Route]:
    """All of it, watched by Prometheus."""
    with prometheus_server.prometheus(gate.web) as watching:
        yield Route(gate, postfix, dovecot, watching)


@pytest.fixture(scope="session")
def scraped(route: Route) -> Prometheus:
    """Prometheus after a run: it saw the gate at rest, then bundled mail go through it twice, to the last one."""
    taken = 'sum(sluis_messages_total{edge="smtp"})'
    route.prometheus.reaches(f"count({taken})", 1)
    samples = ("newsletter.eml", "order.eml", "personal.eml")
    for _ in range(2):
        before = _messages(route.gate)
        for name in samples:
            assert swaks(route.gate.port, sample(name)[1]).code == 0
        route.prometheus.reaches(taken, before + len(samples))
    return route.prometheus


def _messages(gate: Gate) -> float:
    """What the gate itself has counted; Prometheus may be a second behind."""
    lines = gate.metrics().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("sluis_messages_total{"))
