"""What is asked of a server before anything is done on it."""

import pytest

from sluis.sweep.acts import refusal


@pytest.mark.parametrize(
    ("able", "keep", "why"),
    [
        ({"UIDPLUS"}, "", ""),
        ({"UIDPLUS", "MOVE"}, "Kept", ""),
        ({"UIDPLUS", "MOVE", "X-GM-EXT-1"}, "Bin", "Gmail"),
        ({"MOVE"}, "Kept", "UIDPLUS"),
        (set(), "", "UIDPLUS"),
        ({"UIDPLUS"}, "Kept", "MOVE"),
        ({"UIDPLUS", "MOVE", "X-GM-EXT-1"}, "", "Gmail"),
    ],
)
def test_a_server_that_cannot_do_its_part_is_refused(able: set[str], keep: str, why: str) -> None:
    told = refusal(able, keep)
    assert why in told
    assert bool(told) == bool(why)
