"""Replies are read strictly, and told to the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.smtp.reply import GarbledError, Reply, first_reply

TEXT = st.text(st.characters(min_codepoint=32, exclude_characters="\x7f", exclude_categories=("Cs",)), max_size=30).map(
    str.encode
)
CODES = st.integers(200, 559).filter(lambda code: code // 10 % 10 < 6)
REPLIES = st.builds(Reply, CODES, st.lists(TEXT, min_size=1).map(tuple))


@given(REPLIES)
def test_a_reply_comes_out_as_it_went_in(reply: Reply) -> None:
    wire = reply.wire()
    assert first_reply(wire) == (reply, len(wire))
    assert Reply.heard(reply.kept()) == reply


@given(REPLIES, st.data())
def test_part_of_a_reply_is_no_reply(reply: Reply, data: st.DataObject) -> None:
    wire = reply.wire()
    assert first_reply(wire[: data.draw(st.integers(0, len(wire) - 1))]) is None


@given(st.binary(max_size=60))
def test_anything_else_is_garbled_or_not_yet_there(octets: bytes) -> None:
    try:
        found = first_reply(octets)
    except GarbledError:
        return
    assert found is None or found[0].code in range(200, 560)


@pytest.mark.parametrize(
    "octets",
    [
        *(b"2500 ok\r\n", b"25 ok\r\n", b"+25 ok\r\n", b"ok\r\n", b"\r\n", b"150 ok\r\n", b"650 ok\r\n", b"290 ok\r\n"),
        *(b"250-a\r\n550 b\r\n", b"250\tok\r\n", b"\xff50 ok\r\n", b"x" * 40_000, b"250-a\r\n" * 9_000),
    ],
)
def test_what_is_guessed_at_elsewhere_is_refused_here(octets: bytes) -> None:
    with pytest.raises(GarbledError):
        first_reply(octets)


def test_a_line_may_be_bare() -> None:
    assert first_reply(b"250\r\n") == (Reply(250, (b"",)), 5)
    assert first_reply(b"250-a\n250 b\n250 c\n") == (Reply(250, (b"a", b"b")), 12)


def test_control_octets_do_not_pass() -> None:
    assert first_reply(b"250 a\r\x1b[31m\0b\tc\xc3\xa9\r\n") == (Reply(250, (b"a??[31m?b\tc\xc3\xa9",)), 19)


@pytest.mark.parametrize(
    ("code", "positive", "negative"), [(250, True, False), (251, True, False), (220, False, False)]
)
def test_only_25z_takes_mail(code: int, positive: bool, negative: bool) -> None:
    assert (Reply(code).positive, Reply(code).negative) == (positive, negative)


@pytest.mark.parametrize("code", [421, 451, 550, 559])
def test_4yz_and_5yz_refuse(code: int) -> None:
    assert (Reply(code).positive, Reply(code).negative) == (False, True)
