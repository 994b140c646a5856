"""One relay under way, and what its rounds have shown."""

import asyncio
import statistics
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.relay.pace import paced
from benchmarks.relay.process import cpu, forget, held, most, program
from benchmarks.relay.servers import Server

SLOW = 10  # how many times fewer messages the relay with BeautifulSoup is given
_SECONDS = 4  # of half load
_LEAST = 20  # messages of it
_PATIENCE = 120  # seconds for a queue to become empty


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent in a round: so many `messages` from `file`, `sessions` at once.

    `wire` is the message with CR LF and its dot. `kept`: many messages over each connection, else one.
    """

    file: Path
    wire: bytes
    messages: int
    sessions: int
    kept: bool


@dataclass(slots=True)
class Figures:
    """CPU seconds for 1,000 messages, messages a second, MB held after each round and at most in it.

    `late` are the seconds that messages took longer at half load, in order.
    """

    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)
    late: list[float] = field(default_factory=list)

    def later(self, share: float) -> float | None:
        """Milliseconds that no more than a `share` of the messages took; None where it was not measured."""
        return 1000 * self.late[int(share * (len(self.late) - 1))] if self.late else None


@dataclass(frozen=True, slots=True)
class Relay:
    """A relay at `port` as `process`, which is None for none: straight to the sink."""

    server: Server
    folder: Path
    port: int
    process: int | None

    def messages(self, load: Load) -> int:
        """How many it is given of a load."""
        return max(load.sessions, load.messages // SLOW) if self.server.slow else load.messages

    def round(self, load: Load, figures: Figures) -> None:
        """Send a load through, until the last message has been handed on."""
        messages = self.messages(load)
        before = cpu(self.process) if self.process else 0.0
        if self.process:
            forget(self.process)
        began = time.perf_counter()
        _send(load, messages, self.port)
        self._empty()
        figures.rate.append(messages / (time.perf_counter() - began))
        if self.process:
            figures.cpu.append((cpu(self.process) - before) * 1000 / messages)
            figures.memory.append(held(self.process))
            figures.most.append(most(self.process))

    def delay(self, load: Load, figures: Figures, floor: float) -> None:
        """Send at half the rate that it can do; `floor` is the seconds that a message takes without a relay."""
        rate = statistics.median(figures.rate) / 2
        messages = max(_LEAST, min(self.messages(load), int(rate * _SECONDS)))
        figures.late = [late - floor for late in asyncio.run(paced(load.wire, self.port, rate, messages))]
        self._empty()

    def _empty(self) -> None:
        end = time.monotonic() + _PATIENCE
        while self.server.waiting(self.folder):
            if time.monotonic() > end:
                raise SystemExit(f"{self.server.name} keeps its mail")
            time.sleep(0.01)


def _send(load: Load, messages: int, port: int) -> None:
    command: Sequence[str] = [
        program("smtp-source"),
        "-s",
        str(load.sessions),
        "-m",
        str(messages),
        "-F",
        str(load.file),
    ]
    kept = ["-d"] if load.kept else []
    subprocess.run([*command, *kept, "-f", "a@example.org", "-t", "b@example.org", f"127.0.0.1:{port}"], check=True)
