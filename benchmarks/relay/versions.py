"""What was measured: this machine and the versions of all that ran on it."""

import json
import os
import platform
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version

from benchmarks.relay.measure import Relay
from benchmarks.relay.process import AbsentError, program
from benchmarks.relay.servers import HARAKA, NODE

_PACKAGES = ("aiosmtpd", "aiosmtplib", "beautifulsoup4", "lxml")


def versions(relays: Sequence[Relay]) -> Iterator[str]:
    """A line for the machine and one for what ran on it."""
    yield f"{platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"
    python = f"{platform.python_implementation()} {platform.python_version()}"
    packages = [f"{name} {version(name)}" for name in _PACKAGES]
    yield ", ".join([python, _sluis(), *packages, *_postfix(), *_haraka(relays)])


def _sluis() -> str:
    try:
        return f"Sluis {version('sluis')} on uvloop {version('uvloop')}"
    except PackageNotFoundError:
        return f"Sluis {version('sluis')} on asyncio"


def _postfix() -> Iterator[str]:
    """Of Debian's package, whose smtp-source and smtp-sink send and take in any case."""
    with suppress(AbsentError, OSError, subprocess.CalledProcessError):
        command = [program("postconf"), "-d", "-h", "mail_version"]
        yield f"Postfix {subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()}"


def _haraka(relays: Sequence[Relay]) -> Iterator[str]:
    for relay in relays:
        if relay.server.name == HARAKA:
            about = json.loads((relay.folder / "node_modules" / "Haraka" / "package.json").read_text())
            node = subprocess.run([NODE, "--version"], check=True, capture_output=True, text=True).stdout.strip()
            yield f"Haraka {about['version']} on node {node.removeprefix('v')}"
