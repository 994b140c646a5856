"""Two gates behind HAProxy, as deploy/haproxy has them: one goes under load, and nothing is lost.

`SLUIS_CHAOS=10000` asks for so many messages instead of the few of every run.
"""

import os
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.chaos.crowd import Crowd, Kill, crowd, judge, kill
from tests.integration.gate import Gate, gate
from tests.integration.haproxy import HAProxy, haproxy
from tests.integration.process import Server, eventually

MESSAGES = int(os.environ.get("SLUIS_CHAOS", "120"))
KILLS = 3


@dataclass(frozen=True, slots=True)
class Site:
    """Two gates, the balancer in front, and where the server behind keeps mail."""

    gates: tuple[Gate, Gate]
    balancer: HAProxy
    kept: Path


@pytest.fixture
def site(keeper: tuple[Server, int, Path]) -> Iterator[Site]:
    _, port, kept = keeper
    with ExitStack() as stack:
        first, second = (
            stack.enter_context(
                gate(f"smtp://127.0.0.1:{port}", {"hostname": f"{name}.example", "proxy_from": ["127.0.0.1"]})
            )
            for name in ("sluis1", "sluis2")
        )
        yield Site((first, second), stack.enter_context(haproxy(first, second)), kept)


def taken_by(one: Gate) -> float:
    """The messages that a gate has taken since it started."""
    lines = one.metrics().splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("sluis_messages_total{"))


def killed(site: Site, clients: Crowd) -> list[Kill]:
    """Kill one gate after the other while clients are busy, each when the last is in service again."""
    kills: list[Kill] = []
    while clients.busy or len(kills) < KILLS:
        victim = site.gates[len(kills) % 2]
        eventually(lambda victim=victim: taken_by(victim) or None, "a gate that is given nothing")
        kills.append(kill(victim.server))
        time.sleep(1)  # for which the other bears it alone
        victim.server.start(victim.port, victim.web)
        eventually(lambda: len(site.balancer.in_service()) == 2 or None, "a gate did not come back")
    return kills


def test_a_gate_is_killed_and_nothing_is_lost(site: Site) -> None:
    with crowd(site.balancer.port, MESSAGES) as clients:
        kills = killed(site, clients)
        tries = clients.tries()
    print(judge(tries, site.kept, kills))  # to be seen with -s
    # Whoever was not being served at that moment has seen nothing of it.
    cut = [each for every in tries for each in every if each.code == 0]
    assert [each for each in cut if not any(one.may_have_hit(each) for one in kills)] == []


def test_a_gate_is_taken_out_and_no_client_is_cut_off(site: Site) -> None:
    leaving, staying = site.gates
    with crowd(site.balancer.port, MESSAGES) as clients:
        for one in site.gates:
            eventually(lambda one=one: taken_by(one) or None, "a gate that is given nothing")
        with idle(site.balancer, b"220 sluis1.example") as guest:
            site.balancer.drain("sluis1")
            eventually(lambda: site.balancer.clients("sluis1") == 1 or None, "its other clients have gone")
            leaving.server.stop()
            farewell = guest.makefile("rb").read()
        before = taken_by(staying)
        eventually(lambda: taken_by(staying) > before or None, "mail goes on through the other")
        tries = clients.tries()
    print(judge(tries, site.kept, []))
    assert farewell.startswith(b"421 ")
    assert {each.code for every in tries for each in every} <= {250, 421}


def idle(balancer: HAProxy, greeting: bytes) -> socket.socket:
    """A session that says nothing, with the gate of this greeting."""
    for _ in range(100):
        made = socket.create_connection(("127.0.0.1", balancer.port), timeout=30)
        if made.recv(1000).startswith(greeting):
            return made
        made.close()
    raise AssertionError("that gate is given no clients")
