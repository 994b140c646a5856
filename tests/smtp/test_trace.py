"""What is written on top of a message: nothing that a sender could make say more than it is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.smtp.trace import MAX_HOPS, Origin, hops, received

WHEN = datetime(2024, 3, 1, 12, 30, 5, tzinfo=UTC)


def test_the_field_says_who_from_where_and_how() -> None:
    origin = Origin("192.0.2.1", "mail.sender.example", secure=True)
    assert received(origin, "gate.example", "ab12", WHEN) == (
        b"Received: from mail.sender.example ([192.0.2.1])\r\n"
        b"\tby gate.example (Sluis) with ESMTPS id ab12;\r\n"
        b"\tFri, 01 Mar 2024 12:30:05 +0000\r\n"
    )


@pytest.mark.parametrize(
    ("origin", "protocol"),
    [
        (Origin("192.0.2.1", "a", extended=False), "SMTP"),
        (Origin("192.0.2.1", "a", extended=False, secure=True), "SMTP"),
        (Origin("192.0.2.1", "a"), "ESMTP"),
        (Origin("192.0.2.1", "a", secure=True), "ESMTPS"),
        (Origin("192.0.2.1", "a", authenticated=True), "ESMTPA"),
        (Origin("192.0.2.1", "a", secure=True, authenticated=True), "ESMTPSA"),
        (Origin("192.0.2.1", "a", utf8=True), "UTF8SMTP"),
        (Origin("192.0.2.1", "a", secure=True, authenticated=True, utf8=True), "UTF8SMTPSA"),
        (Origin("192.0.2.1", "a", secure=True, utf8=True), "UTF8SMTPS"),
    ],
)
def test_protocols_are_those_of_the_registry(origin: Origin, protocol: str) -> None:
    assert origin.protocol == protocol


@pytest.mark.parametrize(
    ("address", "literal"),
    [("2001:db8::1", b"([IPv6:2001:db8::1])"), ("192.0.2.7", b"([192.0.2.7])"), ("local", b"(unknown)")],
)
def test_an_address_is_a_literal(address: str, literal: bytes) -> None:
    assert literal in received(Origin(address, "a"), "gate.example", "1", WHEN)


@given(st.text())
def test_no_greeting_adds_a_line(helo: str) -> None:
    field = received(Origin("192.0.2.1", helo), "gate.example", "1", WHEN)
    assert [line[:1] for line in field.split(b"\r\n")] == [b"R", b"\t", b"\t", b""]
    assert field.count(b"\n") == field.count(b"\r") == 3


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        (b"Received: a\r\nreceived : b\r\nX-Received: c\r\n\r\nReceived: in the body\r\n", 2),
        (b"Subject: x\r\n Received: folded\r\n\r\n", 0),
        (b"Received: without an end\r\n", 1),
        (b"\r\nReceived: in the body\r\n", 0),
        (b"", 0),
        (b"Received: x\r\n" * (MAX_HOPS + 30) + b"\r\n", MAX_HOPS + 1),
    ],
)
def test_hops_are_counted_in_the_header_alone(message: bytes, expected: int) -> None:
    assert hops(message) == expected
