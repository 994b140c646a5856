"""What stands on the envelope reaches a real Postfix as it was said: null sender, DSN, 8BITMIME, SMTPUTF8."""

import secrets
import smtplib

from tests.integration.client import READER, swaks
from tests.integration.fixtures import Route
from tests.integration.mail import cleaned, marked, newsletter, plain, trace
from tests.integration.process import eventually


def _send(port: int, message: bytes, mail: tuple[str, ...], rcpt: tuple[str, ...], to: str = READER) -> None:
    """Send with ESMTP parameters, which swaks cannot. Raises what smtplib raises where the gate refuses."""
    with smtplib.SMTP("127.0.0.1", port, "sender.example", timeout=30) as client:
        client.sendmail("teun@lezer.example", [to], message, mail, rcpt)


def test_the_null_sender_stays_null(route: Route):
    mark, sent = plain()
    assert swaks(route.gate.port, sent, sender="<>").code == 0
    assert trace(route.dovecot.message("sanne", mark), sent).startswith(b"Return-Path: <>\r\n")


def test_postfix_offers_pass_through_the_gate(route: Route):
    offered = []
    for port in (route.gate.port, route.postfix.port):
        with smtplib.SMTP("127.0.0.1", port, "sender.example", timeout=30) as client:
            client.ehlo()
            offered.append(dict(client.esmtp_features))
    gate, postfix = offered
    kept = {"8bitmime", "smtputf8", "dsn"}
    assert kept <= postfix.keys()
    assert kept <= gate.keys()
    assert int(gate["size"]) == min(int(postfix["size"]), 52_428_800)
    assert gate.keys() <= postfix.keys()


def test_a_success_notice_names_the_envelope_id_and_the_original_recipient(route: Route):
    mark, sent = plain()
    identity = f"QQ{secrets.token_hex(6)}"
    mail, rcpt = (
        ("RET=HDRS", f"ENVID={identity}"),
        ("NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;first+2Bname@other.example"),
    )
    _send(route.gate.port, sent, mail, rcpt)
    trace(route.dovecot.message("sanne", mark), sent)

    def notice() -> bytes | None:
        notices = route.dovecot.messages("teun", "Successful Mail Delivery Report")
        return next((one for one in notices if identity.encode() in one), None)

    found = eventually(notice, "no notice of success")
    assert f"Original-Envelope-Id: {identity}\r\n".encode() in found
    assert b"Original-Recipient: rfc822;first+name@other.example\r\n" in found
    assert b"text/rfc822-headers" in found
    assert b"Good morning." not in found


def test_eight_bit_octets_arrive_as_they_are(route: Route):
    """A newsletter in 8bit with a character set that is no UTF-8, cleaned and not re-encoded."""
    body = (
        "<p>Été, crème brûlée, ½ prix</p>"
        '<img src="https://pixel.app.returnpath.net/pixel.gif?r=0123456789abcdef0123456789abcdef" width=1 height=1>'
    )
    header = (
        "From: <bounce@letters.kadebooks.example>\r\nSubject: creme\r\nDate: Thu, 12 Nov 2026 09:30:04 +0100\r\n"
        "Message-ID: <8bit@letters.kadebooks.example>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/html; charset=iso-8859-1\r\nContent-Transfer-Encoding: 8bit\r\n"
    )
    mark, sent = marked(f"{header}\r\n{body}\r\n".encode("iso-8859-1"))
    expected = cleaned(sent, "teun@lezer.example")
    assert b"returnpath" not in expected
    assert "Été, crème brûlée".encode("iso-8859-1") in expected
    _send(route.gate.port, sent, ("BODY=8BITMIME",), ())
    trace(route.dovecot.message("sanne", mark), expected)


def test_an_address_and_a_subject_in_utf8_arrive_as_they_are(route: Route):
    mark, sent = newsletter()
    sent = sent.replace(b"\r\nSubject: " + mark.encode(), b"\r\nSubject: " + f"bøker {mark}".encode())
    reader, sender = "søren@brievenbus.example", "læsning@letters.kadebooks.example"
    with smtplib.SMTP("127.0.0.1", route.gate.port, "sender.example", timeout=30) as client:
        client.sendmail(sender, [reader], sent, ("SMTPUTF8", "BODY=8BITMIME"))
    expected = cleaned(sent, sender, reader).replace(b"\r\n", b"\n")

    def stored() -> bytes | None:
        return next((one for one in route.postfix.maildir("søren") if mark.encode() in one), None)

    added = trace(eventually(stored, "no mail for søren"), expected)
    assert f"Return-Path: <{sender}>\n".encode() in added
    assert b"(Sluis) with UTF8SMTP id " in added


def test_a_reader_that_postfix_refuses_is_refused_in_its_words(route: Route):
    _, sent = plain()
    done = swaks(route.gate.port, sent, to="niemand@lezer.example")
    assert done.code == 24
    assert "550 5.1.1 <niemand@lezer.example>: Recipient address rejected" in done.dialogue
