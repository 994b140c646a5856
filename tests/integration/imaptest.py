"""Dovecot's own test of IMAP servers, direct and through Sluis: both must do alike.

    python -m tests.integration.imaptest TREE [SECONDS]

As root. TREE is imaptest's source at `VERSION`, built (github.com/dovecot/imaptest; it is in no Debian). That is the
last that fits Dovecot 2.3; it takes the headers of Debian's dovecot-dev, where imap_parser_create has one more argument
(NULL). Each of its scripts is run, then forty clients at once do at random what clients do, for SECONDS. The scripts of
`NOT_OFFERED` need what Sluis does not offer and must run no command through it; any other must do as it does direct.
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

VERSION = "0de0dbfb8293a71866d284bc1e4ddf9dfbcb6985"
CLIENTS = 40
NOT_OFFERED = frozenset(
    {
        "append-binary",
        "catenate",
        "catenate-multiappend",
        "fetch-binary-mime",
        "fetch-binary-mime-base64",
        "fetch-binary-mime-qp",
        "urlauth",
        "urlauth-binary",
        "urlauth2",
    }
)
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
    alike, total, ran = True, 0, 0
    default = f"mbox={tree / 'src' / 'tests' / 'default.mbox'}"
    for folder in scripts(tree):
        one, other = (run(tree, port, default, f"test={folder}") for port in (direct, through))
        total, ran = total + other.commands, ran + 1
        wanted = Result(0, 0, one.errors) if folder.name in NOT_OFFERED else one
        alike = alike and other == wanted
        if one != other or one.failed or one.errors:
            print(f"{folder.name:<32} direct {one}, through Sluis {other}{'' if other == wanted else ': NOT ALIKE'}")
    print(f"{ran} scripts, {total} commands of them through Sluis")
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
