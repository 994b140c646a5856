"""Memory of big blocks, in a process of its own: this one's heap has a past."""

import platform
import subprocess
import sys

import pytest

_PROGRAM = """
import os
from sluis.edge.heap import give_back

def held():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1_000_000

{first}
before = held()
block = b"x" * 30_000_000
del block
block = b"x" * 29_000_000
behind = b"y" * 1_000_000
del block
print(held() - before)
"""


def left(first: str) -> int:
    """MB that are held when two big blocks were freed and a small one is still there."""
    command = [sys.executable, "-c", _PROGRAM.format(first=first)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux'")
def test_big_blocks_are_given_back() -> None:
    assert left("give_back()") <= 3


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's heap")
def test_glibc_alone_would_keep_them() -> None:
    assert left("") >= 25
