"""What notes come to, and what is decided about a message that was half done."""

from datetime import UTC, datetime

import pytest

from sluis.account.folder import DELETED, Marks
from sluis.audit.record import Record, State
from sluis.sweep.ledger import Half, Ledger, Step, Swept, step, unlike
from sluis.sweep.note import Begun, Copied, Done, End, Exact, Meant, Note, Passed, Removing, Restored, Restoring

WHEN = datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
SEEN = Marks(frozenset({"\\Seen"}), WHEN)
DYING = Marks(frozenset({"\\Seen", DELETED}), WHEN)
BEGUN = Begun("0123", 7, "rules")
MEANT = Meant(4, 9, Exact.of(b"original"), Exact.of(b"clean"), Record("", "", "", "", State.READ))


def ledger(*notes: Note) -> Ledger:
    made = Ledger()
    for note in notes:
        made.add(note)
    return made


@pytest.mark.parametrize(
    ("original", "copied", "removing", "wanted"),
    [
        (SEEN, False, False, Step.AGAIN),
        (SEEN, True, False, Step.FINISH),
        (SEEN, True, True, Step.FINISH),
        (DYING, True, True, Step.FINISH),
        (DYING, True, False, Step.WITHDRAW),
        (DYING, False, False, Step.AGAIN),
        (SEEN, False, True, Step.AGAIN),
        (None, True, True, Step.CLOSE),
        (None, True, False, Step.WITHDRAW),
        (None, False, True, Step.FORGET),
        (None, False, False, Step.FORGET),
    ],
)
def test_what_is_to_be_done_about_a_half_done_message(
    original: Marks | None, copied: bool, removing: bool, wanted: Step
) -> None:
    assert step(original, copied=copied, removing=removing) is wanted


@pytest.mark.parametrize(
    ("raw", "marks", "differs"),
    [
        (b"clean", SEEN, ""),
        (b"clean", Marks(SEEN.flags | {"$Junk"}, WHEN), ""),
        (None, SEEN, "not there"),
        (b"clean", None, "not there"),
        (b"clear", SEEN, "octets"),
        (b"clean ", SEEN, "octets"),
        (b"clean", Marks(SEEN.flags, WHEN.replace(second=10)), "date"),
        (b"clean", Marks(frozenset(), WHEN), "flags"),
    ],
)
def test_a_copy_has_to_be_what_was_given(raw: bytes | None, marks: Marks | None, differs: str) -> None:
    why = unlike(raw, marks, Exact.of(b"clean"), SEEN)
    assert differs in why
    assert bool(why) == bool(differs)


def test_a_message_is_half_done_until_it_is_done() -> None:
    made = ledger(BEGUN, Passed(1), MEANT, Copied(9), Removing("Kept"))
    assert made.half == Half(MEANT, 7, 9, "Kept")
    made.add(Done(End.KEPT))
    assert made.half is None
    assert made.swept == [Swept(MEANT, End.KEPT, "", "Kept")]
    assert (made.passed, made.copies) == ({1}, {9})
    made.add(Restoring(0))
    made.add(Restored(0))
    assert (made.restoring, made.restored) == ({0}, {0})


def test_an_original_is_kept_only_where_it_was_moved() -> None:
    assert ledger(BEGUN, MEANT, Removing("Kept"), Done(End.REMOVED)).swept[0].keep == ""
    assert ledger(BEGUN, MEANT, Done(End.WITHDRAWN, "why")).swept == [Swept(MEANT, End.WITHDRAWN, "why", "")]


def test_what_was_passed_by_other_rules_is_read_again_and_copies_stay_ours() -> None:
    made = ledger(BEGUN, Passed(1), MEANT, Copied(9), Done(End.REMOVED), Begun("0123", 7, "new rules"))
    assert (made.passed, made.copies) == (set(), {9})


def test_numbers_given_up_count_for_nothing_and_a_half_done_message_keeps_its_own() -> None:
    made = ledger(BEGUN, Passed(1), MEANT, Copied(9), Begun("0123", 8, "rules"))
    assert (made.passed, made.copies) == (set(), set())
    assert made.half == Half(MEANT, 7, 9)


def test_copies_that_stand_are_counted() -> None:
    once = [MEANT, Copied(9), Removing("Kept"), Done(End.KEPT)]
    assert ledger(BEGUN, *once, *once, MEANT, Done(End.WITHDRAWN)).standing(MEANT.cleaned) == 2
    assert ledger(BEGUN, *once, *once, Restored(0)).standing(MEANT.cleaned) == 1
    assert ledger(BEGUN, *once).standing(MEANT.original) == 0


@pytest.mark.parametrize(
    "notes",
    [[MEANT], [BEGUN, MEANT, MEANT], [BEGUN, Copied(9)], [BEGUN, Removing("")], [BEGUN, Done(End.GONE)], [Restored(0)]],
)
def test_notes_that_do_not_follow(notes: list[Note]) -> None:
    with pytest.raises(ValueError, match="does not follow"):
        ledger(*notes)
