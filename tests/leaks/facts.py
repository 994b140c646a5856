"""What others test, and which cases here do the same: so that coverage is counted and not claimed.

The lists hold names alone. A test that no case does the same as would name none, and the laboratory's own would say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from tests.leaks.case import Case, cases

_FILE = Path(__file__).parent / "facts.yaml"


@dataclass(frozen=True, slots=True)
class Collection:
    """The tests of one project: its name, where they are listed, and by the name of each the cases that do the same."""

    name: str
    source: str
    tests: Mapping[str, tuple[Case, ...]]

    @property
    def stopped(self) -> list[str]:
        """The tests that a case within our scope does."""
        return [name for name, same in self.tests.items() if any(not case.out for case in same)]

    @property
    def outside(self) -> dict[str, Case]:
        """The others, each with a case that says why it is out of scope."""
        return {name: same[0] for name, same in self.tests.items() if same and all(case.out for case in same)}


@cache
def collections() -> tuple[Collection, ...]:
    """All of them. Raises `KeyError` for a case that there is not."""
    known = {case.name: case for case in cases()}
    return tuple(
        Collection(
            name,
            listed["source"],
            {test: tuple(known[case] for case in same.split()) for test, same in listed["tests"].items()},
        )
        for name, listed in yaml.safe_load(_FILE.read_text()).items()
    )
