"""What is offered: all that the server offers, but for the ways around the gate, wherever they are told."""

import pytest

from sluis.imap.capability import BEFORE_TLS, offered

ALL = (
    b"IMAP4rev1 IMAP4rev2 COMPRESS=DEFLATE IDLE BINARY CATENATE URLAUTH URLAUTH=BINARY CONVERT STARTTLS LITERAL+ "
    b"AUTH=PLAIN AUTH=SCRAM-SHA-256 AUTH=SCRAM-SHA-256-PLUS LOGIN-REFERRALS JMAPACCESS UTF8=ACCEPT"
)
LEFT = b"IMAP4rev1 IMAP4rev2 IDLE LITERAL+ AUTH=PLAIN AUTH=SCRAM-SHA-256 UTF8=ACCEPT"


@pytest.mark.parametrize(
    "line",
    [b"* CAPABILITY %s\r\n", b"* OK [CAPABILITY %s] hello\r\n", b"a1 OK [CAPABILITY %s] in\r\n", b"* capability %s\n"],
)
def test_wherever_it_is_told(line: bytes) -> None:
    assert offered(line % ALL) == line % LEFT


def test_before_tls_there_is_no_login() -> None:
    assert offered(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN ID\r\n", BEFORE_TLS) == (
        b"* CAPABILITY IMAP4rev1 ID STARTTLS LOGINDISABLED\r\n"
    )


@pytest.mark.parametrize(
    "line",
    [b"* OK [ALERT] the CAPABILITY BINARY is new\r\n", b"* LIST () NIL CAPABILITY\r\n", b"* ID NIL\r\n", b"\r\n"],
)
def test_all_else_is_left_alone(line: bytes) -> None:
    assert offered(line) == line
