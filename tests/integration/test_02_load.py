"""Postfix' own load generator sends two hundred messages over four sessions at once: all arrive."""

from tests.integration.client import smtp_source
from tests.integration.fixtures import Path

MESSAGES = 200
_DELIVERED = 'sluis_upstream_replies_total{command="data",reply="2xx"}'


def test_every_message_taken_arrives_once(path: Path):
    before = path.prometheus.value(_DELIVERED)
    smtp_source(path.gate.port, MESSAGES, "-S", "from the load generator", "-l", "60000")
    assert len(path.dovecot.messages("sanne", "from the load generator", MESSAGES)) == MESSAGES
    path.prometheus.reaches(_DELIVERED, before + MESSAGES)


def test_several_messages_go_over_one_session(path: Path):
    smtp_source(path.gate.port, 20, "-s", "1", "-d", "-S", "over one session")
    assert len(path.dovecot.messages("sanne", "over one session", 20)) == 20
