"""Orders lead to the cleaned message: carried out by a server's rules, for any header and what a cleaner does to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.milter.stage import RULES, carried_out
from tests.strategies import messages

from sluis.clean import clean
from sluis.edge.pool import CleaningError
from sluis.milter.changes import changes
from sluis.milter.packet import Field, Packet
from sluis.policy import POLICIES

NAMES = st.sampled_from([b"Subject", b"subject", b"X-A", b"Return-Receipt-To"])
VALUES = st.sampled_from([b" a", b"b", b" a\n b", b"\tc\r", b" \xff", b" "])
FIELDS = st.lists(st.builds(Field, NAMES, VALUES), max_size=8)


def wire(fields: list[Field], body: bytes) -> bytes:
    return b"".join([*(each.wire() for each in fields), b"\r\n", body])


@given(FIELDS, st.binary(max_size=20), st.binary(max_size=20), st.data())
def test_what_a_cleaner_may_do(fields: list[Field], body: bytes, new: bytes, data: st.DataObject) -> None:
    """Fields go, and values change."""
    kept = [each for each in fields if data.draw(st.booleans())]
    after = [Field(each.name, data.draw(VALUES)) for each in kept]
    orders = [*changes(fields, wire(fields, body), wire(after, new))]
    assert carried_out(orders, fields, body) == (after, new)


@given(FIELDS, messages(st.sampled_from(["<img src='https://t.example/open.gif' width=1 height=1>", "<p>b"])))
def test_what_the_cleaner_does(fields: list[Field], part: bytes) -> None:
    fields = [
        *fields,
        Field(b"Content-Type", b" multipart/mixed;\n boundary=q"),
        Field(b"Content-Base", b" https://a.example/"),
    ]
    body = b"--q\r\n%b\r\n--q--\r\n" % part.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    cleaned = clean(wire(fields, body), POLICIES["strict"], RULES).raw
    after, new = carried_out([*changes(fields, wire(fields, body), cleaned)], fields, body)
    assert wire(after, new) == cleaned


def test_nothing_is_said_where_nothing_changed() -> None:
    assert [*changes([Field(b"A", b" b")], b"A: b\r\n\r\nc", b"A: b\r\n\r\nc")] == []


def test_only_what_changed_is_said() -> None:
    fields = [Field(b"A", b" 1"), Field(b"B", b" 2"), Field(b"a", b" 3"), Field(b"A", b" 4")]
    raw = wire(fields, b"body")
    assert [*changes(fields, raw, b"A: 1\r\nB: 2\r\nA: 5\r\n\r\nbody")] == [
        Packet(b"m", b"\0\0\0\x03A\0 5\0"),
        Packet(b"m", b"\0\0\0\x02a\0\0"),
    ]
    assert [*changes(fields, raw, wire(fields, b""))] == [Packet(b"b")]


@pytest.mark.parametrize(
    ("cleaned", "reason"),
    [
        (b"A: 1\r\nB: 2\r\n\r\n", "unsayable-new-field"),
        (b"B: 1\r\n\r\n", "unsayable-new-field"),
        (b"A:\r\n\r\n", "unsayable-empty-value"),
        (b"A: 1\r\n", "unsayable-no-empty-line"),
    ],
)
def test_what_cannot_be_said_is_not(cleaned: bytes, reason: str) -> None:
    with pytest.raises(CleaningError) as caught:
        changes([Field(b"A", b" 1")], b"A: 1\r\n\r\nbody", cleaned)
    assert (caught.value.stage, caught.value.reason) == ("clean", reason)


def test_a_header_that_reads_otherwise_than_it_was_told() -> None:
    with pytest.raises(CleaningError, match="unsayable-header"):
        changes([Field(b"A", b" 1\nB: 2")], b"A: 1\r\nB: 2\r\n\r\nx", b"A: 1\r\nB: 2\r\n\r\ny")
