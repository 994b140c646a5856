"""STARTTLS on both sides: swaks to Sluis, and Sluis to Postfix, whose certificate must be the right one."""

from collections.abc import Iterator

import pytest
from tests.integration import gate as gate_server
from tests.integration import postfix as postfix_server
from tests.integration.certificate import Certificate, certificate
from tests.integration.client import swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate
from tests.integration.mail import cleaned, newsletter, plain, trace
from tests.integration.postfix import Postfix

_NO_TLS = 29  # swaks: TLS was asked for and could not be had


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Sluis' own."""
    return certificate(tmp_path_factory.mktemp("tls"), "gate.example")


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Postfix' own."""
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(scope="module")
def secret(dovecot: Dovecot, theirs: Certificate) -> Iterator[Postfix]:
    """A Postfix that takes no mail without TLS."""
    settings = {
        "smtpd_tls_cert_file": str(theirs.certificate),
        "smtpd_tls_key_file": str(theirs.key),
        "smtpd_tls_security_level": "encrypt",
        "smtpd_tls_received_header": "yes",
    }
    with postfix_server.postfix(dovecot.socket, settings) as server:
        yield server


@pytest.fixture(scope="module")
def sealed(secret: Postfix, ours: Certificate, theirs: Certificate) -> Iterator[Gate]:
    """Sluis with TLS on both sides, which it insists on."""
    settings = {
        "tls": {"certificate": str(ours.certificate), "key": str(ours.key), "required": True},
        "upstream_tls": {"mode": "required", "ca": str(theirs.certificate)},
    }
    with gate_server.gate(f"smtp://localhost:{secret.port}", settings) as server:
        yield server


def test_mail_is_encrypted_all_the_way(sealed: Gate, dovecot: Dovecot):
    mark, sent = newsletter()
    done = swaks(sealed.port, sent, "--tls")
    assert done.code == 0, done.dialogue
    assert "=== TLS started with cipher" in done.dialogue
    added = trace(dovecot.message("sanne", mark), cleaned(sent))
    assert b"(Sluis) with ESMTPS id " in added
    assert b"(using TLSv1.3 with cipher" in added


def test_the_certificate_shown_is_ours(sealed: Gate, ours: Certificate):
    _, sent = plain()
    options = ("--tls-verify", "--tls-ca-path", str(ours.certificate))
    assert swaks(sealed.port, sent, "--tls", *options).code == 0


def test_no_mail_without_tls_where_it_is_required(sealed: Gate):
    _, sent = plain()
    done = swaks(sealed.port, sent)
    assert done.code == 23  # swaks: MAIL was refused
    assert "<** 530 5.7.0 " in done.dialogue


def test_no_mail_to_a_server_that_shows_another_certificate(secret: Postfix, ours: Certificate):
    settings = {"upstream_tls": {"mode": "required", "ca": str(ours.certificate)}}
    with gate_server.gate(f"smtp://localhost:{secret.port}", settings) as server:
        _, sent = plain()
        done = swaks(server.port, sent)
        assert done.code == 23
        assert "<** 451 4." in done.dialogue


def test_no_starttls_is_offered_without_a_certificate(gate: Gate):
    _, sent = plain()
    assert swaks(gate.port, sent, "--tls").code == _NO_TLS
