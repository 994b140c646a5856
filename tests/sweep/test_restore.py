"""Which originals can be brought back, from what lies where; that they are is in test_work.py and test_kills.py."""

import pytest

from sluis.audit.record import Record, State
from sluis.sweep.ledger import Swept
from sluis.sweep.note import End, Exact, Meant
from sluis.sweep.restore import Places, Return, pairs

RAW, CLEAN = Exact(9, "raw"), Exact(5, "clean")
SWEPT = Swept(Meant(1, 2, RAW, CLEAN, Record("", "", "", "", State.READ)), End.KEPT, "", "Kept")


@pytest.mark.parametrize(
    ("here", "there", "wanted"),
    [
        ({CLEAN: [4]}, {"Kept": {RAW: [7]}}, [Return(0, SWEPT, 4, 7)]),
        ({CLEAN: [4], RAW: [5]}, {"Kept": {RAW: []}}, [Return(0, SWEPT, 4, None)]),
        ({CLEAN: []}, {"Kept": {RAW: [7]}}, []),
        ({CLEAN: [4]}, {"Kept": {RAW: []}}, []),
        ({CLEAN: [4]}, {"Other": {RAW: [7]}}, []),
    ],
)
def test_one_message(here: Places, there: dict[str, Places], wanted: list[Return]) -> None:
    assert list(pairs({0: SWEPT}, here, there)) == wanted


def test_of_messages_that_are_alike_each_is_used_once() -> None:
    two = {0: SWEPT, 1: SWEPT}
    both = [Return(0, SWEPT, 4, 7), Return(1, SWEPT, 5, 8)]
    assert list(pairs(two, {CLEAN: [4, 5]}, {"Kept": {RAW: [7, 8]}})) == both
    assert list(pairs(two, {CLEAN: [4]}, {"Kept": {RAW: [7, 8]}})) == both[:1]
    half = [Return(0, SWEPT, 4, 8), Return(1, SWEPT, 5, None)]
    assert list(pairs(two, {CLEAN: [4, 5], RAW: [6]}, {"Kept": {RAW: [8]}})) == half
