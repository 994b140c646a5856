"""Where pieces of a message stand, of which all is at hand or only what had to be seen."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.imap.test_overlay import CLEAN_HTML, CLEANED, HTML, RAW

from sluis.imap.overlay import overlay
from sluis.imap.places import AtHand, Places
from sluis.imap.section import Section


@pytest.mark.parametrize(
    ("section", "octets", "clean"),
    [
        (Section(b"1"), b"plain text", b"plain text"),
        (Section(b"2"), HTML, CLEAN_HTML),
        (Section(b"2", 5), HTML[5:9], CLEAN_HTML[5:9]),
        (Section(b"7"), HTML, CLEAN_HTML),  # a server that counts in its own way
        (Section(b"TEXT"), RAW.partition(b"\r\n\r\n")[2], CLEANED.partition(b"\r\n\r\n")[2]),
        (Section(b"", 3), RAW[3:], CLEANED[3:]),
        (Section(b"HEADER"), RAW[:20], RAW[:20]),
        (Section(b"2"), b"", b""),
        (Section(b"7", 4), b"\r\n", b"\r\n"),  # in many places, clean at all of them
        (Section(b"2"), b"another message", None),
    ],
)
def test_sections(section: Section, octets: bytes, clean: bytes | None) -> None:
    assert Places(AtHand(RAW), overlay(RAW, CLEANED)).clean(section, octets) == clean


def test_what_stands_where_twice_is_told_apart_or_not_at_all() -> None:
    raw, cleaned = b"\r\nA track B track C", b"\r\nA ----- B track C"
    places = Places(AtHand(raw), overlay(raw, cleaned))
    assert places.clean(Section(b"9"), b"track") is None
    assert places.clean(Section(b"9"), b"A track") == b"A -----"


def test_a_section_found_once_is_known_from_then_on() -> None:
    over = overlay(RAW, CLEANED)
    assert over.piece(Section(b"2", 0), HTML[:8]) is None
    Places(AtHand(RAW), over).clean(Section(b"2", 0), HTML[:8])
    assert over.piece(Section(b"2", 8), HTML[8:]) == CLEAN_HTML[8:]
    assert over.octets < 2000


FILM = b"AAAA\r\n" * 100
LONG = RAW.replace(b"plain text", b"plain text" + FILM)
LONG_CLEANED = CLEANED.replace(b"plain text", b"plain text" + FILM)
AT = LONG.index(FILM)


@pytest.mark.parametrize("name", [b"2", b"9", b"TEXT", b""])
@pytest.mark.parametrize("start", [0, AT - 70, LONG.index(HTML), LONG.index(b"TRACKER") - 1])
def test_pieces_of_a_message_that_flowed_by(name: bytes, start: int) -> None:
    at_hand = AtHand(RAW, ((0, 0), (AT, len(FILM))))
    assert len(at_hand) == len(LONG)
    places = Places(at_hand, overlay(LONG, LONG_CLEANED))
    assert places.clean(Section(name), LONG[start:]) == LONG_CLEANED[start:]


@given(st.binary(max_size=60), st.data())
def test_what_is_at_hand_is_compared(raw: bytes, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(raw)))
    second = data.draw(st.integers(first, len(raw)))
    at_hand = AtHand(raw[:first] + raw[second:], ((0, 0), (first, second - first)))
    start = data.draw(st.integers(0, len(raw)))
    piece = raw[start : data.draw(st.integers(start, len(raw)))]
    assert at_hand.may_hold(piece, start)
    for at, octet in enumerate(piece):
        other = piece[:at] + bytes([octet ^ 1]) + piece[at + 1 :]
        assert at_hand.may_hold(other, start) == (first <= start + at < second)
