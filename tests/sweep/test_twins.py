"""A server that takes a copy for a message it has, as some know mail by its Message-ID: nothing there is lost."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.account.mailbox import Lying, mailbox
from tests.integration import dovecot as dovecot_server
from tests.integration.dovecot import Dovecot
from tests.sweep.stage import FLAGS, PLANNING, TRACKING, UNTOUCHED, cleaned, sweep

from sluis.account.folder import Marks
from sluis.account.session import AccountError, Session
from sluis.sweep.journal import Journal
from sluis.sweep.ledger import Half
from sluis.sweep.note import Begun, Copied, Exact, Meant, Removing
from sluis.sweep.work import Sweep

ONE, TWO = Lying(TRACKING[0], FLAGS), Lying(TRACKING[1])


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server.dovecot() as server:
        yield server


ORIGINAL, ANOTHER, ARRIVED_SINCE, UNTOLD = 1, 2, 4, None


@pytest.mark.parametrize("answer", [ORIGINAL, ANOTHER, ARRIVED_SINCE, UNTOLD])
@pytest.mark.parametrize("keep", ["", "Twins"])
def test_it_stops_and_every_message_stays(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: int | None, keep: str
) -> None:
    box = mailbox(dovecot, ONE, TWO, Lying(UNTOUCHED[0]))
    marks = Session.marks

    def come(session: Session, uid: int) -> Marks | None:
        """Mail arrives after the folder was opened, and before the copy is given to the server."""
        if uid == 1 and len(box.lying()) == 3:
            box.put(ONE)
        return marks(session, uid)

    monkeypatch.setattr(Session, "marks", come)
    monkeypatch.setattr(Session, "append", lambda *_: answer)
    for _ in range(2):
        with pytest.raises(AccountError, match=r"might be lost|does not show it"):
            sweep(box, tmp_path / "journal", keep)
        assert list(box.lying().values()) == [ONE, TWO, Lying(UNTOUCHED[0]), ONE]


def test_of_like_messages_one_copy_does_not_do(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    box = mailbox(dovecot, ONE, ONE)
    append = Session.append
    copies: list[int | None] = []

    def once(session: Session, raw: bytes, marks: Marks) -> int | None:
        copies.append(copies[0] if copies else append(session, raw, marks))
        return copies[-1]

    monkeypatch.setattr(Session, "append", once)
    with pytest.raises(AccountError, match="might be lost"):
        sweep(box, tmp_path / "journal")
    assert list(box.lying().values()) == [ONE, cleaned(ONE)]


@pytest.mark.parametrize("copy", [1, 2])
@pytest.mark.parametrize("removing", [True, False])
def test_a_journal_that_takes_an_original_for_its_copy(
    dovecot: Dovecot, tmp_path: Path, copy: int, removing: bool
) -> None:
    """As one could be left before this was seen to: nothing is removed for it, and the message is swept anew."""
    box = mailbox(dovecot, ONE, TWO)
    plan = PLANNING.of(ONE.raw)
    with box.session() as session, Journal(tmp_path / "journal") as journal:
        folder = session.select(box.folder)
        journal.keep(Begun(box.place.token(box.folder), folder.validity, "test"))
        journal.keep(meant := Meant(1, 3, plan.original, Exact.of(plan.cleaned), plan.record))
        journal.keep(Copied(copy))
        if removing:
            journal.keep(Removing(""))
        with pytest.raises(AccountError, match="might be lost"):
            Sweep(session, folder, journal)._withdraw(copy, "for a test")
        assert journal.ledger.half == Half(meant, folder.validity, None, "" if removing else None)
    assert list(box.lying().values()) == [ONE, TWO]
    sweep(box, tmp_path / "journal")
    assert list(box.lying().values()) == [cleaned(ONE), cleaned(TWO)]
