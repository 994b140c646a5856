"""Sweeps of a real Dovecot: exact octets, flags, keywords and dates, and no message but those that track touched."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.account.mailbox import Lying, Mailbox, mailbox
from tests.integration import dovecot as dovecot_server
from tests.integration.dovecot import Dovecot
from tests.sweep.stage import FLAGS, KEEP, PLANNING, TRACKING, UNTOUCHED, cleaned, restore, sweep

from sluis.account.session import Session
from sluis.sweep.journal import Journal
from sluis.sweep.note import Begun, Copied, End, Exact, Meant

DAYS = [datetime(2001 + year, 2, 3, 4, 5, 6, tzinfo=UTC) for year in range(100)]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server.dovecot() as server:
        yield server


@pytest.fixture
def journal(tmp_path: Path) -> Path:
    return tmp_path / "journal"


def everything() -> list[Lying]:
    """Every fixture, each with flags and a date of its own."""
    flags = [frozenset({"\\Seen"}), frozenset(), FLAGS, frozenset({"$Label5"}), frozenset({"\\Draft"})]
    return [
        Lying(raw, flags[number % len(flags)], DAYS[number % len(DAYS)])
        for number, raw in enumerate([*TRACKING, *UNTOUCHED])
    ]


def ends(journal: Path) -> list[tuple[End, str]]:
    with Journal(journal) as opened:
        return [(each.end, each.why) for each in opened.ledger.swept]


def test_all_that_tracks_is_replaced_and_comes_back(dovecot: Dovecot, journal: Path) -> None:
    messages = everything()
    box = mailbox(dovecot, *messages)
    before = box.lying()
    assert list(before.values()) == messages
    sweep(box, journal, KEEP)
    after = box.lying()
    tracked, others = messages[: len(TRACKING)], messages[len(TRACKING) :]
    assert list(after.values()) == [*others, *map(cleaned, tracked)]
    assert [before[uid] for uid in after if uid in before] == others
    assert list(box.lying(KEEP).values()) == tracked

    written = journal.read_bytes()
    sweep(box, journal, KEEP)
    assert box.lying() == after
    assert journal.read_bytes() == written

    assert restore(box, journal) == len(tracked)
    assert list(box.lying().values()) == [*others, *tracked]
    assert box.lying(KEEP) == {}
    assert restore(box, journal) == 0


def test_originals_that_are_not_kept_are_gone(dovecot: Dovecot, journal: Path) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0], FLAGS), Lying(UNTOUCHED[0]))
    sweep(box, journal)
    assert box.lying() == {2: Lying(UNTOUCHED[0]), 3: cleaned(Lying(TRACKING[0], FLAGS))}
    assert ends(journal) == [(End.REMOVED, "")]
    assert restore(box, journal) == 0


def test_what_others_marked_for_deletion_is_theirs(dovecot: Dovecot, journal: Path) -> None:
    dying = Lying(TRACKING[0], frozenset({"\\Deleted"}))
    box = mailbox(dovecot, dying, Lying(TRACKING[1]), Lying(UNTOUCHED[0], dying.flags))
    sweep(box, journal)
    assert list(box.lying().values()) == [dying, Lying(UNTOUCHED[0], dying.flags), cleaned(Lying(TRACKING[1]))]


def test_mail_that_is_there_twice_stays_twice(dovecot: Dovecot, journal: Path) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]), cleaned(Lying(TRACKING[0])), Lying(TRACKING[0]))
    sweep(box, journal, "twice")
    assert list(box.lying().values()) == [cleaned(Lying(TRACKING[0]))] * 3
    assert restore(box, journal) == 2
    assert sorted(each.raw for each in box.lying().values()) == sorted(
        [TRACKING[0], TRACKING[0], cleaned(Lying(TRACKING[0])).raw]
    )


def test_a_copy_carries_its_marks_back_and_one_that_is_gone_leaves_its_original_where_it_is(
    dovecot: Dovecot, journal: Path
) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]), Lying(TRACKING[1]), Lying(TRACKING[2]))
    sweep(box, journal, "left")
    with box.client() as client:
        client.uid("STORE", "4", "FLAGS", "(\\Seen $Read)")
        client.uid("STORE", "5", "FLAGS", "(\\Deleted)")
        client.uid("STORE", "6", "FLAGS", "(\\Deleted)")
        client.uid("EXPUNGE", "6")
    assert restore(box, journal) == 1
    assert Lying(TRACKING[0], frozenset({"\\Seen", "$Read"})) in box.lying().values()
    assert len(box.lying()) == 2
    assert list(box.lying("left").values()) == [Lying(TRACKING[1]), Lying(TRACKING[2])]


class Meddled(Session):
    """A session in whose course another client does something, right after a copy was appended."""

    meddle = staticmethod(lambda: None)

    def append(self, *arguments: object) -> int | None:
        uid = super().append(*arguments)  # type: ignore[arg-type]
        self.meddle()
        return uid


def meddled(box: Mailbox, journal: Path, monkeypatch: pytest.MonkeyPatch, *command: str) -> None:
    def meddle() -> None:
        with box.client() as client:
            client.uid(*command)
            if "(\\Deleted)" in command:
                client.uid("EXPUNGE", "1")

    monkeypatch.setattr("tests.account.mailbox.Session", Meddled)
    monkeypatch.setattr(Meddled, "meddle", staticmethod(meddle))
    sweep(box, journal)


def test_flags_that_are_set_meanwhile_are_kept(
    dovecot: Dovecot, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    meddled(box, journal, monkeypatch, "STORE", "1", "+FLAGS", "(\\Answered)")
    assert box.lying() == {2: replace(cleaned(Lying(TRACKING[0])), flags=frozenset({"\\Answered"}))}


def test_mail_that_is_deleted_meanwhile_stays_deleted(
    dovecot: Dovecot, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    meddled(box, journal, monkeypatch, "STORE", "1", "+FLAGS", "(\\Deleted)")
    assert box.lying() == {}
    assert ends(journal) == [(End.WITHDRAWN, "another client has moved or deleted it meanwhile")]


def test_a_copy_that_the_server_did_not_keep_as_it_was_is_taken_back(
    dovecot: Dovecot, journal: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0], FLAGS))
    before = box.lying()
    append = Session.append
    monkeypatch.setattr(Session, "append", lambda self, raw, marks: append(self, raw + b"\r\nad", marks))
    sweep(box, journal)
    assert box.lying() == before
    assert ends(journal) == [(End.WITHDRAWN, "the server has changed its octets")]
    written = journal.read_bytes()
    sweep(box, journal)
    assert journal.read_bytes() == written


def test_a_journal_that_names_a_copy_of_nothing(dovecot: Dovecot, journal: Path) -> None:
    """The copy was deleted by its reader between two sweeps: the original is replaced as if for the first time."""
    box = mailbox(dovecot, Lying(TRACKING[0]))
    plan = PLANNING.of(TRACKING[0])
    with box.session() as session, Journal(journal) as opened:
        folder = session.examine(box.folder)
        opened.keep(Begun(box.place.token(box.folder), folder.validity, "test"))
        opened.keep(Meant(1, 2, plan.original, Exact.of(plan.cleaned), plan.record))
        opened.keep(Copied(9))
    sweep(box, journal)
    assert box.lying() == {2: cleaned(Lying(TRACKING[0]))}


@pytest.mark.parametrize("left", [[], [Lying(TRACKING[0], arrived=DAYS[5])]])
def test_in_new_numbers_mail_that_is_like_a_copy_is_not_taken_for_one(
    dovecot: Dovecot, journal: Path, left: list[Lying]
) -> None:
    """A sweep was killed before it appended the copy of a second, like message; then the folder got new numbers, and
    that message has perhaps gone. The copy of the first must stay.
    """
    box = mailbox(dovecot, Lying(TRACKING[0]))
    sweep(box, journal)
    first = cleaned(Lying(TRACKING[0]))
    plan = PLANNING.of(TRACKING[0])
    with Journal(journal) as opened:
        opened.keep(Meant(9, 3, plan.original, Exact.of(plan.cleaned), plan.record))
    with dovecot.login("sanne") as client:
        client.delete(box.folder)
        client.create(box.folder)
    box.put(first, *left)
    sweep(box, journal)
    assert list(box.lying().values()) == [first, *map(cleaned, left)]


def test_the_journal_names_nobody(dovecot: Dovecot, journal: Path) -> None:
    box = mailbox(dovecot, *map(Lying, TRACKING))
    sweep(box, journal)
    text = journal.read_text().lower()
    assert [json.loads(each) for each in text.splitlines()]
    for word in ("sanne", "lezer.example", "teun"):
        assert word not in text
