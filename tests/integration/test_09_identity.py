"""A real Postfix knows the true client behind the gate, and its own checks decide on it."""

import smtplib
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.integration.client import READER, SENDER, swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate, gate
from tests.integration.haproxy import haproxy
from tests.integration.mail import plain, trace
from tests.integration.postfix import Postfix, postfix
from tests.integration.process import eventually, free_port

from sluis.smtp.client import Client, header

WELCOME, UNWELCOME = "192.0.2.7", "192.0.2.66"


class Balanced(smtplib.SMTP):
    """A client whose connection a balancer makes: it says first for whom."""

    def __init__(self, port: int, preamble: bytes) -> None:
        self._preamble = preamble
        super().__init__("127.0.0.1", port, "sender.example", timeout=30)

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:  # type: ignore[override]
        made = super()._get_socket(host, port, timeout)
        made.sendall(self._preamble)
        return made


def balancer(address: str, version: int = 2) -> bytes:
    """What it says, in either version of its protocol."""
    if version == 1:
        return f"PROXY TCP4 {address} 127.0.0.1 40000 25\r\n".encode()
    return header(Client(address, 40_000, "127.0.0.1", 25))


def proxied(port: int) -> str:
    """Postfix' service at a port where it hears a PROXY header."""
    return f"127.0.0.1:{port} inet n - n - - smtpd -o smtpd_upstream_proxy_protocol=haproxy\n"


@contextmanager
def before(server: Postfix, identity: str) -> Iterator[Gate]:
    """A gate that listens to everybody and names no domains, since Postfix decides; its other port hears PROXY."""
    port = server.port if identity == "xclient" else server.others[0]
    settings = {"upstream_identity": identity, "proxy_from": ["127.0.0.1"], "upstream_tls": {"mode": "off"}}
    with gate(f"smtp://127.0.0.1:{port}", settings) as made:
        yield made


@pytest.fixture(scope="module")
def server(dovecot: Dovecot) -> Iterator[Postfix]:
    """Postfix with a block list of its own, that believes this machine by XCLIENT and, at a port, by PROXY."""
    settings = {
        "smtpd_client_restrictions": f"check_client_access inline:{{ {{ {UNWELCOME} = 554 5.7.1 listed }} }}",
        "smtpd_authorized_xclient_hosts": "127.0.0.0/8",
        "smtpd_authorized_xforward_hosts": "127.0.0.0/8",
        "mynetworks": "192.0.2.128/25",
    }
    port = free_port()
    with postfix(dovecot.socket, settings, proxied(port), (port,)) as made:
        yield made


@pytest.fixture(scope="module", params=["xclient", "proxy"])
def door(request: pytest.FixtureRequest, server: Postfix) -> Iterator[Gate]:
    with before(server, request.param) as made:
        yield made


@pytest.mark.parametrize("version", [1, 2])
def test_postfix_logs_the_true_client(door: Gate, server: Postfix, dovecot: Dovecot, version: int) -> None:
    mark, sent = plain()
    with Balanced(door.port, balancer(WELCOME, version)) as client:
        client.sendmail(SENDER, [READER], sent)
    fields = trace(dovecot.message("sanne", mark), sent).decode()
    assert f"Received: from sender.example ([{WELCOME}])" in fields  # the gate's own
    assert f"[{WELCOME}])\r\n\tby mx.lezer.example (Postfix)" in fields
    eventually(lambda: f"[{WELCOME}]" in server.server.told or None, "no such client in the log")


def test_its_block_list_decides(door: Gate) -> None:
    _, sent = plain()
    with (
        Balanced(door.port, balancer(UNWELCOME)) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused, match="listed"),
    ):
        client.sendmail(SENDER, [READER], sent)


def test_its_relay_check_decides(door: Gate) -> None:
    """Who is not of its networks does not get mail through to others, although the gate is."""
    _, sent = plain()
    with (
        Balanced(door.port, balancer(WELCOME)) as client,
        pytest.raises(smtplib.SMTPRecipientsRefused, match="Relay access denied"),
    ):
        client.sendmail(SENDER, ["anyone@elsewhere.example"], sent)
    with Balanced(door.port, balancer("192.0.2.200")) as client:
        client.ehlo()
        client.mail(SENDER)
        assert client.rcpt("anyone@elsewhere.example")[0] == 250
        client.rset()


def test_a_peer_of_the_balancer_must_say_for_whom_it_connects(door: Gate) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=30) as made:
        made.sendall(b"EHLO sender.example\r\n")
        assert made.recv(100) == b""
    assert 'sluis_refused_total{edge="smtp",reason="proxy-header"}' in door.metrics()


def test_a_balancer_in_front_passes_the_client_on(door: Gate, dovecot: Dovecot) -> None:
    """HAProxy's own header and health check, of the version that others run."""
    mark, sent = plain()
    with haproxy(door) as balanced:
        assert swaks(balanced.port, sent).code == 0
    fields = trace(dovecot.message("sanne", mark), sent).decode()
    assert "Received: from sender.example ([127.0.0.1])" in fields


def test_a_server_that_may_not_be_told_gets_no_mail(dovecot: Dovecot) -> None:
    """It would take every client for the gate: the client hears 451 and keeps its mail."""
    with (
        postfix(dovecot.socket) as plain_server,
        gate(f"smtp://127.0.0.1:{plain_server.port}", {"upstream_identity": "xclient"}) as made,
        smtplib.SMTP("127.0.0.1", made.port, "sender.example", timeout=30) as client,
    ):
        client.ehlo()
        assert client.mail(SENDER)[0] == 451


def test_a_believed_peer_names_its_client(server: Postfix, dovecot: Dovecot) -> None:
    """A gate before the gate: XCLIENT in and XCLIENT out, and XFORWARD passed on to the log."""
    settings = {"upstream_identity": "xclient", "xclient_from": ["127.0.0.0/8"], "upstream_tls": {"mode": "off"}}
    mark, sent = plain()
    with (
        gate(f"smtp://127.0.0.1:{server.port}", settings) as made,
        smtplib.SMTP("127.0.0.1", made.port, "sender.example", timeout=30) as client,
    ):
        client.ehlo()
        assert set(client.esmtp_features["xclient"].split()) >= {"NAME", "ADDR", "HELO"}
        assert client.docmd("XCLIENT", "COLOUR=blue")[0] == 501
        assert client.docmd("XCLIENT", f"NAME=front.example ADDR={WELCOME}")[0] == 220
        assert client.mail(SENDER)[0] == 503  # the session begins anew
        client.ehlo()
        assert client.docmd("XFORWARD", f"NAME=far.example ADDR={UNWELCOME}")[0] == 250
        client.sendmail(SENDER, [READER], sent)
    fields = trace(dovecot.message("sanne", mark), sent).decode()
    assert f"(front.example [{WELCOME}])" in fields
    eventually(lambda: f"client=front.example[{WELCOME}]" in server.server.told or None, "not in the log")


def test_others_name_nobody(route_door: Gate) -> None:
    with smtplib.SMTP("127.0.0.1", route_door.port, "sender.example", timeout=30) as client:
        client.ehlo()
        assert "xclient" not in client.esmtp_features
        assert client.docmd("XCLIENT", f"ADDR={WELCOME}")[0] == 500
        assert client.docmd("XFORWARD", f"ADDR={WELCOME}")[0] == 500


@pytest.fixture
def route_door(server: Postfix) -> Iterator[Gate]:
    with gate(f"smtp://127.0.0.1:{server.port}", {"accept_domains": ["lezer.example"]}) as made:
        yield made
