"""The tree that a server tells, and the message put together from it, which our own parser must read as that tree."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.structure import Node, assemble, structure
from sluis.message.mime import parse

LEAF = b'("text" "html" ("charset" "utf-8") NIL NIL "7bit" 20 1)'
LETTER = b'(%s %s "alternative" ("boundary" "c") NIL NIL)' % (LEAF, LEAF)
ENVELOPE = b'(NIL "s" NIL NIL NIL NIL NIL NIL NIL NIL)'
ATTACHED = b'("message" "RFC822" NIL NIL NIL "7bit" 300 %s %s 9)'
MIXED = b'(%s %s %s "mixed" ("boundary" "b"))'


def shape(node: Node | None) -> list[tuple[bytes, bytes]] | None:
    return node and [(each.header, each.body) for each in node.walk()]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (LEAF, [(b"HEADER", b"1")]),
        (LETTER, [(b"HEADER", b""), (b"1.MIME", b"1"), (b"2.MIME", b"2")]),
        (
            MIXED % (LETTER, LEAF, ATTACHED % (ENVELOPE, LEAF)),
            [
                *((b"HEADER", b""), (b"1.MIME", b"1"), (b"1.1.MIME", b"1.1"), (b"1.2.MIME", b"1.2")),
                *((b"2.MIME", b"2"), (b"3.MIME", b"3"), (b"3.HEADER", b"3.1")),
            ],
        ),
        (
            MIXED % (LEAF, LEAF, ATTACHED % (ENVELOPE, LETTER)),
            [
                *((b"HEADER", b""), (b"1.MIME", b"1"), (b"2.MIME", b"2"), (b"3.MIME", b"3")),
                *((b"3.HEADER", b""), (b"3.1.MIME", b"3.1"), (b"3.2.MIME", b"3.2")),
            ],
        ),
        (ATTACHED % (ENVELOPE, LEAF), [(b"HEADER", b"1"), (b"1.HEADER", b"1.1")]),
        (b'("text" {5}\r\n(("){ NIL "a\\"(b" 7)', [(b"HEADER", b"1")]),
        (b'("message" "rfc822" NIL NIL NIL "base64" 300)', [(b"HEADER", b"1")]),
        *(
            (told, None)
            for told in (b"", b"NIL", b"()", b'("text")', b"(" * 99, LEAF + b" 7", b'("text" "html"', b"(((", b")")
        ),
        *((told, None) for told in (b'("a" {999}\r\nb)', b"(" + LEAF * 300 + b' "mixed")', b'(() "mixed")')),
    ],
)
def test_structures(told: bytes, expected: object) -> None:
    assert shape(structure(told)) == expected


@given(st.lists(st.sampled_from([b"(", b")", b'"text"', b" ", b"NIL", b"{3}\r\n", b"7", b'"', b"\\"])).map(b"".join))
def test_nothing_a_server_tells_raises(told: bytes) -> None:
    structure(told)


HEADER = b'Subject: x\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n'
HTML = b"Content-Type: text/html\r\n\r\n"
SECTIONS = {
    b"HEADER": HEADER,
    b"1.MIME": b"Content-Type: multipart/alternative; boundary=c\r\n\r\n",
    b"1.1.MIME": b"\r\n",
    b"1.2.MIME": HTML,
    b"2.MIME": b"Content-Type: application/pdf\r\n\r\n",
    b"3.MIME": b"Content-Type: message/rfc822\r\n\r\n",
    b"3.HEADER": HTML,
    b"1.1": b"hello",
    b"1.2": b"<p>",
    b"3.1": b"<p>\r\n",
}
TREE = MIXED % (LETTER, LEAF, ATTACHED % (ENVELOPE, LEAF))


def test_a_message_is_put_together() -> None:
    node = structure(TREE)
    assert node
    made = assemble(node, SECTIONS)
    assert made
    found = {path: made.raw[begin:] for path, begin in made.begins.items()}
    assert found.keys() == {b"1.1", b"1.2", b"2", b"3.1"}
    assert all(found[path].startswith(SECTIONS.get(path, b"\r\n--b\r\n")) for path in found)
    assert [part.media_type for part in parse(made.raw).parts] == [
        *("text/plain", "text/html", "application/pdf", "text/html")
    ]


@pytest.mark.parametrize(
    "other",
    [
        {b"HEADER": HEADER.replace(b"boundary", b"border")},
        {b"1.MIME": HTML},
        {b"1.1": b"hello\r\n--b\r\n\r\nmore"},
        {b"3.MIME": HTML},
    ],
)
def test_a_message_that_reads_otherwise_is_none(other: dict[bytes, bytes]) -> None:
    node = structure(TREE)
    assert node
    assert assemble(node, SECTIONS | other) is None


def test_a_part_with_parts_may_come_as_it_stands() -> None:
    node = structure(TREE)
    assert node
    body = b"preamble\r\n--c\r\n\r\nhello\r\n--c\r\n" + HTML + b"<p>\r\n--c--\r\nepilogue"
    made = assemble(node, SECTIONS | {b"1": body})
    assert made
    assert made.raw[made.begins[b"1"] :].startswith(body + b"\r\n--b\r\n")
    assert made.raw[made.begins[b"1.2"] :].startswith(b"<p>\r\n--c--")
    assert assemble(node, SECTIONS | {b"1": body.replace(b"--c--", b"--c\r\n")}) is None
