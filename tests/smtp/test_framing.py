"""Where a message ends, for every way in which it can be cut on its way."""

from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.smtp.ends import END, NEARLY_ENDS, cuttings

from sluis.smtp.framing import PIECE, Flaw, Framing, Refused, Whole, flaw, stuffed

LIMIT = 10_000

# Octets that matter to framing, and some that do not.
OCTETS = st.lists(st.sampled_from([b"\r\n", b".", b"a", b"..", b"\xff", b"\r\n.", b" "]), max_size=40).map(b"".join)
LINES = st.lists(st.sampled_from([b"", b".", b"..", b".a", b"a.", b"x" * 1500, b"\xc3\xa9"]), max_size=12)
MESSAGES = LINES.map(lambda lines: b"".join(line + b"\r\n" for line in lines))


def fed(octets: bytes, *cuts: int, limit: int = LIMIT) -> Whole | Refused | None:
    """The event that `octets` come to if they arrive in pieces; what was not fed is appended to its rest."""
    framing = Framing(limit)
    places = [0, *sorted(cuts), len(octets)]
    for begin, end in pairwise(places):
        if event := framing.feed(octets[begin:end]):
            rest = None if event.rest is None else event.rest + octets[end:]
            return Whole(event.message, rest or b"") if isinstance(event, Whole) else Refused(event.flaw, rest)
    return None


def some(octets: bytes) -> Iterator[tuple[int, ...]]:
    """No cut, every single cut, every pair of neighbouring cuts, and a cut everywhere."""
    yield ()
    for cut in range(len(octets) + 1):
        yield (cut,)
        yield (cut, min(cut + 1, len(octets)))
    yield tuple(range(len(octets)))


@given(MESSAGES, st.binary(max_size=20), st.lists(st.integers(0, 20_000), max_size=6))
@example(b"", b"", [])
@example(b".\r\n", b"QUIT\r\n", [1, 2, 3, 4, 5, 6])
def test_a_message_comes_out_as_it_went_in(message: bytes, behind: bytes, cuts: list[int]) -> None:
    wire = b"".join(stuffed(message)) + behind
    assert fed(wire, *(min(cut, len(wire)) for cut in cuts), limit=50_000) == Whole(message, behind)


@pytest.mark.parametrize(
    ("message", "wire"),
    [
        (b"", b".\r\n"),
        (b"a\r\n", b"a\r\n.\r\n"),
        (b"a", b"a\r\n.\r\n"),
        (b".\r\n", b"..\r\n.\r\n"),
        (b"..\r\n", b"...\r\n.\r\n"),
        (b"\r\n.\r\n.\r\n", b"\r\n..\r\n..\r\n.\r\n"),
        (b"a.b\r\n.c\r\nd.\r\n", b"a.b\r\n..c\r\nd.\r\n.\r\n"),
        (b"\r\n", b"\r\n.\r\n"),
    ],
)
def test_dots_are_doubled_only_where_a_line_begins_with_one(message: bytes, wire: bytes) -> None:
    assert b"".join(stuffed(message)) == wire
    for cut in range(len(message) + 1):
        assert b"".join(stuffed(message[:cut], message[cut:])) == wire
    assert b"".join(stuffed(*(bytes([octet]) for octet in message))) == wire


@pytest.mark.parametrize("shift", range(4))
def test_a_long_message_goes_in_pieces_that_hold_it_all(shift: int) -> None:
    message = b"x" * (PIECE - shift) + b"\r\n." + b"y" * PIECE + b"\r\n"
    pieces = list(stuffed(message))
    assert b"".join(pieces) == message.replace(b"\r\n.", b"\r\n..") + b".\r\n"
    assert len(pieces) == 3
    assert max(map(len, pieces)) <= PIECE + 2


def test_a_dot_that_was_not_doubled_is_taken_off_too() -> None:
    """RFC 5321 §4.5.2: of a line that begins with a dot and has more, the first octet goes."""
    assert fed(b".a\r\n.\r\n") == Whole(b"a\r\n", b"")


@given(OCTETS)
def test_cuts_change_nothing(body: bytes) -> None:
    wire = body + b"\r\n.\r\nMAIL"
    expected = fed(wire)
    assert all(fed(wire, *cuts) == expected for cuts in some(wire))


@pytest.mark.parametrize("nearly", NEARLY_ENDS)
def test_nothing_else_ends_a_message(nearly: bytes) -> None:
    wire = b"Subject: one\r\n\r\nbody" + nearly + b"MAIL FROM:<evil@x.example>\r\n.\r\n"
    expected = Refused(Flaw.NUL if nearly in {b"\r\n\0.\r\n", b"\r\n.\0\r\n", b"\r\n\0.\0\r\n"} else Flaw.BARE_NEWLINE)
    assert all(fed(wire, *cuts) in {expected, Refused(Flaw.NUL)} for cuts in some(wire))


@pytest.mark.parametrize("nearly", [*NEARLY_ENDS, END])
def test_cut_in_every_way_it_is_the_same(nearly: bytes) -> None:
    wire = b"x" + nearly + b"MAIL"
    expected = fed(wire)
    assert isinstance(expected, Whole if nearly == END else Refused)
    for cuts in cuttings(len(nearly) + 2):
        event = fed(wire, *cuts)
        assert event == expected or (isinstance(expected, Refused) and isinstance(event, Refused))


@pytest.mark.parametrize("nearly", NEARLY_ENDS)
def test_it_is_refused_as_soon_as_it_is_seen(nearly: bytes) -> None:
    """Not at an end that may never come."""
    assert isinstance(fed(b"body" + nearly + b"x"), Refused)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\r\n", b"\0", b".", b"a"]), max_size=30).map(b"".join))
def test_flaws_are_those_of_a_plain_reading(octets: bytes) -> None:
    without = octets.replace(b"\r\n", b"")
    bare, nul = b"\r" in without or b"\n" in without, b"\0" in without
    assert flaw(octets) == (Flaw.BARE_NEWLINE if bare else Flaw.NUL if nul else None)


def test_what_comes_behind_the_end_is_not_judged() -> None:
    assert fed(b"a\r\n.\r\n\0\r\r\n") == Whole(b"a\r\n", b"\0\r\r\n")


@pytest.mark.parametrize(("size", "fits"), [(9_999, True), (10_000, True), (10_001, False), (13_000, False)])
def test_the_limit_is_of_the_message_and_not_of_its_stuffing(size: int, fits: bool) -> None:
    dots = b".\r\n" * (size // 3 - 1)
    message = dots + b"x" * (size - len(dots) - 2) + b"\r\n"
    assert len(message) == size
    expected = Whole(message, b"NOOP\r\n") if fits else Refused(Flaw.SIZE, b"NOOP\r\n")
    assert fed(b"".join(stuffed(message)) + b"NOOP\r\n") == expected


@pytest.mark.parametrize("piece", [1, 3, 7, 1000, 60_000])
def test_a_message_over_the_limit_is_read_to_its_end(piece: int) -> None:
    wire = b"x" * 30_000 + b"\r\n.\r\nNOOP\r\n"
    assert fed(wire, *range(0, len(wire), piece)) == Refused(Flaw.SIZE, b"NOOP\r\n")


def test_a_message_over_the_limit_is_still_searched_for_smuggling() -> None:
    assert fed(b"x" * 30_000 + b"\n.\r\n", *range(0, 30_000, 999)) == Refused(Flaw.BARE_NEWLINE)


def test_a_message_without_end_is_left() -> None:
    framing = Framing(LIMIT)
    events = (framing.feed(b"x" * 1000) for _ in range(100))
    assert next(event for event in events if event) == Refused(Flaw.SIZE, None)


def test_memory_is_bounded_by_the_limit() -> None:
    framing = Framing(LIMIT)
    for _ in range(40):
        framing.feed(b"x" * 1000)
        assert len(framing._held) <= LIMIT * 4 // 3 + 1100
