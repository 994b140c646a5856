"""Clients that send at once, each message until it is taken, and what must be true of all their tries in the end."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.keeper import read_from
from tests.chaos.sender import Attempt, attempt
from tests.integration.process import Server

CLIENTS = 6
TRIES = 2000  # of one message, before the test gives up on it
BODY = (
    b"Subject: offers\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n"
    + b"<p>An offer.</p>\r\n" * 500
    + b'<img src="https://open.example/o.gif?u=1" width="1" height="1">\r\n'
)


@dataclass(frozen=True, slots=True)
class Kill:
    """A SIGKILL, from before it was sent until what it hit was gone, by `time.monotonic`."""

    began: float
    ended: float

    def may_have_hit(self, tried: Attempt) -> bool:
        """Whether the try was under way at some time of it."""
        return tried.began <= self.ended and self.began <= tried.ended


def kill(server: Server) -> Kill:
    """Kill `server`, and tell when that was."""
    began = time.monotonic()
    server.kill()
    return Kill(began, time.monotonic())


Tries = list[list[Attempt]]
"""Every try of every message, the last of which was taken."""


class Crowd:
    """Clients at work, from the beginning until `messages` are through and what they wait for is done."""

    def __init__(self, port: int, messages: int, threads: ThreadPoolExecutor) -> None:
        self._port, self._messages = port, messages
        self._numbers, self._enough = itertools.count(1), threading.Event()
        self._begun = 0
        self._clients = [threads.submit(self._send) for _ in range(CLIENTS)]

    @property
    def busy(self) -> bool:
        """Whether some of the messages were not yet begun."""
        return self._begun < self._messages

    def tries(self) -> Tries:
        """What each heard. The caller has done what they waited for."""
        self._enough.set()
        return [each for client in self._clients for each in client.result()]

    def _send(self) -> Tries:
        done: Tries = []
        for number in self._numbers:
            self._begun = number
            if number > self._messages and self._enough.is_set():
                break
            done.append(sent(self._port, number))
        return done


@contextmanager
def crowd(port: int, messages: int) -> Iterator[Crowd]:
    """Clients that send through `port`."""
    with ThreadPoolExecutor(CLIENTS) as threads:
        made = Crowd(port, messages, threads)
        try:
            yield made
        finally:
            made.tries()


def sent(port: int, number: int) -> list[Attempt]:
    """Every try of one message, the last of which was taken."""
    tries: list[Attempt] = []
    while len(tries) < TRIES:
        tries.append(attempt(port, f"{number}/{len(tries)}", BODY))
        if 200 <= tries[-1].code < 300:
            break
        time.sleep(0.05)
    return tries


def judge(tries: Tries, kept: Path, kills: Sequence[Kill]) -> str:
    """Hold what clients heard against what the server behind has `kept`. Returns the figures, in a line."""
    messages = [*read_from(kept)]
    taken = Counter(message.partition("X-Mark: ")[2].partition("\r\n")[0] for message in messages)
    doubled = [each for every in tries for each in every[:-1] if taken[each.mark]]

    # Each was taken under the mark of the very try that heard so: none lost, no false 2xx.
    assert [each[-1].mark for each in tries if taken[each[-1].mark] != 1] == []
    # What one client sent once is never sent on twice.
    assert [mark for mark, times in taken.items() if times > 1] == []
    # Taken and not acknowledged, so sent again: only where something was killed in the course of the try (RFC 1047).
    assert [each for each in doubled if not any(kill.may_have_hit(each) for kill in kills)] == []
    # And what was taken is whole, and clean.
    assert all(message.count("<p>An offer.</p>\r\n") == 500 and "open.example" not in message for message in messages)
    return f"{len(tries)} messages in {sum(map(len, tries))} tries, {len(kills)} kills, {len(doubled)} doubles"
