"""Servers of the tests: processes with a folder and free ports of their own, gone when the test is.

A server counts as started when its port answers, not after some time.
"""

import random
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TypeVar

import pytest

PATIENCE = 30.0  # seconds for what must come, on a machine that is busy
_PORTS = range(20_000, 32_000)  # below those that Linux gives to clients, which would take one between look and use

T = TypeVar("T")


class NotYetError(Exception):
    """What was waited for has not come within `PATIENCE`."""


def program(name: str) -> str:
    """The path of a program of Debian's; without it the test is skipped."""
    found = shutil.which(name, path="/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
    if not found:
        pytest.skip(f"{name} is not installed (.ci/run installs it)")
    return found


def free_port() -> int:
    """A TCP port on which nobody listens, on 127.0.0.1."""
    for port in random.sample(_PORTS, 100):
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no free port among a hundred")


@contextmanager
def folder(name: str) -> Iterator[Path]:
    """A new folder that daemons may enter after they dropped root, with a path short enough for Unix sockets."""
    path = Path(tempfile.mkdtemp(prefix=f"sluis-{name}-", dir="/tmp"))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def eventually(wanted: Callable[[], T | None], what: str) -> T:
    """The first true value of `wanted`, asked again and again. Raises NotYetError."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := wanted():
            return value
        time.sleep(0.05)
    raise NotYetError(what)


def answers(port: int) -> bool:
    """Whether something listens on `port` of 127.0.0.1."""
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


class Server:
    """A process in the foreground that writes what it has to say into `log`."""

    def __init__(self, command: Sequence[str], log: Path, environ: Mapping[str, str] | None = None) -> None:
        self._command = command
        self._environ = environ
        self._process: subprocess.Popen[bytes] | None = None
        self.log = log

    def start(self, *ports: int) -> None:
        """Start, and wait until `ports` answer. Raises NotYetError with the end of the log."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log, env=self._environ)
        try:
            eventually(lambda: self._gone() or all(map(answers, ports)), "")
        except NotYetError:
            raise NotYetError(self.told) from None
        if self._gone():
            raise NotYetError(self.told)

    def stop(self) -> None:
        """End it with SIGTERM, and wait until it has gone; SIGKILL if it will not."""
        if not self._process:
            return
        self._process.terminate()
        try:
            self._process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """End it with SIGKILL, which it cannot hear."""
        if self._process:
            self._process.kill()
            self._process.wait()

    @property
    def pid(self) -> int | None:
        """Its process id, while it runs."""
        return self._process.pid if self._process else None

    @property
    def told(self) -> str:
        """Its log so far."""
        told = self.log.read_text(errors="replace")[-8000:] if self.log.is_file() else f"not kept, but in {self.log}"
        return f"{self._command[0]}:\n{told}"

    def _gone(self) -> bool:
        return self._process is None or self._process.poll() is not None
