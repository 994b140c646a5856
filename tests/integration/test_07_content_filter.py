"""Sluis as Postfix' own after-queue filter: Postfix takes the mail, hands it to Sluis, and takes it back clean."""

from collections.abc import Iterator

import pytest
from tests.integration import gate as gate_server
from tests.integration import postfix as postfix_server
from tests.integration.client import swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate
from tests.integration.mail import cleaned, newsletter, plain, trace
from tests.integration.postfix import Postfix
from tests.integration.process import free_port


@pytest.fixture(scope="module")
def filtered(dovecot: Dovecot) -> Iterator[tuple[Postfix, Gate]]:
    """Postfix with Sluis as its content filter; what comes back comes in at a port with no filter."""
    port = free_port()
    settings = {"content_filter": f"smtp:[127.0.0.1]:{port}", "soft_bounce": "no"}
    with (
        postfix_server.postfix(dovecot.socket, settings) as server,
        gate_server.gate(f"smtp://127.0.0.1:{server.again}", port=port) as filtering,
    ):
        yield server, filtering


def test_what_postfix_takes_is_delivered_clean(filtered: tuple[Postfix, Gate], dovecot: Dovecot):
    server, filtering = filtered
    mark, sent = newsletter()
    done = swaks(server.port, sent)
    assert done.code == 0, done.dialogue
    added = trace(dovecot.message("sanne", mark), cleaned(sent))
    assert added.count(b"by mx.lezer.example (Postfix)") == 2
    assert added.count(b"by gate.example (Sluis)") == 1
    assert 'sluis_messages_total{edge="smtp",verdict="cleaned"} 1.0' in filtering.metrics()


def test_the_null_sender_passes_the_filter(filtered: tuple[Postfix, Gate], dovecot: Dovecot):
    server, _ = filtered
    mark, sent = plain()
    assert swaks(server.port, sent, sender="<>").code == 0
    assert trace(dovecot.message("sanne", mark), sent).startswith(b"Return-Path: <>\r\n")


def test_a_reader_nobody_knows_is_refused_before_the_queue(filtered: tuple[Postfix, Gate]):
    server, _ = filtered
    _, sent = plain()
    assert swaks(server.port, sent, to="niemand@lezer.example").code == 24
