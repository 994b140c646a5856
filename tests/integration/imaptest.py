"""Dovecot's own test of IMAP servers, direct and through Sluis: both must do alike.

    python -m tests.integration.imaptest TREE [SECONDS]

As root. TREE is imaptest's source, built (github.com/dovecot/imaptest; it is in no Debian). Each of its scripts is run,
then forty clients at once do at random what clients do, for SECONDS. Scripts of which fewer commands are run through
Sluis need what it does not offer (BINARY, CATENATE); they are named, and no error.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.integration.dovecot import PASSWORD, address, dovecot
from tests.integration.gate import reading_gate
from tests.integration.mailboxes import fixtures

CLIENTS = 40
PATIENCE = 120  # seconds for one script
_LIBRARIES = "/usr/lib/dovecot"  # where Debian has what imaptest is linked to
_COMMANDS = re.compile(r"(\d+)/(\d+) individual commands failed")
_GROUPS = re.compile(r"(\d+) failed, (\d+) skipped")


class Result(NamedTuple):
    """What came of a run: commands, those that failed, and lines that tell of an error."""

    commands: int
    failed: int
    errors: int


def run(tree: Path, port: int, *options: str, patience: float = PATIENCE) -> Result:
    """One run of imaptest."""
    login = ["host=127.0.0.1", f"port={port}", f"user={address('teun')}", f"pass={PASSWORD}"]
    environ = {**os.environ, "LD_LIBRARY_PATH": _LIBRARIES}
    command = [str(tree / "src" / "imaptest"), *login, *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=patience, env=environ, check=False)
    told = done.stdout + done.stderr
    counts = [(int(failed), int(all_)) for failed, all_ in _COMMANDS.findall(told)]
    groups = sum(int(failed) for failed, _ in _GROUPS.findall(told))
    errors = sum(line.startswith(("Error", "Fatal", "Panic")) for line in told.splitlines())
    return Result(sum(all_ for _, all_ in counts), groups + sum(failed for failed, _ in counts), errors)


def scripts(tree: Path) -> Iterator[Path]:
    """A folder for each of the scripts, with the mail it wants."""
    for script in sorted((tree / "src" / "tests").iterdir()):
        if script.is_file() and not script.suffix and not script.name.startswith("Makefile"):
            with tempfile.TemporaryDirectory() as name:
                folder = Path(name, script.name)
                folder.mkdir()
                for file in (script, script.with_name(script.name + ".mbox"), script.with_name("default.mbox")):
                    if file.exists():
                        shutil.copy(file, folder)
                yield folder


def mbox(folder: Path) -> Path:
    """The fixtures, for clients to store and read."""
    file = folder / "mbox"
    froms = re.compile(rb"^From ", re.MULTILINE)
    messages = (froms.sub(b">From ", raw.replace(b"\r\n", b"\n")) for raw in fixtures())
    file.write_bytes(b"".join(b"From a@b.example  Tue Nov 24 10:00:00 2026\n" + raw + b"\n" for raw in messages))
    return file


def compare(tree: Path, seconds: int, direct: int, through: int) -> bool:
    """Whether all went alike."""
    alike, total = True, 0
    default = f"mbox={tree / 'src' / 'tests' / 'default.mbox'}"
    for folder in scripts(tree):
        one, other = (run(tree, port, default, f"test={folder}") for port in (direct, through))
        total += other.commands
        if one != other:
            not_offered = other == Result(0, 0, one.errors)
            alike = alike and not_offered
            print(f"{folder.name:<32} {'not offered' if not_offered else f'direct {one}, through Sluis {other}'}")
    print(f"{total} commands of scripts through Sluis")
    with tempfile.TemporaryDirectory() as name:
        options = (f"mbox={mbox(Path(name))}", f"secs={seconds}", f"clients={CLIENTS}")
        one, other = (run(tree, port, *options, patience=seconds + PATIENCE) for port in (direct, through))
    print(f"{CLIENTS} clients for {seconds} s: {one.errors} errors direct, {other.errors} through Sluis")
    return alike and other.errors <= one.errors


def main() -> None:
    tree, seconds = Path(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 20
    settings = {"upstream_tls": {"mode": "off"}, "max_connections_per_address": 1000}
    with (
        dovecot(extra="mail_max_userip_connections = 1000\n") as server,
        reading_gate(f"imap://127.0.0.1:{server.imap}", settings) as gate,
    ):
        alike = compare(tree, seconds, server.imap, gate.port)
    sys.exit(not alike)


if __name__ == "__main__":
    main()
