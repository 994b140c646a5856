"""swaks → Sluis → Postfix → Dovecot over LMTP → read over IMAP: clean, otherwise as sent, and counted."""

import re

import pytest
from tests.integration.client import swaks
from tests.integration.fixtures import Route
from tests.integration.mail import RULES, cleaned, newsletter, plain, trace

from sluis.clean import clean
from sluis.policy import POLICIES


@pytest.fixture(scope="module")
def passed(route: Route) -> tuple[bytes, bytes]:
    """A tracked newsletter as sent, and as read over IMAP behind it all."""
    mark, sent = newsletter()
    done = swaks(route.gate.port, sent)
    assert done.code == 0, done.dialogue
    return sent, route.dovecot.message("sanne", mark)


def test_every_octet_that_is_no_tracker_arrives_as_sent(passed: tuple[bytes, bytes]):
    sent, arrived = passed
    assert cleaned(sent) != sent
    trace(arrived, cleaned(sent))


def test_the_pixels_are_gone(passed: tuple[bytes, bytes]):
    sent, arrived = passed
    pixels = [b"k4de8q1s.emltrk.com", b"email.letters.kadebooks.example/o/"]
    joined = sent.replace(b"=\r\n", b"")
    assert [pixel for pixel in pixels if pixel not in joined] == []
    assert [pixel for pixel in pixels if pixel in arrived.replace(b"=\r\n", b"")] == []


def test_the_redirects_are_unwrapped(passed: tuple[bytes, bytes]):
    sent, arrived = passed
    redirect, destination = (
        b'href=3D"https://email.letters.kadebooks.example/c/',
        b'href=3D"https://www.kadebooks.example/',
    )
    assert redirect in sent.replace(b"=\r\n", b"")
    assert redirect not in arrived.replace(b"=\r\n", b"")
    assert destination in arrived.replace(b"=\r\n", b"")


def test_the_way_to_unsubscribe_stays(passed: tuple[bytes, bytes]):
    sent, arrived = passed
    (field,) = re.findall(rb"\r\nList-Unsubscribe: [^\r]*+\r\n", sent)
    assert field in arrived


def test_each_hop_signs_in_its_order(passed: tuple[bytes, bytes]):
    sent, arrived = passed
    fields = re.findall(rb"^[A-Za-z-]++(?=:)", trace(arrived, cleaned(sent)), re.MULTILINE)
    assert fields == [b"Return-Path", b"Delivered-To", b"Received", b"Received", b"Received", b"X-Sluis"]
    assert re.search(rb"\r\nX-Sluis: cleaned; pixels=\d+ links=\d+ ", arrived)


def test_a_message_without_trackers_arrives_as_sent(route: Route):
    mark, sent = plain(".A dot leads this line.\r\n..And two this one.")
    assert swaks(route.gate.port, sent).code == 0
    assert b"\r\nX-Sluis: clean\r\n" in trace(route.dovecot.message("sanne", mark), sent)


def test_prometheus_counts_the_message_and_what_was_found_in_it(route: Route, passed: tuple[bytes, bytes]):
    sent, _ = passed
    findings = clean(sent, POLICIES["balanced"], RULES).report.findings
    assert len(findings) > 10
    route.prometheus.reaches('sluis_messages_total{edge="smtp",verdict="cleaned"}', 1)
    route.prometheus.reaches("sum(sluis_findings_total)", len(findings))
    route.prometheus.reaches('sluis_findings_total{kind="open-pixel",action="removed"}', 1)
    route.prometheus.reaches('sum(sluis_sender_findings_total{sender="kadebooks.example"})', len(findings))
    route.prometheus.reaches('sluis_upstream_replies_total{command="data",reply="2xx"}', 1)
