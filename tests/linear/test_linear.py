"""Whatever a sender writes, cleaning takes time linear in its length: the gate has as much for each octet.

Sizes that show a square in seconds; `SLUIS_LINEAR` (octets) asks for larger ones, `python -m tests.linear` for a table.
"""

import os
from dataclasses import replace

import pytest
from tests.invariants import rules
from tests.linear.effort import FACTOR, MOST, NEARLY_A_SQUARE, ratio
from tests.linear.hostile import HOSTILE

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.report import UNREAD, Cleaned, Verdict

SIZE = int(os.environ.get("SLUIS_LINEAR", "240000"))  # octets of the larger message
SLOW = 4e-6  # seconds for an octet; up to there a ratio may be the caches', or that of a text given up half-way
FLOOR = 0.02  # seconds: what takes less is too short to compare


@pytest.mark.parametrize("fit", [False, True], ids=["free", "fit"])
@pytest.mark.parametrize("name", HOSTILE)
def test_four_times_the_octets_take_about_four_times_the_work(name: str, fit: bool) -> None:
    policy = replace(POLICIES["strict" if fit else "balanced"], fit=fit)
    small, large = (HOSTILE[name](size) for size in (SIZE // FACTOR, SIZE))

    def cleaned(raw: bytes) -> Cleaned:
        done = clean(raw, policy, rules())
        assert done.report.verdict is not Verdict.FAILED or done.report.reason in UNREAD
        return done

    found, taken = ratio(lambda: cleaned(small), lambda: cleaned(large), FLOOR)
    assert found <= (MOST if taken > SLOW * SIZE else NEARLY_A_SQUARE)


def test_a_square_would_be_seen() -> None:
    found, _ = ratio(lambda: [0 for _ in range(700**2)], lambda: [0 for _ in range(2800**2)], 0.001)
    assert found > MOST
