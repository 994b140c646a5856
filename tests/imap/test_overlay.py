"""Changes laid over pieces: a piece of the cleaned message is the cleaned piece, and no octet lands elsewhere."""

from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.overlay import overlay

RAW = (
    b"Subject: x\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nplain text\r\n"
    b"--b\r\nContent-Type: text/html\r\n\r\n<p>TRACKER</p> and <p>again</p>\r\n--b--\r\n"
)
CLEANED = RAW.replace(b"TRACKER", b"       ")
HTML = b"<p>TRACKER</p> and <p>again</p>"
CLEAN_HTML = HTML.replace(b"TRACKER", b"       ")


@st.composite
def pairs(draw: st.DrawFn) -> tuple[bytes, bytes]:
    raw = bytearray(draw(st.binary(max_size=900)))
    cleaned = bytearray(raw)
    for at in draw(st.lists(st.integers(0, max(0, len(raw) - 1)), max_size=5)) if raw else []:
        cleaned[at] ^= 1
    return bytes(raw), bytes(cleaned)


@given(pairs(), st.integers(0, 900), st.integers(0, 900))
def test_a_piece_cleaned_is_a_piece_of_the_cleaned(pair: tuple[bytes, bytes], start: int, length: int) -> None:
    raw, cleaned = pair
    piece = raw[start : start + length]
    assert overlay(raw, cleaned).over(piece, start) == cleaned[start : start + length]


def test_nothing_is_laid_over_other_octets() -> None:
    over = overlay(RAW, CLEANED)
    at = RAW.index(b"TRACKER")
    assert over.over(b"trackeR", at) is None
    assert over.over(RAW, 1) is None
