"""Users log in through Sluis at Postfix, which asks Dovecot, by the lines of deploy/postfix/README.md."""

import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from tests.integration import dovecot as dovecot_server
from tests.integration import gate as gate_server
from tests.integration import postfix as postfix_server
from tests.integration.certificate import certificate
from tests.integration.client import swaks
from tests.integration.dovecot import PASSWORD, Dovecot, address
from tests.integration.gate import Gate
from tests.integration.mail import cleaned, newsletter, plain, trace
from tests.integration.postfix import Postfix
from tests.integration.process import free_port
from tests.integration.recipe import recipe

_REFUSED, _WRONG = 23, 28  # swaks: MAIL was refused; the login was


@dataclass(frozen=True, slots=True)
class Way:
    """Of a message that is sent: to `gate`, then `postfix`, into a mailbox of `dovecot`."""

    gate: Gate
    postfix: Postfix
    dovecot: Dovecot


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Way]:
    """The recipe, with a Dovecot that knows of more than one way to log in."""
    port, behind, asking = free_port(), free_port(), free_port()
    ours = certificate(tmp_path_factory.mktemp("tls"), "gate.example")
    knowing = f"auth_mechanisms = plain login cram-md5\nservice auth {{\n inet_listener {{\n port = {asking}\n }}\n}}\n"
    changes = {
        "0.0.0.0:587": f"0.0.0.0:{port}",
        "10587": str(behind),
        "private/auth": f"inet:127.0.0.1:{asking}",
        "/etc/ssl/mail.pem": str(ours.certificate),
        "/etc/ssl/private/mail.key": str(ours.key),
    }
    lines = recipe("For your own users", changes)
    with (
        dovecot_server.dovecot(extra=knowing) as mailboxes,
        postfix_server.postfix(mailboxes.socket, lines.main, lines.master, (behind,)) as server,
        gate_server.gate(lines.smtp["upstream"], lines.smtp, port=port) as gate,
    ):
        yield Way(gate, server, mailboxes)


def credentials(mechanism: str, password: str = PASSWORD) -> tuple[str, ...]:
    return "--auth", mechanism, "--auth-user", address("teun"), "--auth-password", password


@pytest.mark.parametrize("mechanism", ["PLAIN", "LOGIN", "CRAM-MD5"])
def test_whoever_logs_in_sends_clean_mail(way: Way, mechanism: str) -> None:
    mark, sent = newsletter()
    done = swaks(way.gate.port, sent, "--tls", *credentials(mechanism), sender=address("teun"))
    assert done.code == 0, done.dialogue
    added = trace(way.dovecot.message("sanne", mark), cleaned(sent))
    assert b"(Sluis) with ESMTPSA id " in added


def test_a_wrong_password_is_postfix_to_refuse(way: Way) -> None:
    _, sent = plain()
    done = swaks(way.gate.port, sent, "--tls", *credentials("PLAIN", "lock-gat"))
    assert (done.code, "535 5.7.8 Error: authentication failed" in done.dialogue) == (_WRONG, True)


def test_nobody_sends_without_a_login(way: Way) -> None:
    _, sent = plain()
    done = swaks(way.gate.port, sent, "--tls")
    assert (done.code, "<~* 530 5.7.0 Log in first" in done.dialogue) == (_REFUSED, True)


def test_within_the_machine_a_login_needs_no_tls(way: Way) -> None:
    _, sent = plain()
    assert swaks(way.gate.port, sent, *credentials("PLAIN")).code == 0


def test_postfix_knows_who_it_was(way: Way) -> None:
    _, sent = plain()
    swaks(way.gate.port, sent, "--tls", *credentials("PLAIN"))
    log = (way.postfix.home / "log").read_text()
    assert re.search(r"client=\S*\[127\.0\.0\.1\], sasl_method=PLAIN, sasl_username=teun@lezer\.example", log)


def test_postfix_knows_every_parameter(way: Way) -> None:
    assert way.postfix.complaints() == ""


def test_no_login_is_in_the_log(way: Way) -> None:
    _, sent = plain()
    assert swaks(way.gate.port, sent, "--tls", *credentials("PLAIN")).code == 0
    said = b64encode(f"\0{address('teun')}\0{PASSWORD}".encode()).decode()
    log = way.gate.server.log.read_text()
    assert "message delivered" in log
    assert said not in log
