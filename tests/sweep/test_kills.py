"""Killed at any step, a sweep has lost nothing, and the next one ends it without doubles.

Every third step is tried; with `SLUIS_KILLS=all` each one, and another kill in the sweep that follows.
"""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from tests.account.mailbox import Lying, Mailbox, mailbox
from tests.integration import dovecot as dovecot_server
from tests.integration.dovecot import Dovecot
from tests.sweep.stage import FLAGS, TRACKING, UNTOUCHED, cleaned, cut, everywhere, killed, restore, sweep

ALL = os.environ.get("SLUIS_KILLS") == "all"
ONE = Lying(TRACKING[0], FLAGS)
TWO = Lying(TRACKING[1])
OTHERS = (Lying(UNTOUCHED[0], frozenset({"\\Flagged"})), Lying(TRACKING[2], frozenset({"\\Deleted"})))
WHOLE = Counter([ONE, TWO, *OTHERS])
SWEPT = Counter([cleaned(ONE), cleaned(TWO), *OTHERS])


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server.dovecot() as server:
        yield server


def steps(begin: Callable[[], tuple[Mailbox, Callable[[int], bool]]]) -> Iterator[tuple[int, Mailbox]]:
    """A folder for each step at which the work can be killed, where it has been; there are enough of them."""
    for at in count(1, 1 if ALL else 3):
        box, die = begin()
        if not die(at):
            assert at > 20
            return
        yield at, box


def without_flags(messages: list[Lying]) -> set[bytes]:
    return {message.raw for message in messages}


def still_there(messages: list[Lying]) -> bool:
    """Whether of every message the original or its copy is there, and those that are not to be touched are."""
    raws = without_flags(messages)
    here = all(each.raw in raws or cleaned(each).raw in raws for each in (ONE, TWO))
    return here and all(other in messages for other in OTHERS)


@pytest.mark.parametrize("keep", ["", "Kept"])
def test_a_sweep_that_is_killed(dovecot: Dovecot, tmp_path: Path, keep: str) -> None:
    def begin() -> tuple[Mailbox, Callable[[int], bool]]:
        box = mailbox(dovecot, ONE, TWO, *OTHERS)
        return box, lambda at: killed(at, sweep, box, tmp_path / box.folder, keep and box.folder + keep)

    for at, box in steps(begin):
        where = keep and box.folder + keep
        assert still_there(everywhere(box, where)), at
        _again(box, tmp_path / box.folder, where, at)
        assert Counter(box.lying().values()) == SWEPT, at
        if keep:
            assert Counter(box.lying(where).values()) == Counter([ONE, TWO]), at


def _again(box: Mailbox, path: Path, keep: str, at: int) -> None:
    """Sweep to the end, and in the long run be killed once more on the way."""
    if ALL:
        killed(3 + at * 7 % 23, sweep, box, path, keep)
        assert still_there(everywhere(box, keep)), at
    sweep(box, path, keep)


def test_a_restoration_that_is_killed(dovecot: Dovecot, tmp_path: Path) -> None:
    def begin() -> tuple[Mailbox, Callable[[int], bool]]:
        box = mailbox(dovecot, ONE, TWO, *OTHERS)
        sweep(box, tmp_path / box.folder, box.folder + "Kept")
        return box, lambda at: killed(at, restore, box, tmp_path / box.folder)

    for at, box in steps(begin):
        assert still_there(everywhere(box, box.folder + "Kept")), at
        restore(box, tmp_path / box.folder)
        assert Counter(box.lying().values()) == WHOLE, at
        assert box.lying(box.folder + "Kept") == {}, at


def test_a_connection_that_is_cut(dovecot: Dovecot, tmp_path: Path) -> None:
    def begin() -> tuple[Mailbox, Callable[[int], bool]]:
        box = mailbox(dovecot, ONE, TWO, *OTHERS)
        return box, lambda at: cut(at, sweep, box, tmp_path / box.folder)

    for at, box in steps(begin):
        assert still_there(everywhere(box, "")), at
        sweep(box, tmp_path / box.folder)
        assert Counter(box.lying().values()) == SWEPT, at


def test_killed_and_numbered_anew(dovecot: Dovecot, tmp_path: Path) -> None:
    """The folder was moved to another server, say, after the kill: numbers are others, what was half done is found."""

    def begin() -> tuple[Mailbox, Callable[[int], bool]]:
        box = mailbox(dovecot, ONE, *OTHERS)
        return box, lambda at: killed(at, sweep, box, tmp_path / box.folder)

    for at, box in steps(begin):
        _renumber(dovecot, box)
        sweep(box, tmp_path / box.folder)
        assert Counter(box.lying().values()) == SWEPT - Counter([cleaned(TWO)]), at


def _renumber(dovecot: Dovecot, box: Mailbox) -> None:
    messages = list(box.lying().values())
    with dovecot.login("sanne") as client:
        client.delete(box.folder)
        client.create(box.folder)
    box.put(*messages[::-1])
