"""CPU, pace, memory and latency of relays side by side: `python -m benchmarks.relay --help`.

Postfix' smtp-source sends one tracked message many times, each over a connection of its own (`--kept`: over connections
that are kept), through each relay in turn, into Postfix' smtp-sink. All relays run at once and idle but for one, rounds
go around them, and figures are medians of the rounds. Then each has half of what it can do, and what a message takes
longer than the sink alone takes for it is the latency of the relay. What is wanted of Sluis stands at the end. Needs
the Debian package postfix, and Linux; Postfix as a relay needs root, Haraka needs node. A relay that does not start is
left out.
"""

import argparse
import asyncio
import os
import statistics
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.relay.mail import SIZES
from benchmarks.relay.measure import Figures, Load, Relay
from benchmarks.relay.pace import paced
from benchmarks.relay.process import AbsentError, free_port, program, running
from benchmarks.relay.servers import AUDIT, BALANCED, BY_NAME, HARAKA, PAIR, RAW, SERVERS, SOUP, Server
from benchmarks.relay.target import Target
from benchmarks.relay.versions import versions

ROUNDS = 3
SESSIONS = (1, 10, 50)
USUAL = "60 kB"  # the size that is measured with each number of sessions, and that targets are about
FEW = 10  # sessions with other sizes, and of the targets
MESSAGES = {"2 kB": 400, USUAL: 250, "60 kB, dense": 250, "1 MB": 40}
LONG = 3.0  # times as many
WARMING = 50  # messages before anything is measured
_HEADS = f"{'CPU s / 1,000':>15}{'pair = 1':>10}{'messages / s':>14}{'MB held':>9}{'most':>7}{'ms p50':>9}{'ms p99':>9}"

Found = Mapping[str, Figures]
"""What was found of each relay, by its name."""


def started(stack: ExitStack, servers: Sequence[Server], sink: int) -> Iterator[Relay]:
    """The servers that start, one after the other, each with a folder of its own."""
    for server in servers:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        port = free_port()
        if server.command is None:
            yield Relay(server, folder, sink, None)
            continue
        try:
            command = server.command(folder, port, sink)
            yield Relay(server, folder, port, stack.enter_context(running(command, port, folder / "log")))
        except AbsentError as error:
            print(f"left out: {server.name}: {error}", flush=True)


def load(folder: Path, size: str, sessions: int, options: argparse.Namespace) -> Load:
    """What is sent of a size."""
    raw = SIZES[size]()
    file = folder / size.replace(" ", "").replace(",", "-")
    file.write_bytes(raw)
    wire = raw.replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..") + b".\r\n"
    times = options.share * (LONG if options.long else 1)
    return Load(file, wire, max(sessions, int(MESSAGES[size] * times)), sessions, options.kept)


def measured(relays: Sequence[Relay], given: Load, sink: int) -> Found:
    """The figures of each relay under a load, and under half of it."""
    figures = {relay.server.name: Figures() for relay in relays}
    for _ in range(ROUNDS):
        for relay in relays:
            relay.round(given, figures[relay.server.name])
    for relay in relays:
        shown = figures[relay.server.name]
        floor = statistics.median(asyncio.run(paced(given.wire, sink, statistics.median(shown.rate) / 2, 30)))
        relay.delay(given, shown, floor)
    return figures


def middle(values: Sequence[float]) -> float | None:
    """The median; None where nothing was measured."""
    return statistics.median(values) if values else None


def ratio(above: float | None, below: float | None) -> float | None:
    """How many times one is the other, where there are both."""
    return above / below if above is not None and below else None


def table(found: Found) -> Iterator[str]:
    """A line for each relay."""
    pair = middle(found[PAIR].cpu) if PAIR in found else None
    yield f"{'':28}{_HEADS}"
    for name, shown in found.items():
        cpu = middle(shown.cpu)
        cells = [(cpu, 15, 2), (ratio(cpu, pair), 10, 2), (middle(shown.rate), 14, 0)]
        cells += [(middle(shown.memory), 9, 0), (middle(shown.most), 7, 0)]
        cells += [(shown.later(0.5), 9, 1), (shown.later(0.99), 9, 1)]
        written = ("–".rjust(wide) if value is None else f"{value:{wide}.{places}f}" for value, wide, places in cells)
        yield f"{name:28}{''.join(written)}"


def wanted(found: Found) -> Iterator[str]:
    """What is wanted of Sluis, with newsletters of the usual size."""
    figures = {name: found.get(name, Figures()) for name in (RAW, HARAKA, PAIR, SOUP, AUDIT, BALANCED)}
    cpu = {name: middle(shown.cpu) for name, shown in figures.items()}
    rate = {name: middle(shown.rate) for name, shown in figures.items()}
    late = figures[BALANCED].later(0.99)
    yield Target("CPU, cleaning included, times that of the pair", "at most", 0.6).line(ratio(cpu[BALANCED], cpu[PAIR]))
    yield Target("messages / s, times those with BeautifulSoup", "at least", 12).line(ratio(rate[BALANCED], rate[SOUP]))
    yield Target("messages / s, times those of Haraka", "at least", 1).line(ratio(rate[BALANCED], rate[HARAKA]))
    yield Target("CPU of audit, times that of the raw relay", "at most", 3).line(ratio(cpu[AUDIT], cpu[RAW]))
    yield Target("latency added at half load, p99", "at most", 15, " ms").line(late)


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", choices=BY_NAME, default=[], help="this relay, and others so named")
    parser.add_argument("--without", action="append", choices=BY_NAME, default=[], help="not this one")
    parser.add_argument("--size", action="append", choices=SIZES, help="of messages (default: each)")
    parser.add_argument("--sessions", action="append", type=int, help="at once (default: 1, 10, 50)")
    parser.add_argument("--long", action="store_true", help="each size with each number of sessions, and more messages")
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
            first = load(folder, USUAL, 5, given)
            relay.round(Load(first.file, first.wire, WARMING, 5, first.kept), Figures())
        print("\n".join(versions(relays)))
        print(f"{ROUNDS} rounds, {'kept connections' if given.kept else 'a connection for each message'}")
        shown: dict[tuple[str, int], Found] = {}
        for size in given.size or SIZES:
            for sessions in given.sessions or (SESSIONS if given.long or size == USUAL else (FEW,)):
                sent = load(folder, size, sessions, given)
                shown[size, sessions] = found = measured(relays, sent, sink)
                print(f"\n{size}: {sent.messages} messages of {len(sent.wire):,} octets, {sessions} at once")
                print("\n".join(table(found)), flush=True)
    if (USUAL, FEW) in shown:
        print("\n" + "\n".join(wanted(shown[USUAL, FEW])))


if __name__ == "__main__":
    try:
        main()
    except AbsentError as error:
        raise SystemExit(str(error)) from None
