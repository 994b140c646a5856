"""Dovecot's LMTP right behind Sluis, by TCP and by Unix socket: each recipient has an answer of its own."""

from collections.abc import Iterator

import pytest
from tests.integration import gate as gate_server
from tests.integration.client import swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate
from tests.integration.mail import cleaned, newsletter, plain, trace


@pytest.fixture(scope="module", params=["tcp", "unix"])
def store(request: pytest.FixtureRequest, dovecot: Dovecot) -> Iterator[Gate]:
    """Sluis in front of Dovecot, with no mail server between."""
    upstream = {"tcp": f"lmtp://127.0.0.1:{dovecot.lmtp}", "unix": f"lmtp://{dovecot.socket}"}[request.param]
    with gate_server.gate(upstream) as server:
        yield server


def test_a_newsletter_is_stored_clean(store: Gate, dovecot: Dovecot):
    mark, sent = newsletter()
    done = swaks(store.port, sent)
    assert done.code == 0, done.dialogue
    trace(dovecot.message("sanne", mark), cleaned(sent))


def test_each_of_two_readers_gets_the_message(store: Gate, dovecot: Dovecot):
    mark, sent = plain()
    assert swaks(store.port, sent, to="sanne@lezer.example,teun@lezer.example").code == 0
    for reader in ("sanne", "teun"):
        trace(dovecot.message(reader, mark), sent)


def test_a_reader_nobody_knows_is_refused_with_the_stores_words(store: Gate):
    _, sent = plain()
    done = swaks(store.port, sent, to="niemand@lezer.example")
    assert done.code == 24  # swaks: no recipient was taken
    assert "550 5.1.1 <niemand@lezer.example> User doesn't exist: niemand@lezer.example" in done.dialogue


def test_a_reader_nobody_knows_does_not_keep_mail_from_the_others(store: Gate, dovecot: Dovecot):
    mark, sent = plain()
    done = swaks(store.port, sent, to="niemand@lezer.example,teun@lezer.example")
    assert done.code == 0, done.dialogue
    trace(dovecot.message("teun", mark), sent)


def test_a_full_mailbox_is_told_in_the_stores_words(store: Gate):
    _, sent = plain()
    done = swaks(store.port, sent, to="vol@lezer.example")
    assert done.code == 26  # swaks: the message was refused
    assert "552 5.2.2 <vol@lezer.example> Quota exceeded" in done.dialogue


def test_one_of_two_mailboxes_is_full_and_the_sender_reads_that(store: Gate, dovecot: Dovecot):
    mark, sent = plain()
    done = swaks(store.port, sent, to="sanne@lezer.example,vol@lezer.example")
    assert done.code == 26
    assert "554 5.2.0 1 of 2 recipients have this message, the others never: 552 " in done.dialogue
    trace(dovecot.message("sanne", mark), sent)
