"""Readings of octets, and edits of them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.message.charset import readings
from sluis.message.splice import splice

ALIEN = ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-7", "iso-2022-jp", "iso-2022-kr", "hz", "cp037"]


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1", "shift_jis", "gbk", "no-such", "base64", None, "\0"])
def test_ascii_compatible_charsets_are_read_octet_by_octet(charset: str | None) -> None:
    (text,) = readings("<p>é".encode(), charset)
    assert text.text == "<p>Ã©"
    edit = text.edit(0, 3, "<b>")
    assert edit is not None
    assert (edit.start, edit.end, edit.octets) == (0, 3, b"<b>")


def test_native_characters() -> None:
    (text,) = readings("é".encode(), "utf-8")
    assert text.native("Ã©") == "é"


@pytest.mark.parametrize("charset", ALIEN)
def test_alien_charsets_are_read_by_their_codec(charset: str) -> None:
    octets = "<p>hello</p>".encode(charset)
    text = readings(octets, charset)[0]
    start = text.text.index("hello")
    edit = text.edit(start, start + 5, "bye")
    assert edit is not None
    assert splice(octets, [edit]).decode(charset).removeprefix("\ufeff") == "<p>bye</p>"


def test_a_byte_order_mark_wins() -> None:
    assert readings("\ufeff<p>".encode("utf-16-le"), "us-ascii")[0].text == "\ufeff<p>"


def test_octets_that_also_read_as_latin_1_are_read_twice() -> None:
    texts = readings(b"<img src=+AGg-ttp://t/p>", "utf-7")
    assert [text.text for text in texts] == ["<img src=http://t/p>", "<img src=+AGg-ttp://t/p>"]


@given(st.text(st.sampled_from("ab<>é漢字€ \n"), max_size=30), st.sampled_from([*ALIEN, "utf-8"]), st.data())
def test_an_edit_changes_what_it_says_and_nothing_else(text: str, charset: str, data: st.DataObject) -> None:
    octets = text.encode(charset, "xmlcharrefreplace")
    reading = readings(octets, charset)[0]
    first = int(reading.text.startswith("\ufeff"))  # nothing goes before a byte order mark
    start = data.draw(st.integers(first, max(first, len(reading.text))))
    end = data.draw(st.integers(start, len(reading.text)))
    edit = reading.edit(start, end, "X")
    if edit is None or not octets:
        return
    again = readings(splice(octets, [edit]), charset)[0]
    assert again.text == reading.text[:start] + "X" + reading.text[end:]
