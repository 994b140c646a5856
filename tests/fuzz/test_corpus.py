"""Every input the fuzzers start from, and every one that once broke something, in each run of the tests."""

from pathlib import Path

import pytest
from tests.fuzz.targets import TARGETS

CORPUS = Path(__file__).parent / "corpus"
FILES = sorted(file for file in CORPUS.glob("*/*") if file.is_file())


def test_every_target_has_a_corpus() -> None:
    assert {file.parent.name for file in FILES} == set(TARGETS)


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.name}")
def test_the_corpus_holds(file: Path) -> None:
    TARGETS[file.parent.name](file.read_bytes())
