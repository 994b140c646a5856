"""CPU, pace and memory of relays side by side: `python -m benchmarks.relay --help`.

Postfix' smtp-source sends one tracked message many times, each over a connection of its own (`--kept`: over connections
that are kept), through each relay in turn, into Postfix' smtp-sink. All relays run at once and idle but for one, rounds
go around them, and figures are medians of the rounds. Then each has half of what it can do, and what a message takes
longer than the sink alone takes for it is the latency of the relay. Needs the Debian package postfix, and Linux;
Postfix as a relay needs root.
"""

import argparse
import asyncio
import os
import platform
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from benchmarks.relay.mail import SIZES
from benchmarks.relay.measure import Figures, Load, Relay
from benchmarks.relay.pace import paced
from benchmarks.relay.process import free_port, program, running
from benchmarks.relay.servers import BY_NAME, PAIR, SERVERS, Server

ROUNDS = 3
SESSIONS = (1, 10, 50)
DENSE = "60 kB, dense"
HALF_LOAD = 10  # sessions of the full load that half load is half of
MESSAGES = {"2 kB": 600, "60 kB": 400, "60 kB, dense": 400, "1 MB": 60}
WARMING = 50  # messages before anything is measured
_HEADS = f"{'CPU s / 1,000':>15}{'pair = 1':>10}{'messages / s':>14}{'MB held':>12}{'ms p50':>9}{'ms p99':>9}"


def started(stack: ExitStack, servers: Sequence[Server], sink: int) -> Iterator[Relay]:
    """The servers, one after the other, each with a folder of its own."""
    for server in servers:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        port = free_port()
        if server.command is None:
            yield Relay(server, folder, sink, None)
        else:
            command = server.command(folder, port, sink)
            yield Relay(server, folder, port, stack.enter_context(running(command, port, folder / "log")))


def load(folder: Path, size: str, sessions: int, options: argparse.Namespace) -> Load:
    """What is sent of a size."""
    raw = SIZES[size]()
    file = folder / size.replace(" ", "").replace(",", "-")
    file.write_bytes(raw)
    wire = raw.replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..") + b".\r\n"
    return Load(file, wire, max(sessions, int(MESSAGES[size] * options.share)), sessions, options.kept)


def measured(relays: Sequence[Relay], given: Load) -> list[Figures]:
    """The figures of each relay under a load."""
    figures = [Figures() for _ in relays]
    for _ in range(ROUNDS):
        for relay, shown in zip(relays, figures, strict=True):
            relay.round(given, shown)
    return figures


def delayed(relays: Sequence[Relay], given: Load, figures: Sequence[Figures], sink: int) -> None:
    """Add what each message takes at half load."""
    for relay, shown in zip(relays, figures, strict=True):
        rate = statistics.median(shown.rate) / 2
        floor = statistics.median(asyncio.run(paced(given.wire, sink, rate, 30)))
        relay.delay(given, shown, floor)


def table(relays: Sequence[Relay], figures: Sequence[Figures]) -> Iterator[str]:
    """A line for each relay."""
    pair = next((shown for relay, shown in zip(relays, figures, strict=True) if relay.server.name == PAIR), None)
    yield f"{'':28}{_HEADS}"
    for relay, shown in zip(relays, figures, strict=True):
        cpu = statistics.median(shown.cpu) if shown.cpu else None
        ratio = cpu / statistics.median(pair.cpu) if pair and cpu is not None else None
        memory = statistics.median(shown.memory) if shown.memory else None
        cells = [(cpu, 15, 2), (ratio, 10, 2), (statistics.median(shown.rate), 14, 0), (memory, 12, 0)]
        cells += [(shown.later(0.5), 9, 1), (shown.later(0.99), 9, 1)]
        written = ("–".rjust(wide) if value is None else f"{value:{wide}.{places}f}" for value, wide, places in cells)
        yield f"{relay.server.name:28}{''.join(written)}"


def machine() -> str:
    """What all this ran on."""
    names = ("aiosmtpd", "aiosmtplib", "beautifulsoup4")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    return f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}"


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=BY_NAME, default=[], help="this relay, and others so named")
    parser.add_argument("--without", action="append", choices=BY_NAME, default=[], help="not this one")
    parser.add_argument("--size", action="append", choices=SIZES, help="of messages (default: each)")
    parser.add_argument("--sessions", action="append", type=int, help="at once (default: 1, 10, 50)")
    parser.add_argument("--share", type=float, default=1.0, help="of the messages to send, for a quick look")
    parser.add_argument("--kept", action="store_true", help="send many messages over each connection")
    return parser.parse_args()


def main() -> None:
    given = options()
    chosen = [server for server in SERVERS if server.name in (given.only or BY_NAME)]
    chosen = [server for server in chosen if server.name not in given.without]
    sink = free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        stack.enter_context(running([program("smtp-sink"), *user, f"127.0.0.1:{sink}", "1000"], sink, folder / "log"))
        relays = list(started(stack, chosen, sink))
        for relay in relays:
            first = load(folder, "60 kB", 5, given)
            relay.round(Load(first.file, first.wire, WARMING, 5, first.kept), Figures())
        print(f"{machine()}\n{ROUNDS} rounds, {'kept connections' if given.kept else 'a connection for each message'}")
        for size in given.size or SIZES:
            for sessions in given.sessions or ([HALF_LOAD] if size == DENSE else SESSIONS):
                sent = load(folder, size, sessions, given)
                figures = measured(relays, sent)
                if sessions == HALF_LOAD:
                    delayed(relays, sent, figures, sink)
                print(f"\n{size}: {sent.messages} messages of {len(sent.wire):,} octets, {sessions} at once")
                print("\n".join(table(relays, figures)), flush=True)


if __name__ == "__main__":
    main()
