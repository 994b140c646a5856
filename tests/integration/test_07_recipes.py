"""The three places for Sluis beside a Postfix, by the very lines of deploy/postfix/README.md."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.integration import gate as gate_server
from tests.integration import postfix as postfix_server
from tests.integration.client import swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate
from tests.integration.mail import cleaned, newsletter, plain, trace
from tests.integration.postfix import DOMAIN, Postfix
from tests.integration.process import free_port
from tests.integration.recipe import recipe

_NO_RECIPIENT = 24  # swaks: every RCPT was refused


@dataclass(frozen=True, slots=True)
class Place:
    """A Postfix and a gate as a recipe has them; `port` is where the world comes in."""

    port: int
    postfix: Postfix
    gate: Gate


@pytest.fixture(scope="module")
def after_queue(dovecot: Dovecot) -> Iterator[Place]:
    """Postfix, from its queue to Sluis, and back into Postfix."""
    port, again = free_port(), free_port()
    lines = recipe("After the queue", {"10024": str(port), "10025": str(again)})
    with (
        postfix_server.postfix(dovecot.socket, lines.main, lines.master, (again,)) as server,
        gate_server.gate(lines.smtp["upstream"], lines.smtp, port=port) as gate,
    ):
        yield Place(server.port, server, gate)


@pytest.fixture(scope="module")
def before_store(dovecot: Dovecot) -> Iterator[Place]:
    """Postfix, from its queue to Sluis, and on to Dovecot."""
    port = free_port()
    lines = recipe("Before the mail store", {"10024": str(port), "/run/dovecot/lmtp": str(dovecot.socket)})
    with (
        postfix_server.postfix(dovecot.socket, lines.main, lines.master) as server,
        gate_server.gate(lines.smtp["upstream"], lines.smtp, port=port) as gate,
    ):
        yield Place(server.port, server, gate)


@pytest.fixture(scope="module")
def in_front(dovecot: Dovecot) -> Iterator[Place]:
    """Sluis, and Postfix behind it."""
    port, behind = free_port(), free_port()
    changes = {"0.0.0.0:25": f"0.0.0.0:{port}", "10025": str(behind), "example.org": DOMAIN}
    lines = recipe("In front of the MX", changes)
    with (
        postfix_server.postfix(dovecot.socket, lines.main, lines.master, (behind,)) as server,
        gate_server.gate(lines.smtp["upstream"], lines.smtp, port=port) as gate,
    ):
        yield Place(port, server, gate)


@pytest.fixture(params=["after_queue", "before_store", "in_front"])
def place(request: pytest.FixtureRequest) -> Place:
    """Each of them."""
    made: Place = request.getfixturevalue(request.param)
    return made


def test_postfix_knows_every_parameter(place: Place):
    assert place.postfix.complaints() == ""


def test_mail_is_delivered_clean(place: Place, dovecot: Dovecot):
    mark, sent = newsletter()
    done = swaks(place.port, sent)
    assert done.code == 0, done.dialogue
    added = trace(dovecot.message("sanne", mark), cleaned(sent))
    assert added.count(b"by gate.example (Sluis)") == 1
    assert 'sluis_messages_total{edge="smtp",verdict="cleaned"} 1.0' in place.gate.metrics()


def test_the_null_sender_stays_null(place: Place, dovecot: Dovecot):
    mark, sent = plain()
    assert swaks(place.port, sent, sender="<>").code == 0
    assert trace(dovecot.message("sanne", mark), sent).startswith(b"Return-Path: <>\r\n")


def test_a_reader_nobody_knows_is_refused_at_the_door(place: Place):
    _, sent = plain()
    assert swaks(place.port, sent, to="niemand@lezer.example").code == _NO_RECIPIENT


def test_after_the_queue_postfix_sees_a_message_twice(after_queue: Place, dovecot: Dovecot):
    mark, sent = plain()
    assert swaks(after_queue.port, sent).code == 0
    assert trace(dovecot.message("sanne", mark), sent).count(b"by mx.lezer.example (Postfix)") == 2


def test_before_the_store_each_mailbox_answers_for_itself(before_store: Place, dovecot: Dovecot):
    """One of two mailboxes is full: the other has the message once, and the sender reads what Dovecot said."""
    mark, sent = plain()
    assert (
        swaks(before_store.port, sent, sender="teun@lezer.example", to="sanne@lezer.example,vol@lezer.example").code
        == 0
    )
    trace(dovecot.message("sanne", mark), sent)
    notice = dovecot.messages("teun", "Undelivered Mail Returned to Sender")[-1]
    assert b"<vol@lezer.example>" in notice
    assert b"552 5.2.2" in notice
    assert b"<sanne@lezer.example>: " not in notice


def test_in_front_nobody_can_relay_not_even_past_sluis(in_front: Place):
    _, sent = plain()
    (behind,) = in_front.postfix.others
    for port in (in_front.port, behind):
        assert swaks(port, sent, to="someone@elsewhere.example").code == _NO_RECIPIENT
