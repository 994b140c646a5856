"""Headers that are told to ask nothing: cleaning leaves each of them as it is."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.imap.stage import RULES

from sluis.clean import clean, silent
from sluis.message.fields import fields
from sluis.policy import POLICIES

FIT = replace(POLICIES["strict"], fit=True)
FIXTURES = sorted((Path(__file__).parent / "fixtures").glob("*.eml"))
PIECES = st.sampled_from(
    [
        *(b"Subject: x\r\n", b"Content-Type: text/html\r\n", b"Content-Type: multipart/mixed; boundary=b\r\n"),
        *(
            b"Content-Type: message/external-body; access-type=url; url=https://t.example/\r\n",
            b"--b\r\n",
            b"\r\n",
            b" ",
        ),
        *(b"Disposition-Notification-To: a@b.example\r\n", b"content-base: https://t.example/\r\n", b"no field\r\n"),
        *(
            b"<img src=https://t.example/o.gif width=1 height=1>\r\n",
            b"X: ",
            b"X-PMRQC: 1\r\n",
            b"Return-\r\n Receipt-To: a\r\n",
        ),
    ]
)


@given(st.lists(PIECES, max_size=8).map(b"".join))
def test_what_is_silent_stays_as_it_is(header: bytes) -> None:
    if silent(header):
        assert clean(header, FIT, RULES).raw == header


def test_most_headers_are() -> None:
    heads = [raw[: fields(raw, 0, len(raw))[1]] for raw in (path.read_bytes() for path in FIXTURES)]
    assert sum(map(silent, heads)) > len(heads) / 2
    assert all(clean(head, FIT, RULES).raw == head for head in heads if silent(head))


@pytest.mark.parametrize(
    "field", [b"DISPOSITION-Notification-To: a", b"Return-Receipt-To: a", b"Content-Base: https://a"]
)
def test_what_asks_is_not(field: bytes) -> None:
    assert not silent(b"Subject: x\r\n" + field + b"\r\n\r\n")


@pytest.mark.parametrize("text", [b"<img src=//t.example/x>\r\n", b"x\r\n"])
def test_what_may_be_a_body_is_not(text: bytes) -> None:
    assert not silent(b"Subject: x\r\n\r\n" + text)
    assert silent(b"Subject: x\r\n\r\n")
