"""Reading the answer to a FETCH, and writing it again with other octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.fetch import Answer, answer, without_whole
from sluis.imap.section import Section


def understood(flat: bytes) -> Answer:
    found = answer(flat)
    assert found
    return found


ODD = (
    b'* 12 FETCH (FLAGS (\\Seen $x) UID 7 ENVELOPE ("d" {3}\r\n) ( (("a" NIL "b\\"(" "c")) NIL) MODSEQ (9) '
    b'BODYSTRUCTURE ("text" "plain" ("charset" "x)") NIL) BODY[1]<0> {4}\r\n)\r\n( BODY[TEXT] "a\\\\\\"b" '
    b"BODY[HEADER.FIELDS (To From)] {2}\r\n\r\n BODY[2] NIL)\r\n"
)


def test_every_form_of_value() -> None:
    found = understood(ODD)
    assert found.uid == 7
    assert [(section, item.octets(ODD)) for item, section in found.texts()] == [
        (Section(b"1", 0), b")\r\n("),
        (Section(b"TEXT"), b'a\\"b'),
        (Section(b"HEADER.FIELDS (TO FROM)"), b"\r\n"),
    ]
    assert found.with_texts({}) == ODD


def test_other_octets() -> None:
    found = understood(ODD)
    first, quoted, _ = (item for item, _ in found.texts())
    assert found.with_texts({first: b"abcd", quoted: b"wxyz"}) == ODD.replace(b")\r\n(", b"abcd").replace(
        b'"a\\\\\\"b"', b"{4}\r\nwxyz"
    )


def test_the_same_octets_stay_as_they_were_written() -> None:
    found = understood(ODD)
    assert found.with_texts({item: item.octets(ODD) for item, _ in found.texts()}) == ODD


@pytest.mark.parametrize(
    ("flat", "rest"),
    [
        (b"* 1 FETCH (BODY[1] {1}\r\nx BODY[] {2}\r\nxy)\r\n", b"* 1 FETCH (BODY[1] {1}\r\nx)\r\n"),
        (b"* 1 FETCH (BODY[] {2}\r\nxy BODY[1] {1}\r\nx)\r\n", b"* 1 FETCH (BODY[1] {1}\r\nx)\r\n"),
        (b"* 1 FETCH (UID 3 BODY[] {2}\r\nxy FLAGS ())\r\n", b"* 1 FETCH (UID 3 FLAGS ())\r\n"),
        (b"* 1 FETCH (BODY[] {2}\r\nxy)\r\n", b"* 1 FETCH ()\r\n"),
    ],
)
def test_leaving_the_message_out(flat: bytes, rest: bytes) -> None:
    found = understood(flat)
    whole = next(item for item, section in found.texts() if section.whole)
    assert found.with_texts({}, whole) == rest


@pytest.mark.parametrize(
    "flat",
    [
        b"* 1 FETCH (BODY[] {9}\r\nxy)\r\n",
        b"* 1 FETCH (BODY[] {2}\r\nxy\r\n",
        b"* 1 FETCH (BODY[] {2}\r\nxy) more\r\n",
        b'* 1 FETCH (BODY[] "xy)\r\n',
        b"* 1 FETCH (ENVELOPE (()\r\n",
        b"* 1 FETCH (BODY[]{2}\r\nxy)\r\n",
        b"* 1 FETCH (BODY[] {2}\r\nxy,UID 7)\r\n",
        b"* 1 EXPUNGE\r\n",
    ],
)
def test_what_is_not_understood(flat: bytes) -> None:
    assert answer(flat) is None


@given(st.lists(st.sampled_from([b"(", b")", b" ", b'"', b"\\", b"{2}\r\n", b"BODY[]", b"UID", b"1", b"\r\n"])))
def test_nothing_a_server_writes_raises_or_is_lost(words: list[bytes]) -> None:
    flat = b"* 1 FETCH (" + b"".join(words)
    found = answer(flat)
    assert found is None or found.with_texts({}) == flat


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        (b"* 1 FETCH (UID 1 BODY[] {9}\r\n", b"* 1 FETCH (UID 1"),
        (b"* 1 FETCH (BODY[] {9}\r\n", b"* 1 FETCH ("),
        (b" body[] {9}\r\n", b""),
        (b" BODY[1] {9}\r\n", None),
        (b" BODY[]<0> {9}\r\n", None),
    ],
)
def test_a_line_that_announces_the_message(line: bytes, kept: bytes | None) -> None:
    assert without_whole(line) == kept


def test_what_a_server_says_in_numbers() -> None:
    found = answer(b"* 12 FETCH (UID 7 RFC822.SIZE 99 X NIL MODSEQ (5) Y %s)\r\n" % (b"9" * 5000))
    assert found
    assert (found.number, found.uid, found.integer(b"RFC822.SIZE")) == (12, 7, 99)
    assert [found.integer(name) for name in (b"X", b"MODSEQ", b"Y", b"Z")] == [None] * 4


@pytest.mark.parametrize(
    ("flat", "news"),
    [
        (b"* 1 FETCH (UID 7 RFC822.SIZE 9)\r\n", b""),
        (b"* 1 FETCH (FLAGS (\\Seen) BODY[1] {1}\r\nx MODSEQ (9))\r\n", b"* 1 FETCH (FLAGS (\\Seen) MODSEQ (9))\r\n"),
        (b"* 1 FETCH ()\r\n", b""),
    ],
)
def test_what_is_told_unasked(flat: bytes, news: bytes) -> None:
    found = answer(flat)
    assert found
    assert found.news() == news
