"""SIGKILL for Sluis and for the server behind, at any moment and under load: nothing is lost, nothing is made up.

Clients send until so many messages are through and so many kills were made; `SLUIS_CHAOS=10000` asks for so many
messages instead of the few of every run.
"""

import itertools
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from tests.chaos.keeper import read_from
from tests.chaos.sender import Attempt, attempt
from tests.integration.gate import Gate, gate
from tests.integration.process import Server, free_port

ROOT = Path(__file__).parents[2]
MESSAGES = int(os.environ.get("SLUIS_CHAOS", "120"))
KILLS = 8
CLIENTS = 6
TRIES = 2000  # of one message, before the test gives up on it
BODY = (
    b"Subject: offers\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    + b"<p>An offer.</p>\r\n" * 500
    + b'<img src="https://open.example/o.gif?u=1" width="1" height="1">\r\n'
)


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[tuple[Server, int, Path]]:
    """The server behind, its port and where it keeps mail."""
    port, kept = free_port(), tmp_path / "kept"
    kept.touch()
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.chaos.keeper", str(port), str(kept)]
    server = Server(command, tmp_path / "log", environ)
    server.start(port)
    yield server, port, kept
    server.stop()


def sent(port: int, number: int) -> list[Attempt]:
    """Every try of one message, the last of which was taken."""
    tries: list[Attempt] = []
    while len(tries) < TRIES:
        tries.append(attempt(port, f"{number}/{len(tries)}", BODY))
        if 200 <= tries[-1].code < 300:
            break
        time.sleep(0.05)
    return tries


def sending(port: int, numbers: Iterator[int], enough: threading.Event) -> list[list[Attempt]]:
    """What one client does: one message after the other."""
    done: list[list[Attempt]] = []
    for number in numbers:
        if number >= MESSAGES and enough.is_set():
            break
        done.append(sent(port, number))
    return done


def killed(front: Gate, behind: tuple[Server, int], enough: threading.Event, over: threading.Event) -> list[float]:
    """Kill the one or the other until all is `over`, start it again each time, and tell when that was."""
    chance = random.Random(7)  # the order is the same each time; what it hits is not
    times: list[float] = []
    while not over.wait(chance.uniform(0.05, 1.0)):
        times.append(time.monotonic())
        if chance.random() < 0.5:
            front.server.kill()
            front.server.start(front.port, front.web)
        else:
            behind[0].kill()
            behind[0].start(behind[1])
        if len(times) >= KILLS:
            enough.set()
    return times


def test_nothing_is_lost_and_nothing_is_made_up(keeper: tuple[Server, int, Path]) -> None:
    server, port, kept = keeper
    enough, over, numbers = threading.Event(), threading.Event(), itertools.count()
    with gate(f"smtp://127.0.0.1:{port}") as front, ThreadPoolExecutor(CLIENTS + 1) as threads:
        killing = threads.submit(killed, front, (server, port), enough, over)
        try:
            clients = [threads.submit(sending, front.port, numbers, enough) for _ in range(CLIENTS)]
            tries = [each for client in clients for each in client.result()]
        finally:
            over.set()
        kills = killing.result()

    messages = [*read_from(kept)]
    taken = Counter(message.partition("X-Mark: ")[2].partition("\r\n")[0] for message in messages)
    doubled = [each for every in tries for each in every[:-1] if taken[each.mark]]
    count = sum(map(len, tries))
    print(f"{len(tries)} messages in {count} tries, {len(kills)} kills, {len(doubled)} doubles")  # to be seen with -s

    # Each was taken under the mark of the very try that heard so: none lost, no false 2xx.
    assert [each[-1].mark for each in tries if taken[each[-1].mark] != 1] == []
    # What one client sent once is never sent on twice.
    assert [mark for mark, times in taken.items() if times > 1] == []
    # Taken and not acknowledged, so sent again: only where something was killed in the course of the try (RFC 1047).
    assert [each for each in doubled if not any(each.began <= kill <= each.ended for kill in kills)] == []
    # And what was taken is whole, and clean.
    assert all(message.count("<p>An offer.</p>\r\n") == 500 and "open.example" not in message for message in messages)
