"""SIGKILL for Sluis and for the server behind, at any moment and under load: nothing is lost, nothing is made up.

Clients send until so many messages are through and so many kills were made; `SLUIS_CHAOS=10000` asks for so many
messages instead of the few of every run.
"""

import os
import random
import time
from pathlib import Path

from tests.chaos.crowd import Crowd, Kill, crowd, judge, kill
from tests.integration.gate import Gate, gate
from tests.integration.process import Server

MESSAGES = int(os.environ.get("SLUIS_CHAOS", "120"))
KILLS = 8


def killed(front: Gate, behind: tuple[Server, int], clients: Crowd) -> list[Kill]:
    """Kill the one or the other while clients are busy, start it again each time, and tell when that was."""
    chance = random.Random(7)  # the order is the same each time; what it hits is not
    kills: list[Kill] = []
    while clients.busy or len(kills) < KILLS:
        time.sleep(chance.uniform(0.05, 1.0))
        if chance.random() < 0.5:
            kills.append(kill(front.server))
            front.server.start(front.port, front.web)
        else:
            kills.append(kill(behind[0]))
            behind[0].start(behind[1])
    return kills


def test_nothing_is_lost_and_nothing_is_made_up(keeper: tuple[Server, int, Path]) -> None:
    server, port, kept = keeper
    with gate(f"smtp://127.0.0.1:{port}") as front, crowd(front.port, MESSAGES) as clients:
        kills = killed(front, (server, port), clients)
        tries = clients.tries()
    print(judge(tries, kept, kills))  # to be seen with -s
