"""Counts that workers share lie in files: where their disk is full, mail goes on, uncounted if need be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

# In a process of its own, as the way in which prometheus_client counts is for all of one.
PROGRAM = """
import sys
from pathlib import Path
from sluis.metrics import Metrics, shared_in
shared_in(Path(sys.argv[1]), 1)
metrics = Metrics()
with Path(sys.argv[1], "filler").open("wb", buffering=0) as filler:
    try:
        while filler.write(bytes(4096)):
            pass
    except OSError as error:
        print(error.strerror)
for number in range(3000):
    metrics.refused("smtp", "nul")
    metrics.verdict("smtp", "spf", "pass")
    metrics._count("sluis_sender_findings_total", f"{number:0200}.example", "open-pixel")
    metrics._count("sluis_findings_total", "open-pixel", "removed", "t" * (number % 39 + 1), f"v{number}")
count = metrics.registry.get_sample_value
print(count("sluis_refused_total", {"edge": "smtp", "reason": "nul"}))
"""


@pytest.fixture
def small(tmp_path: Path):
    """A disk of half a megabyte; the limit on the length of files stands in where none may be mounted."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=512k", "test", disk], check=False).returncode == 0
    yield disk, [] if mounted else ["prlimit", "--fsize=131072"]
    if mounted:
        subprocess.run(["umount", disk], check=True)


def test_a_full_disk_ends_no_worker(small: tuple[Path, list[str]]) -> None:
    disk, limit = small
    command = [*limit, sys.executable, "-c", PROGRAM, disk]
    run = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.splitlines() in (["No space left on device", "3000.0"], ["File too large", "3000.0"])
