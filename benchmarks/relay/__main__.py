"""CPU and time of relays side by side: `python -m benchmarks.relay --help`.

Postfix' smtp-source sends one newsletter many times, each over a connection of its own (`--kept`: over connections that
are kept), through each relay in turn, into Postfix' smtp-sink. All relays run at once and idle but for one, rounds go
around them, and figures are medians: CPU seconds of the relay's processes for 1,000 messages, messages a second, and
the resident memory at its highest. Then each has half of what it can do, and what it adds to the sink's own median time
for a message is its latency. Needs the Debian package postfix, and Linux.
"""

import argparse
import asyncio
import json
import os
import platform
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks.relay.pace import paced

ROOT = Path(__file__).parents[2]
NEWSLETTER = ROOT / "proxy" / "sluis" / "samples" / "newsletter.eml"
PEERS: Mapping[str, str] = {"tcp": "bare TCP", "pair": "aiosmtpd → aiosmtplib", "soup": "the same with BeautifulSoup"}
POLICIES = ("audit", "balanced")
ROUNDS = 3
SLOW = 10  # how many times fewer messages the relay with BeautifulSoup is given
TICK = os.sysconf("SC_CLK_TCK")


@dataclass
class Relay:
    """A relay under way, and what its rounds have shown: CPU seconds for 1,000 messages, and messages a second.

    `late`: seconds that it adds to a message at half load, in order.
    """

    name: str
    port: int
    process: int
    messages: int
    late: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    rate: list[float] = field(default_factory=list)


def newsletter(octets: int) -> bytes:
    """A tracked newsletter of about that many octets: the bundled sample, its rows of stories repeated."""
    raw = NEWSLETTER.read_bytes().replace(b"\r\n", b"\n")
    end = raw.rindex(b"</body>")
    begin = raw.index(b"<body")
    story = raw[raw.index(b">", begin) + 1 : end]
    return raw[:end] + story * max(0, round((octets - len(raw)) / len(story))) + raw[end:]


def processes(process: int) -> Iterator[int]:
    """A process and all below it."""
    yield process
    for task in Path(f"/proc/{process}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from processes(int(child))


def seconds(process: int) -> float:
    """CPU seconds that a process and all below it have used."""
    total = 0
    for each in processes(process):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def highest(process: int) -> float:
    """MB of resident memory at the highest, of a process and all below it together."""
    lines = [line for each in processes(process) for line in Path(f"/proc/{each}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1000


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(command: Sequence[str], port: int) -> Iterator[int]:
    """A server process, once its port answers."""
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise SystemExit(f"{command[0]} does not start")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def program(name: str) -> str:
    path = shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin")
    if not path:
        raise SystemExit(f"{name} is needed (Debian: postfix)")
    return path


def configured(folder: Path, policy: str, port: int, behind: int) -> list[str]:
    """The command of a gate under `policy`."""
    file = folder / f"{policy}.yaml"
    smtp = {"listen": f"127.0.0.1:{port}", "upstream": f"smtp://127.0.0.1:{behind}"}
    settings = {"policy": policy, "smtp": smtp, "web": {"listen": "127.0.0.1:0"}, "log": {"level": "warning"}}
    file.write_text(json.dumps(settings))
    return [sys.executable, "-m", "sluis", "serve", "--config", str(file)]


def relays(stack: ExitStack, folder: Path, sink: int, messages: int) -> Iterator[Relay]:
    for kind, name in PEERS.items():
        port = free_port()
        command = [sys.executable, "-m", "benchmarks.relay.peers", kind, str(port), str(sink)]
        given = max(1, messages // SLOW) if kind == "soup" else messages
        yield Relay(name, port, stack.enter_context(running(command, port)), given)
    for policy in POLICIES:
        port = free_port()
        command = configured(folder, policy, port, sink)
        yield Relay(f"Sluis, {policy}", port, stack.enter_context(running(command, port)), messages)


def sent(file: Path, port: int, messages: int, sessions: int, *, kept: bool) -> float:
    """Seconds that `messages` took."""
    command = [program("smtp-source"), "-s", str(sessions), "-m", str(messages), "-F", str(file), *(["-d"] * kept)]
    began = time.perf_counter()
    subprocess.run([*command, "-f", "a@example.org", "-t", "b@example.org", f"127.0.0.1:{port}"], check=True)
    return time.perf_counter() - began


def measure(relay: Relay, file: Path, options: argparse.Namespace) -> None:
    before = seconds(relay.process)
    elapsed = sent(file, relay.port, relay.messages, options.sessions, kept=options.kept)
    relay.cpu.append((seconds(relay.process) - before) * 1000 / relay.messages)
    relay.rate.append(relay.messages / elapsed)


def delay(measured: Sequence[Relay], file: Path, sink: int) -> None:
    """Measure latency at half load."""
    message = file.read_bytes().replace(b"\n", b"\r\n").replace(b"\r\n.", b"\r\n..") + b".\r\n"
    for relay in measured:
        rate = statistics.median(relay.rate) / 2
        floor = statistics.median(asyncio.run(paced(message, sink, rate, 20)))
        relay.late = [late - floor for late in asyncio.run(paced(message, relay.port, rate, relay.messages))]


def report(measured: Sequence[Relay], octets: int, options: argparse.Namespace) -> None:
    kept = "over kept connections" if options.kept else "each over a connection of its own"
    print(f"{options.messages} messages of {octets / 1000:.0f} kB, {kept}, {options.sessions} at once, {ROUNDS} rounds")
    names = ("aiosmtpd", "aiosmtplib", "beautifulsoup4")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, {versions}\n")
    heads = f"{'CPU s / 1,000':>15}{'messages / s':>15}{'MB at most':>12}{'pair = 1':>10}{'ms p50':>9}{'ms p99':>9}"
    print(f"{'':28}{heads}")
    pair = statistics.median(next(relay.cpu for relay in measured if relay.name == PEERS["pair"]))
    for relay in measured:
        cpu, rate = statistics.median(relay.cpu), statistics.median(relay.rate)
        middle, late = (1000 * relay.late[int(share * (len(relay.late) - 1))] for share in (0.5, 0.99))
        figures = f"{cpu:15.2f}{rate:15.0f}{highest(relay.process):12.0f}{cpu / pair:10.2f}{middle:9.1f}{late:9.1f}"
        print(f"{relay.name:28}{figures}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--message", type=Path, help="the message to send (default: the bundled newsletter, stretched)")
    parser.add_argument("--octets", type=int, default=60_000, help="how long to stretch it to")
    parser.add_argument("--sessions", type=int, default=10, help="connections at once")
    parser.add_argument("--messages", type=int, default=200, help="messages in a round (BeautifulSoup: a tenth)")
    parser.add_argument("--kept", action="store_true", help="send many messages over each connection")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made, ExitStack() as stack:
        folder = Path(made)
        file = folder / "newsletter.eml"
        raw = options.message.read_bytes().replace(b"\r\n", b"\n") if options.message else newsletter(options.octets)
        file.write_bytes(raw)
        sink = free_port()
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        stack.enter_context(running([program("smtp-sink"), *user, f"127.0.0.1:{sink}", "1000"], sink))
        measured = list(relays(stack, folder, sink, options.messages))
        for number in range(ROUNDS + 1):
            for relay in measured:
                measure(relay, file, options)
                if not number:  # the first is to warm up
                    relay.cpu.clear()
                    relay.rate.clear()
        delay(measured, file, sink)
        report(measured, file.stat().st_size, options)


if __name__ == "__main__":
    main()
