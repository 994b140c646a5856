"""Framing: what comes out is what went in, cut at the same places however it arrived."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.wire import LONGEST_LINE, Framer, Line, Literal, Octets, announced


def framed(chunks: Iterable[bytes], *, server: bool) -> list[Line | bytes]:
    """The lines of a stream and its literals, each literal as one string of octets."""
    framer = Framer(server=server)
    found: list[Line | bytes] = []
    for chunk in chunks:
        framer.feed(chunk)
        while (event := framer.next()) is not None:
            if isinstance(event, Line):
                found.append(event)
            elif found and isinstance(found[-1], bytes):
                found[-1] += event.octets
            else:
                found.append(event.octets)
    return found


def cut(stream: bytes, sizes: list[int]) -> list[bytes]:
    chunks = []
    for size in sizes:
        chunks.append(stream[:size])
        stream = stream[size:]
    return [*chunks, stream]


PIECES = st.sampled_from(
    [
        *(b"* 1 FETCH (BODY[] {5}\r\n", b"hello", b")\r\n", b"* OK see {4}\r\n", b"+ go {3}\r\n", b"a1 NO {2}\r\n"),
        *(b"a1 APPEND x {4+}\r\n", b"{3}\r\n", b"~{2}\r\n", b'"{1}"\r\n', b"* SEARCH 1 2\r\n"),
        *(b"abcd", b"x\0", b"\r\n", b"\n", b"\r"),
    ]
)
STREAMS = st.lists(PIECES, max_size=12).map(b"".join) | st.binary(max_size=200)


@given(STREAMS, st.lists(st.integers(0, 9), max_size=40), st.booleans())
def test_how_it_arrives_makes_no_difference(stream: bytes, sizes: list[int], server: bool) -> None:
    assert framed(cut(stream, sizes), server=server) == framed([stream], server=server)


@given(STREAMS, st.booleans())
def test_nothing_is_lost(stream: bytes, server: bool) -> None:
    framer = Framer(server=server)
    framer.feed(stream)
    out = b""
    while (event := framer.next()) is not None:
        out += event.octets
    assert stream.startswith(out)
    assert framer.held == len(stream) - len(out)


def test_a_response_with_literals() -> None:
    first, text, second, last = framed([b"* 1 FETCH (BODY[1] {3}\r\na\r\n BODY[2] {0}\r\n FLAGS ())\r\n"], server=True)
    assert first == Line(b"* 1 FETCH (BODY[1] {3}\r\n", first=True, last=False, literal=Literal(3, waits=True))
    assert text == b"a\r\n"
    assert second == Line(b" BODY[2] {0}\r\n", first=False, last=False, literal=Literal(0, waits=True))
    assert last == Line(b" FLAGS ())\r\n", first=False, last=True)


@pytest.mark.parametrize(
    "line", [b"* OK {5}\r\n", b"* no [ALERT] {5}\r\n", b"* BYE {5}\r\n", b"+ {5}\r\n", b"a1 NO no mailbox {5}\r\n"]
)
def test_words_for_people_announce_nothing(line: bytes) -> None:
    assert framed([line], server=True) == [Line(line, first=True, last=True)]


def test_lines_of_a_login_announce_nothing() -> None:
    framer = Framer(server=False)
    framer.opaque = True
    framer.feed(b"abc{5}\r\n")
    assert framer.next() == Line(b"abc{5}\r\n", first=True, last=True)


def test_a_literal_that_does_not_come() -> None:
    framer = Framer(server=False)
    framer.feed(b"a APPEND x {9}\r\n")
    assert isinstance(framer.next(), Line)
    framer.refused()
    framer.feed(b"b NOOP\r\n")
    assert framer.next() == Line(b"b NOOP\r\n", first=True, last=True)


@pytest.mark.parametrize("length", [LONGEST_LINE - 1, LONGEST_LINE, LONGEST_LINE + 65, 3 * LONGEST_LINE])
@pytest.mark.parametrize("step", [1000, 65_536, 10**6])
def test_a_long_line_comes_in_pieces_and_still_announces(length: int, step: int) -> None:
    stream = b"* SEARCH " + b"1" * length + b" {2}\r\nok)\r\n"
    found = framed([stream[at : at + step] for at in range(0, len(stream), step)], server=True)
    lines = [event for event in found if isinstance(event, Line)]
    assert all(len(line.octets) <= LONGEST_LINE + 64 for line in lines)
    assert [line.first for line in lines] == [True] + [False] * (len(lines) - 1)
    assert lines[-2].literal == Literal(2, waits=True)
    assert found[-2:] == [b"ok", Line(b")\r\n", first=False, last=True)]
    assert b"".join(event if isinstance(event, bytes) else event.octets for event in found) == stream


def test_a_huge_literal_is_not_held() -> None:
    framer = Framer(server=True)
    framer.feed(b"* 1 FETCH (BODY[] {1000000000}\r\n")
    assert isinstance(framer.next(), Line)
    framer.feed(b"x" * 700_000)
    sizes = []
    while (event := framer.next()) is not None:
        assert isinstance(event, Octets)
        sizes.append(len(event.octets))
    assert (sum(sizes), framer.held, max(sizes)) == (700_000, 0, 65_536)


@pytest.mark.parametrize(
    ("line", "literal"),
    [
        (b"a LOGIN {4}\r\n", Literal(4, waits=True)),
        (b"a LOGIN {4+}\r\n", Literal(4, waits=False)),
        (b"a APPEND x ~{4+}\r\n", Literal(4, waits=False)),
        (b"a LOGIN {4}\n", Literal(4, waits=True)),
        (b"a LOGIN {4} \r\n", None),
        (b"a LOGIN {-4}\r\n", None),
        (b"a LOGIN {}\r\n", None),
        (b"a LOGIN {" + b"9" * 20 + b"}\r\n", None),
        (b'a LOGIN "{4}"\r\n', None),
    ],
)
def test_announcements(line: bytes, literal: Literal | None) -> None:
    assert announced(line) == literal
