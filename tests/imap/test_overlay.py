"""Changes laid over pieces: a piece of the cleaned message is the cleaned piece, and no octet lands elsewhere."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.overlay import Places, overlay
from sluis.imap.section import Section

RAW = (
    b"Subject: x\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain text\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>TRACKER</p> and <p>again</p>\r\n--b--\r\n"
)
CLEANED = RAW.replace(b"TRACKER", b"       ")
HTML = b"<p>TRACKER</p> and <p>again</p>"
CLEAN_HTML = HTML.replace(b"TRACKER", b"       ")


@st.composite
def _pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    raw = bytearray(draw(st.binary(max_size=900)))
    cleaned = bytearray(raw)
    for at in draw(st.lists(st.integers(0, max(0, len(raw) - 1)), max_size=5)) if raw else []:
        cleaned[at] ^= 1
    return bytes(raw), bytes(cleaned)


@given(_pairs(), st.integers(0, 900), st.integers(0, 900))
def test_a_piece_cleaned_is_a_piece_of_the_cleaned(pair: tuple[bytes, bytes], start: int, length: int) -> None:
    raw, cleaned = pair
    piece = raw[start : start + length]
    assert overlay(raw, cleaned).over(piece, start) == cleaned[start : start + length]


def test_nothing_is_laid_over_other_octets() -> None:
    over = overlay(RAW, CLEANED)
    at = RAW.index(b"TRACKER")
    assert over.over(b"trackeR", at) is None
    assert over.over(RAW, 1) is None


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
    assert Places(RAW, overlay(RAW, CLEANED)).clean(section, octets) == clean


def test_what_stands_where_twice_is_told_apart_or_not_at_all() -> None:
    raw, cleaned = b"\r\nA track B track C", b"\r\nA ----- B track C"
    places = Places(raw, overlay(raw, cleaned))
    assert places.clean(Section(b"9"), b"track") is None
    assert places.clean(Section(b"9"), b"A track") == b"A -----"


def test_a_section_found_once_is_known_from_then_on() -> None:
    over = overlay(RAW, CLEANED)
    assert over.piece(Section(b"2", 0), HTML[:8]) is None
    Places(RAW, over).clean(Section(b"2", 0), HTML[:8])
    assert over.piece(Section(b"2", 8), HTML[8:]) == CLEAN_HTML[8:]
    assert over.octets < 2000
