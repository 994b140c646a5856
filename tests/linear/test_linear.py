"""Whatever a sender writes, cleaning takes time linear in its length: the gate has as much for each octet.

Sizes that show a square in seconds. `SLUIS_LINEAR` (octets) asks for larger ones, and 2.2 times the work at most for
twice the octets; `python -m tests.linear` makes a table of that.
"""

import os

import pytest
from tests.linear.effort import FACTOR, MOST, NEARLY_A_SQUARE, STRICT, STRICTLY, ratio
from tests.linear.hostile import HOSTILE
from tests.linear.ways import WAYS

from sluis.report import UNREAD, Cleaned, Verdict

ASKED = os.environ.get("SLUIS_LINEAR", "")
SIZE = int(ASKED or "240000")  # octets of the larger message
SLOW = 4e-6  # seconds for an octet; up to there a ratio may be the caches', or that of a text given up half-way
FLOOR = 0.02  # seconds: what takes less is too short to compare
CASES = [(name, way) for way, each in WAYS.items() for name in each.only or HOSTILE]


@pytest.mark.parametrize(("name", "way"), CASES, ids=lambda each: each)
def test_the_work_grows_as_the_octets_do(name: str, way: str) -> None:
    small, large = (HOSTILE[name](size) for size in (SIZE // (STRICT if ASKED else FACTOR), SIZE))

    def cleaned(raw: bytes) -> Cleaned:
        done = WAYS[way].cleaned(raw)
        assert done.report.verdict is not Verdict.FAILED or done.report.reason in UNREAD
        return done

    most = STRICTLY if ASKED else MOST
    found, taken = ratio(lambda: cleaned(small), lambda: cleaned(large), FLOOR, most)
    assert found <= (most if ASKED or taken > SLOW * SIZE else NEARLY_A_SQUARE)


def test_a_square_would_be_seen() -> None:
    found, _ = ratio(lambda: [0 for _ in range(700**2)], lambda: [0 for _ in range(2800**2)], 0.001)
    assert found > MOST
    found, _ = ratio(lambda: [0 for _ in range(700**2)], lambda: [0 for _ in range(1400**2)], 0.001, STRICTLY)
    assert found > STRICTLY
