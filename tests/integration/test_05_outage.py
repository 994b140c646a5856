"""Postfix stops: the client keeps its mail with a 4xx. Postfix is back: the same mail goes through."""

from collections.abc import Iterator

import pytest
from tests.integration import gate as gate_server
from tests.integration import postfix as postfix_server
from tests.integration.client import swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate
from tests.integration.mail import cleaned, newsletter, trace
from tests.integration.postfix import Postfix

_TEMPORARY = {23, 24, 26}  # swaks: MAIL, every RCPT, or the message was refused


@pytest.fixture(scope="module")
def frail(dovecot: Dovecot) -> Iterator[Postfix]:
    """A Postfix that may be stopped."""
    with postfix_server.postfix(dovecot.socket) as server:
        yield server


@pytest.fixture(scope="module")
def before_frail(frail: Postfix) -> Iterator[Gate]:
    """Sluis in front of it."""
    with gate_server.gate(f"smtp://127.0.0.1:{frail.port}") as server:
        yield server


def test_mail_waits_with_its_sender_until_postfix_is_back(before_frail: Gate, frail: Postfix, dovecot: Dovecot):
    mark, sent = newsletter()
    frail.stop()
    refused = swaks(before_frail.port, sent)
    assert refused.code in _TEMPORARY
    assert "<** 451 4." in refused.dialogue
    assert 'sluis_failures_total{edge="smtp",stage="upstream-connect"} 0.0' not in before_frail.metrics()

    frail.start()
    accepted = swaks(before_frail.port, sent)
    assert accepted.code == 0, accepted.dialogue
    trace(dovecot.message("sanne", mark), cleaned(sent))
