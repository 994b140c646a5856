"""One sink for all render tests; each message still gets a browser of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.integration.process import program
from tests.render.sink import Sink, running


@pytest.fixture(scope="session")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    program("chromium")
    folder: Path = tmp_path_factory.mktemp("sink")
    with running(folder) as sink:
        yield sink
