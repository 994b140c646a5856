"""Checks of a real Postfix that ask DNS, a block list and SPF, are of the client behind the gate, not of the gate.

Postfix and its policy service ask whom `/etc/resolv.conf` names. They run where that is a file of the test's own, in a
mount namespace, and the server it names knows one listed address and one domain that says who may send for it.
"""

import random
import smtplib
from collections.abc import Iterator

import pytest
from tests.authentication.server import Server as Names
from tests.authentication.server import server as names
from tests.integration.client import READER
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate
from tests.integration.mail import plain, trace
from tests.integration.postfix import Postfix, postfix
from tests.integration.process import folder, free_port, program
from tests.integration.test_09_identity import Balanced, balancer, before, proxied

from sluis.authentication.question import Question

PERMITTED, LISTED, FORGER = "192.0.2.7", "192.0.2.66", "192.0.2.99"
SENDER = "anna@news.example"
# resolv.conf names no port, so each process that runs these tests has an address of its own.
RESOLVER = f"127.53.{random.randrange(256)}.{random.randrange(1, 255)}"
ZONE = {
    Question("66.2.0.192.bl.example", "A"): (b"127.0.0.2",),
    Question("news.example", "TXT"): (f"v=spf1 ip4:{PERMITTED} ip4:{LISTED} -all".encode(),),
}


@pytest.fixture(scope="module")
def dns() -> Iterator[Names]:
    with names(ZONE, RESOLVER, 53) as made:
        yield made


@pytest.fixture(scope="module")
def server(dovecot: Dovecot, dns: Names) -> Iterator[Postfix]:
    """Postfix as Debian's packages are set up by the book: a block list, and SPF by its policy service."""
    settings = {
        "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
        "mynetworks": "192.0.2.128/25",
        "smtpd_client_restrictions": "reject_rbl_client bl.example",
        "smtpd_recipient_restrictions": "reject_unauth_destination, check_policy_service unix:private/spf",
    }
    port = free_port()
    services = proxied(port) + f"spf unix - n n - 0 spawn user=nobody argv={program('policyd-spf')}\n"
    with folder("names") as home:
        (home / "resolv.conf").write_text(f"nameserver {RESOLVER}\noptions timeout:1 attempts:2\n")
        mounted = f'mount --bind {home}/resolv.conf /etc/resolv.conf && exec "$@"'
        within = [program("unshare"), "--mount", "sh", "-c", mounted, "postfix"]
        with postfix(dovecot.socket, settings, services, (port,), within) as made:
            yield made


@pytest.fixture(scope="module", params=["xclient", "proxy"])
def door(request: pytest.FixtureRequest, server: Postfix) -> Iterator[Gate]:
    with before(server, request.param) as made:
        yield made


def test_spf_passes_for_the_client_behind_the_gate(door: Gate, dovecot: Dovecot) -> None:
    mark, sent = plain()
    with Balanced(door.port, balancer(PERMITTED)) as client:
        client.sendmail(SENDER, [READER], sent)
    fields = trace(dovecot.message("sanne", mark), sent).decode()
    assert "Received-SPF: Pass" in fields
    assert f"client-ip={PERMITTED}" in fields


def test_spf_fails_for_who_may_not_send(door: Gate) -> None:
    _, sent = plain()
    with (
        Balanced(door.port, balancer(FORGER)) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused, match="SPF fail"),
    ):
        client.sendmail(SENDER, [READER], sent)


def test_a_block_list_knows_the_client(door: Gate, dns: Names) -> None:
    _, sent = plain()
    with (
        Balanced(door.port, balancer(LISTED)) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused, match=r"blocked using bl\.example"),
    ):
        client.sendmail(SENDER, [READER], sent)
    asked = {question.name for question in dns.asked}
    assert "66.2.0.192.bl.example" in asked
    assert "1.0.0.127.bl.example" not in asked  # which the gate has
