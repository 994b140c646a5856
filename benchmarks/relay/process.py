"""Servers as processes: started, waited for, and what they and all their children take of the machine (Linux)."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).parents[2]


class AbsentError(Exception):
    """A program that is not there or does not start, in words for whoever runs this."""


_TICK = os.sysconf("SC_CLK_TCK")
_PATHS = "/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin"


def program(name: str) -> str:
    """The path of a program of Debian's package postfix."""
    path = shutil.which(name, path=_PATHS)
    if not path:
        raise AbsentError(f"{name} is needed (Debian: postfix)")
    return path


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def running(command: Sequence[str], port: int, log: Path) -> Iterator[int]:
    """A server process, once its port answers; what it says goes into `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output)
    try:
        end = time.monotonic() + 30
        while time.monotonic() < end and process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        else:
            raise AbsentError(f"{command[0]} does not start: {log.read_text(errors='replace')[-500:]}")
        yield process.pid
    finally:
        process.terminate()
        process.wait()


def tree(process: int) -> Iterator[int]:
    """A process and all below it."""
    yield process
    with suppress(OSError):
        for task in Path(f"/proc/{process}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from tree(int(child))


def cpu(process: int) -> float:
    """CPU seconds of a process and all below it, those included that have ended and were waited for."""
    total = 0
    for each in tree(process):
        with suppress(OSError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += sum(map(int, fields[11:15]))
    return total / _TICK


def most(process: int) -> float:
    """MB that a process and all below it have held at most since `forget`, each at its own time (VmHWM)."""
    total = 0
    for each in tree(process):
        with suppress(OSError):
            lines = Path(f"/proc/{each}/status").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
    return total / 1000


def forget(process: int) -> None:
    """Begin anew with what they have held at most."""
    for each in tree(process):
        with suppress(OSError):
            Path(f"/proc/{each}/clear_refs").write_text("5")


def held(process: int) -> float:
    """MB of memory that a process and all below it hold now, what they share counted once (PSS)."""
    total = 0
    for each in tree(process):
        with suppress(OSError):
            lines = Path(f"/proc/{each}/smaps_rollup").read_text().splitlines()
            total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total / 1000
