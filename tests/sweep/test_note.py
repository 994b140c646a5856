"""Every note comes back from its line as it was, and no other line is one."""

import pytest

from sluis.audit.record import Record, State, Way
from sluis.report import Kind
from sluis.sweep.note import (
    Begun,
    Copied,
    Done,
    End,
    Exact,
    Meant,
    Note,
    Passed,
    Removing,
    Restored,
    Restoring,
    line,
    of_line,
)

WAY = Way(Kind.OPEN_PIXEL, "size", "v", "https://‹é›")
RECORD = Record("shop.example", "2024-05-06", "", "", State.READ, ((WAY, 2),))
NOTES = [
    Begun("0123", 7, "rules"),
    Passed(3),
    Meant(4, 9, Exact.of(b"original"), Exact.of(b"clean"), RECORD),
    Copied(9),
    Removing("Kept é"),
    Done(End.KEPT),
    Done(End.WITHDRAWN, "the server has changed its octets"),
    Restoring(0),
    Restored(0),
]


@pytest.mark.parametrize("note", NOTES)
def test_a_note_is_one_line_and_comes_back(note: Note) -> None:
    assert line(note).count(b"\n") == 1
    assert line(note).isascii()
    assert of_line(line(note)) == note


@pytest.mark.parametrize(
    "text",
    [
        *(b"", b"7", b"[]", b"{}", b"\xff", b'["other",1]', b'["passed"]', b'["passed",1,2]', b'["passed","x"]'),
        *(b'["passed",1', b'["done","x",""]', b'["copied",null]', b'["meant",1,2,[1],[1,"a"],[]]'),
    ],
)
def test_what_is_no_note(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - of any kind: a line of the journal is sound or not
        of_line(text)


def test_octets_are_known_by_their_digest() -> None:
    assert Exact.of(b"abc") == Exact(3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
