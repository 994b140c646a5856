"""The server behind: one that keeps all it takes, in a process that can be killed."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.process import Server, free_port

ROOT = Path(__file__).parents[2]


@pytest.fixture
def keeper(tmp_path: Path) -> Iterator[tuple[Server, int, Path]]:
    """The server behind, its port and where it keeps mail."""
    port, kept = free_port(), tmp_path / "kept"
    kept.touch()
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.chaos.keeper", str(port), str(kept)]
    server = Server(command, tmp_path / "log", environ)
    server.start(port)
    yield server, port, kept
    server.stop()
