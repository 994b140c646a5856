"""The session with a real Dovecot: what it reads it leaves as it was, and what it writes is what it was given."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pytest
from tests.account.issuer import TOKEN, issuer
from tests.account.mailbox import ARRIVED, Lying, able, mailbox
from tests.integration import dovecot as dovecot_server
from tests.integration.certificate import Certificate, certificate
from tests.integration.dovecot import PASSWORD, Dovecot

from sluis.account.folder import Brought, Held, Marks
from sluis.account.place import Place
from sluis.account.session import AccountError, Session, _ranges
from sluis.config.address import Endpoint

A = b"Subject: a\r\n\r\nfirst\r\n"
B = b"Subject: b\r\n\r\nsecond, with a lone \r and 8 bit \xe9\r\n"
FLAGS = frozenset({"\\Seen", "\\Flagged", "$Label1", "Gelezen"})


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"), "dovecot")


@pytest.fixture(scope="module")
def dovecot(secure: Certificate) -> Iterator[Dovecot]:
    with dovecot_server.dovecot(secure) as server:
        yield server


def test_it_lists_and_reads_and_changes_nothing(dovecot: Dovecot) -> None:
    box = mailbox(dovecot, Lying(A), Lying(B, FLAGS))
    before = box.lying()
    with box.session() as session:
        folder = session.examine(box.folder)
        assert (folder.name, folder.messages, folder.following) == (box.folder, 2, 3)
        first, second = session.listed()
        assert (first, second) == (Held(1, len(A)), Held(2, len(before[2].raw)))
        assert session.listed(2) == [second]
        assert session.listed(3) == []
        gone = Held(7, 1)
        assert list(session.bodies([first, second, gone])) == [
            Brought(first, A),
            Brought(second, before[2].raw),
            Brought(gone, None),
        ]
        assert session.marks(2) == Marks(FLAGS, ARRIVED)
        assert session.marks(7) is None
        with suppress(AccountError):
            session.mark_deleted(1)
    assert box.lying() == before


def test_an_empty_folder(dovecot: Dovecot) -> None:
    with mailbox(dovecot).session() as session:
        session.examine("INBOX")
        assert session.listed() == []


def test_it_appends_every_octet_and_mark_and_removes_nothing_but_what_it_was_told(dovecot: Dovecot) -> None:
    box = mailbox(dovecot, Lying(A), Lying(A, frozenset({"\\Deleted"})))
    with box.session() as session:
        session.select(box.folder)
        assert session.append(B, Marks(FLAGS, ARRIVED)) == 3
        session.mark_deleted(1)
        session.expunge(1)
        session.make("elsewhere")
        session.make("elsewhere")
        assert "elsewhere" in session.folders()
    assert box.lying() == {2: Lying(A, frozenset({"\\Deleted"})), 3: Lying(B, FLAGS)}
    with box.session() as session:
        session.select(box.folder)
        session.flag(3, frozenset({"\\Seen"}))
        session.move(3, "elsewhere")
    assert box.lying().keys() == {2}
    assert box.lying("elsewhere") == {1: Lying(B, frozenset({"\\Seen"}))}


def test_a_server_that_can_do_less_is_given_every_octet_that_imaplib_lets_through() -> None:
    with dovecot_server.dovecot(extra=able("IMAP4rev1 UIDPLUS")) as bare:
        box = mailbox(bare)
        with box.session() as session:
            assert session.able >= {"IMAP4REV1", "UIDPLUS"}
            assert "MULTIAPPEND" not in session.able
            session.select(box.folder)
            assert session.append(A, Marks(FLAGS, ARRIVED)) == 1
            with pytest.raises(AccountError):
                session.move(1, "INBOX")
        assert box.lying() == {1: Lying(A, FLAGS)}


def test_a_certificate_has_to_hold(dovecot: Dovecot, secure: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = mailbox(dovecot).place
    for place in (
        replace(inner, endpoint=Endpoint("localhost", dovecot.imaps), implicit=True, plaintext=False),
        replace(inner, endpoint=Endpoint("localhost", dovecot.imap), plaintext=False),
    ):
        with pytest.raises(AccountError, match="certificate"):
            Session(place, PASSWORD)
        monkeypatch.setenv("SSL_CERT_FILE", str(secure.certificate))
        with Session(place, PASSWORD) as session:
            assert "INBOX" in session.folders()
        monkeypatch.delenv("SSL_CERT_FILE")


@pytest.mark.parametrize("mechanism", ["oauthbearer", "xoauth2"])
def test_a_token_in_place_of_a_password(mechanism: str) -> None:
    with (
        issuer(mechanism) as passdb,
        dovecot_server.dovecot(extra=f"auth_mechanisms = plain {mechanism}\n{passdb}") as server,
    ):
        place = mailbox(server).place
        with Session(place, TOKEN, oauth=True) as session:
            assert "INBOX" in session.folders()
        with pytest.raises(AccountError, match="login was refused") as refused:
            Session(place, "bad-token", oauth=True)
        assert "bad-token" not in str(refused.value)


def test_without_starttls_no_password_is_sent() -> None:
    with dovecot_server.dovecot() as bare:
        place = Place(Endpoint("127.0.0.1", bare.imap), False, "sanne@example.net")
        with pytest.raises(AccountError, match=r"(?i)starttls"):
            Session(place, PASSWORD)


def test_a_wrong_password_and_no_server_are_one_line_without_the_password(dovecot: Dovecot) -> None:
    place = mailbox(dovecot).place
    for where, word in ((place, "login was refused"), (replace(place, endpoint=Endpoint("127.0.0.1", 1)), "refused")):
        with pytest.raises(AccountError, match=word) as refused:
            Session(where, "geheim-é")
        assert "geheim" not in str(refused.value)
        assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there(dovecot: Dovecot) -> None:
    with mailbox(dovecot).session() as session, pytest.raises(AccountError):
        session.examine("nowhere")


@pytest.mark.parametrize(
    ("messages", "ranges"),
    [
        (0, []),
        (1, ["1:1"]),
        (50_000, ["1:50000"]),
        (50_001, ["1:50000", "50001:50001"]),
    ],
)
def test_a_large_folder_is_listed_in_slices(messages: int, ranges: list[str]) -> None:
    assert _ranges(messages) == ranges
