"""What Sluis holds in memory: `python -m benchmarks.relay.memory --help`.

First while a great many letters pass, then for one message of 30 MB, beside what it holds at rest: all its processes
together, what they share counted once (PSS in /proc).
"""

import argparse
import os
import subprocess
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.relay.mail import letter, newsletter, with_file
from benchmarks.relay.process import AbsentError, free_port, held, program, running
from benchmarks.relay.servers import BALANCED, BY_NAME, Server
from benchmarks.relay.target import Target

GATE = BALANCED
BIG = 30_000_000  # octets
STEPS = 10
FLAT = Target("memory that grows while 100,000 letters pass", "at most", 5, " %")
TIMES = Target("what a message of 30 MB takes, times its size", "at most", 4)
ROUNDS = 5


@contextmanager
def gate(folder: Path, server: Server) -> Iterator[tuple[int, int]]:
    """The port of a gate with a sink behind it, and its process."""
    sink, port = free_port(), free_port()
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    behind: Sequence[str] = [program("smtp-sink"), *user, f"127.0.0.1:{sink}", "1000"]
    assert server.command
    with (
        running(behind, sink, folder / "sink"),
        running(server.command(folder, port, sink), port, folder / "log") as pid,
    ):
        yield port, pid


def send(file: Path, port: int, messages: int, sessions: int) -> None:
    """Over kept connections, as it is quicker and memory is what is asked for."""
    command = [program("smtp-source"), "-d", "-s", str(sessions), "-m", str(messages), "-F", str(file)]
    subprocess.run([*command, "-f", "a@example.org", "-t", "b@example.org", f"127.0.0.1:{port}"], check=True)


@contextmanager
def most(process: int) -> Iterator[list[float]]:
    """MB that it holds, looked at over and over again."""
    seen, over = [held(process)], threading.Event()

    def look() -> None:
        while not over.is_set():
            seen.append(held(process))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def many(folder: Path, messages: int) -> float:
    """Print what is held after each tenth of so many messages; by how many parts of it that grows from the first on."""
    file = folder / "letter"
    file.write_bytes(letter(2_000))
    with gate(folder, BY_NAME[GATE]) as (port, process):
        print(f"{'messages':>10}{'MB':>8}")
        found = []
        for step in range(STEPS + 1):
            if step:
                send(file, port, messages // STEPS, 10)
            found.append(held(process))
            print(f"{messages // STEPS * step:>10}{found[-1]:>8.1f}", flush=True)
    return found[-1] / found[1] - 1


def big(folder: Path) -> float:
    """Print what one big message takes, the second time, when all code has been loaded; times its size."""
    file = folder / "big"
    file.write_bytes(with_file(newsletter(60_000), BIG))
    with gate(folder, BY_NAME[GATE]) as (port, process):
        send(file, port, 1, 1)
        rest = held(process)
        with most(process) as seen:
            for _ in range(ROUNDS):
                send(file, port, 1, 1)
        after = held(process)
    octets = file.stat().st_size / 1e6
    print(f"\na message of {octets:.0f} MB: {rest:.0f} MB held before, {max(seen):.0f} at most, {after:.0f} after;")
    times = (max(seen) - rest) / octets
    print(f"it takes {times:.1f} × its size")
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--messages", type=int, default=100_000, help="how many letters pass")
    given = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        grown, times = many(folder, given.messages), big(folder)
    print(f"\n{FLAT.line(100 * grown)}\n{TIMES.line(times)}")


if __name__ == "__main__":
    try:
        main()
    except AbsentError as error:
        raise SystemExit(str(error)) from None
