"""Readings of octets, and edits of them."""

from base64 import b64encode

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
    assert text.native("Ã©\xad\uff54") == "é\xad\uff54"  # as `&shy;` and `&#65364;` come out, octets of no UTF-8


@pytest.mark.parametrize("charset", ALIEN)
def test_alien_charsets_are_read_by_their_codec(charset: str) -> None:
    octets = "<p>hello</p>".encode(charset)
    text = readings(octets, charset)[0]
    start = text.text.index("hello")
    edit = text.edit(start, start + 5, "bye")
    assert edit is not None
    assert splice(octets, [edit]).decode(charset).removeprefix("\ufeff") == "<p>bye</p>"


@pytest.mark.parametrize("label", ["utf-16", "UTF-16LE", "unicode", "Ucs-2", "iso-10646-ucs-2", "csunicode"])
def test_wide_characters_are_read_under_every_name_that_browsers_know(label: str) -> None:
    assert "<p>hello</p>" in [text.text for text in readings("<p>hello</p>".encode("utf-16-le"), label)]


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


@pytest.mark.parametrize(
    "meta", ['<meta charset="ISO-2022-JP">', "<META http-equiv=x content='text/html; charset = iso-2022-jp'>"]
)
def test_a_page_names_its_charset_where_its_part_does_not(meta: str) -> None:
    octets = (meta + "<b>\u65e5\u672c</b>").encode("iso-2022-jp")
    assert readings(octets, None)[0].text.endswith("<b>\u65e5\u672c</b>")
    assert readings(octets, "x-nothing")[0].codec == "iso2022_jp"
    assert readings(octets, "utf-8")[0].codec == "utf-8"
    assert readings(octets, None, markup=False)[0].codec == "utf-8"


def test_a_page_cannot_name_a_charset_in_which_its_own_name_would_not_be_read() -> None:
    assert readings(b"<meta charset=utf-16>", None)[0].codec == "utf-8"
    assert readings(b"<meta charset=base64>", None)[0].codec == "utf-8"
    assert readings(b"<b>", "base64")[0].codec == "utf-8"


def test_a_text_without_markup_has_one_reading() -> None:
    octets = "+AOk- <b>".encode("ascii")
    assert len(readings(octets, "utf-7")) == 2
    assert len(readings(octets, "utf-7", markup=False)) == 1


@pytest.mark.parametrize("order", ["le", "be"])
def test_without_a_byte_order_mark_both_orders_are_read(order: str) -> None:
    octets = "<p>hello</p>".encode(f"utf-16-{order}")
    assert "<p>hello</p>" in {text.text for text in readings(octets, "utf-16")}
    assert readings(octets, "utf-16")[0].text == "<p>hello</p>"


@pytest.mark.parametrize("octets", [b"<b>\x1b$)x\\bcdefghi</b>", b"<b>\x1b(\0\0\0\0\0\0\0\0\0</b>"])
def test_an_escape_that_there_is_not_is_passed_over(octets: bytes) -> None:
    for charset in ("iso-2022-kr", "iso-2022-jp"):
        assert readings(octets, charset)[0].text.replace("\ufffd", "\x1b") == octets.decode()


def test_edits_within_one_shift_sequence_are_made_together() -> None:
    octets = b"a+" + b64encode("<b>x<i>".encode("utf-16-be")).rstrip(b"=") + b"-z"
    reading = readings(octets, "utf-7")[0]
    assert reading.text == "a<b>x<i>z"
    one, other = reading.edits([(1, 4, "", 0), (5, 8, "é", 1)])
    assert one == other
    assert one is not None
    assert splice(octets, [one]).decode("utf-7") == "axéz"


@pytest.mark.parametrize("charset", ALIEN)
def test_an_edit_far_into_a_text_is_held_to_what_lies_around_it(charset: str) -> None:
    text = "漢字 <b>x</b>\n".encode(charset, "xmlcharrefreplace").decode(charset) * 400
    octets = text.encode(charset)
    reading = readings(octets, charset)[0]
    places = [at for at in range(len(reading.text)) if reading.text.startswith("<b>x", at)]
    edits = reading.edits([(at, at + 4, "y", 1) for at in places])
    made = [edit for edit in edits if edit is not None]
    assert len(made) == len(places) == 400
    assert readings(splice(octets, made), charset)[0].text == reading.text.replace("<b>x", "y")


@pytest.mark.parametrize("charset", ["utf-8", "iso-2022-jp", "utf-16-le"])
def test_no_edit_takes_half_a_line_end(charset: str) -> None:
    octets = "a\r\nb\r\nc".encode(charset)
    edit = readings(octets, charset)[0].edit(2, 5, "x")
    assert edit is not None
    assert splice(octets, [edit]).decode(charset) == "a\r\nx\r\nc"


def test_no_edit_takes_half_a_line_end_that_is_half_a_character() -> None:
    octets = b"a\x1b$Bt\r\n\x1b(Bb"
    text = readings(octets, "iso-2022-jp", markup=False)[0]
    assert text.text[2:] == "\nb"
    assert text.edit(0, 2, "c") is None
    assert text.edit(0, 1, "c") is not None
