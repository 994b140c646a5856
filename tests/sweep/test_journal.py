"""The file: added to and never rewritten, a torn end mended, damage told, one writer."""

from pathlib import Path

import pytest

from sluis.audit.record import Record, State
from sluis.sweep.journal import Journal, JournalError
from sluis.sweep.note import Begun, Copied, Done, End, Exact, Meant, Passed

BEGUN = Begun("0123", 7, "rules")
MEANT = Meant(4, 9, Exact.of(b"a"), Exact.of(b"b"), Record("", "", "", "", State.READ))


def test_what_was_noted_is_there(tmp_path: Path) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.keep(BEGUN)
        journal.note(Passed(1))
        journal.keep(MEANT)
    with Journal(path) as journal:
        journal.keep(Done(End.GONE))
        before = journal.ledger
    with Journal(path) as journal:
        assert journal.ledger == before
        assert journal.ledger.begun == BEGUN
        assert journal.age < 60
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("torn", [b'["meant",4', b"\xff", b'["copied",9]'])
def test_a_torn_end_goes_and_the_next_note_takes_its_place(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.keep(BEGUN)
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    with Journal(path) as journal:
        journal.keep(MEANT)
    assert path.read_bytes().startswith(whole)
    with Journal(path) as journal:
        assert journal.ledger.half is not None
        assert journal.ledger.half.copy is None


@pytest.mark.parametrize("damage", [b"x\n", b"\n", b'["copied",9]\n'])
def test_damage_is_told_and_nothing_is_written(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "j"
    with Journal(path) as journal:
        journal.keep(BEGUN)
    path.write_bytes(path.read_bytes() + damage)
    before = path.read_bytes()
    with pytest.raises(JournalError, match="line 2 is damaged"):
        Journal(path)
    assert path.read_bytes() == before


def test_two_cannot_write_at_once(tmp_path: Path) -> None:
    with Journal(tmp_path / "j"), pytest.raises(JournalError, match="another sweep"):
        Journal(tmp_path / "j")
    Journal(tmp_path / "j").__exit__()


def test_a_note_that_cannot_follow_is_our_own_fault(tmp_path: Path) -> None:
    with Journal(tmp_path / "j") as journal, pytest.raises(ValueError, match="does not follow"):
        journal.note(Copied(1))
