"""Postfix asks Sluis what to change, by the very lines of deploy/milter/README.md, and delivers into a mailbox."""

import re
import smtplib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.client import READER, SENDER, swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate, asked_gate
from tests.integration.mail import cleaned, marked, newsletter, plain, trace
from tests.integration.postfix import Postfix, postfix
from tests.integration.process import free_port
from tests.integration.recipe import Recipe, recipe

FIXTURES = sorted((Path(__file__).parents[1] / "fixtures").glob("*.eml"))
PIXEL = b'<img src="https://k4de8q1s.emltrk.com/x" width=1 height=1>'
_ENVELOPE_REFUSED = 23  # swaks: MAIL was


@dataclass(frozen=True, slots=True)
class Asked:
    """A Postfix and the gate that it asks."""

    postfix: Postfix
    gate: Gate


def written(**changes: str) -> Recipe:
    """The recipe at a free port."""
    return recipe("Sluis as a milter", {"8894": str(free_port())} | changes, "milter")


@pytest.fixture(scope="module")
def asked(dovecot: Dovecot) -> Iterator[Asked]:
    """Both, for as long as nobody kills one."""
    made = written()
    with asked_gate(made.sluis) as gate, postfix(dovecot.socket, made.main) as server:
        yield Asked(server, gate)


def letter(kind: bytes, body: bytes) -> tuple[str, bytes]:
    """A message of one body, and the word of its own."""
    mark, sent = plain()
    return mark, sent.partition(b"\r\n\r\n")[0] + b"\r\nMIME-Version: 1.0\r\nContent-Type: " + kind + b"\r\n\r\n" + body


def session(server: Postfix) -> smtplib.SMTP:
    """A client that has said EHLO."""
    client = smtplib.SMTP("127.0.0.1", server.port, "sender.example", timeout=60)
    client.ehlo()
    return client


def test_postfix_knows_every_parameter(asked: Asked) -> None:
    assert asked.postfix.complaints() == ""


def test_tracked_mail_is_delivered_clean(asked: Asked, dovecot: Dovecot) -> None:
    mark, sent = newsletter()
    done = swaks(asked.postfix.port, sent)
    assert done.code == 0, done.dialogue
    added = trace(dovecot.message("sanne", mark), cleaned(sent))
    assert cleaned(sent) != sent
    fields = re.findall(rb"^[A-Za-z-]++(?=:)", added, re.MULTILINE)
    assert fields == [b"Return-Path", b"Delivered-To", b"Received", b"Received", b"X-Sluis"]
    assert 'sluis_messages_total{edge="milter",verdict="cleaned"} 1.0' in asked.gate.metrics()


@pytest.mark.parametrize(
    "text",
    [
        "Good morning.",
        ".A dot leads this line.\r\n..And two this one.\r\n\r\n\r\n",
        " \t \r\n" + "x" * 990 + "\r\nsøren  ",
        "",
    ],
)
def test_mail_without_trackers_arrives_octet_for_octet(asked: Asked, dovecot: Dovecot, text: str) -> None:
    mark, sent = plain(text)
    assert swaks(asked.postfix.port, sent).code == 0
    assert b"\r\nX-Sluis: clean\r\n" in trace(dovecot.message("sanne", mark), sent)


def test_signed_mail_arrives_octet_for_octet(asked: Asked, dovecot: Dovecot) -> None:
    page = b"Content-Type: text/html\r\n\r\n" + PIXEL
    mark, sent = letter(
        b'multipart/signed; boundary=b; protocol="application/pgp-signature"',
        b"--b\r\n" + page + b"\r\n--b\r\n\r\nsignature\r\n--b--\r\n",
    )
    assert swaks(asked.postfix.port, sent).code == 0
    assert b"\r\nX-Sluis: skipped; reason=" in trace(dovecot.message("sanne", mark), sent)


def test_fields_go_from_among_others_of_their_name(asked: Asked, dovecot: Dovecot) -> None:
    """With a body that has nothing to clean, which Postfix then keeps."""
    orders = b"X-Order:  1\r\nX-order:\t2,\r\n\tfolded \r\n"
    mark, sent = plain()
    sent = sent.replace(b"\r\n\r\n", b"\r\nX-Order: 3\r\nDisposition-Notification-To: <a@b.example>\r\n\r\n", 1)
    sent = b"Return-Receipt-To: <a@b.example>\r\n" + orders + b"return-receipt-to: <c@d>\r\n" + sent
    assert swaks(asked.postfix.port, sent).code == 0
    assert cleaned(sent).startswith(orders)
    assert b"\r\nX-Sluis: cleaned; receipts=3\r\n" in trace(dovecot.message("sanne", mark), cleaned(sent))


def test_a_session_of_many_messages(asked: Asked, dovecot: Dovecot) -> None:
    """Every fixture, with plain ones, refused recipients and messages given up between them."""
    arrivals = []
    with session(asked.postfix) as client:
        for path in FIXTURES:
            lines = re.sub(rb"\AReturn-Path:[^\n]*+\n", b"", path.read_bytes()).splitlines()
            mark, sent = marked(b"".join(line + b"\r\n" for line in lines))
            client.sendmail(SENDER, [READER], sent)
            arrivals.append((mark, cleaned(sent)))
            client.mail(SENDER)
            assert client.rcpt("niemand@lezer.example")[0] == 550
            client.rset()
            mark, sent = plain()
            client.sendmail(SENDER, [READER], sent)
            arrivals.append((mark, sent))
    for mark, wanted in arrivals:
        trace(dovecot.message("sanne", mark), wanted)


def test_a_long_message_goes_through_another_process(asked: Asked, dovecot: Dovecot) -> None:
    comment = b"<!-- " + (b"x" * 74 + b"\r\n") * 8000 + b"-->\r\n"
    mark, sent = letter(b"text/html", b"<p>\r\n" + comment + PIXEL + b"\r\n")
    assert swaks(asked.postfix.port, sent).code == 0
    assert PIXEL not in cleaned(sent)
    trace(dovecot.message("sanne", mark), cleaned(sent))


def test_where_sluis_dies_in_a_session_mail_comes_in_as_it_came(dovecot: Dovecot) -> None:
    made = written()
    with asked_gate(made.sluis) as gate, postfix(dovecot.socket, made.main) as server, session(server) as client:
        mark, sent = newsletter()
        client.sendmail(SENDER, [READER], sent)
        trace(dovecot.message("sanne", mark), cleaned(sent))
        gate.server.kill()
        mark, sent = newsletter()
        client.sendmail(SENDER, [READER], sent)
        assert b"X-Sluis:" not in trace(dovecot.message("sanne", mark), sent)


def test_or_waits_with_its_sender(dovecot: Dovecot) -> None:
    made = written(accept="tempfail")
    with asked_gate(made.sluis) as gate, postfix(dovecot.socket, made.main) as server:
        gate.server.stop()
        mark, sent = newsletter()
        refused = swaks(server.port, sent)
        assert refused.code == _ENVELOPE_REFUSED
        assert "<** 451 4.7.1 " in refused.dialogue
        gate.server.start(gate.port, gate.web)
        assert swaks(server.port, sent).code == 0
        trace(dovecot.message("sanne", mark), cleaned(sent))
