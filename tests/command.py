"""The command line as others call it: a process with arguments, standard input and standard output."""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command left: exit code, standard output and standard error."""

    code: int
    output: bytes
    errors: str


def sluis(*arguments: str | Path, given: bytes = b"", **variables: str) -> Ran:
    """Run `sluis` to its end; `variables` are the only ones of the environment that concern it."""
    command = [sys.executable, "-m", "sluis", *map(str, arguments)]
    done = subprocess.run(command, input=given, capture_output=True, check=False, env=variables, timeout=60)
    return Ran(done.returncode, done.stdout, done.stderr.decode())
