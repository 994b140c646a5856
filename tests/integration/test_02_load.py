"""Postfix' own load generator sends two hundred messages over four sessions at once: all arrive."""

from tests.integration.client import smtp_source
from tests.integration.fixtures import Route

MESSAGES = 200
_DELIVERED = 'sluis_upstream_replies_total{command="data",reply="2xx"}'


def test_every_message_taken_arrives_once(route: Route):
    before = route.prometheus.value(_DELIVERED)
    smtp_source(route.gate.port, MESSAGES, "-S", "from the load generator", "-l", "60000")
    assert len(route.dovecot.messages("sanne", "from the load generator", MESSAGES)) == MESSAGES
    route.prometheus.reaches(_DELIVERED, before + MESSAGES)


def test_several_messages_go_over_one_session(route: Route):
    smtp_source(route.gate.port, 20, "-s", "1", "-d", "-S", "over one session")
    assert len(route.dovecot.messages("sanne", "over one session", 20)) == 20
