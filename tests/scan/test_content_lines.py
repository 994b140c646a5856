"""Content lines unfolded, and changes folded again."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sluis.scan.content_lines import WIDTH, content_lines, escaped, refolded, unfold


def test_lines_are_whole_and_lead_back_to_where_they_were_written() -> None:
    text = 'BEGIN:VEVENT\r\nURL:https://a.exam\r\n ple/b\r\nitem1.NOTE;LANGUAGE=en;X="a:b":one\\, two\\nth\r\n\tree\r\n'
    whole = unfold(text)
    lines = [(line.name, line.parameters, whole.text[line.value : line.end]) for line in content_lines(whole.text)]
    assert lines == [
        ("BEGIN", "", "VEVENT"),
        ("URL", "", "https://a.example/b"),
        ("NOTE", ';LANGUAGE=en;X="a:b"', "one, two\fthree"),
    ]
    url = whole.text.index("ple/b")
    assert text[whole.origin(url) : whole.origin(url + 5)] == "ple/b"
    three = whole.text.index("three")
    assert text[whole.origin(three) : whole.origin(three + 5)] == "th\r\n\tree"


@pytest.mark.parametrize("text", ["", "no line", "A", ':x"', 'A;B="c:d\r\n', "\r\n \r\n"])
def test_what_is_no_content_line_is_passed_over(text: str) -> None:
    assert list(content_lines(unfold(text).text)) == []


def test_a_text_is_escaped_as_it_was() -> None:
    assert escaped("a,b;c\\d\fe") == "a\\,b\\;c\\\\d\\ne"
    assert unfold("N:" + escaped("a,b;c\\d")).text == "N:a,b;c\\d"


def test_what_gets_too_long_is_folded_and_what_follows_too() -> None:
    text = "URL:x\r\nDTSTART:1\r\n"
    long = "https://a.example/" + "b" * 100
    folded = refolded(text, 4, 5, long)
    assert folded == long[:71] + "\r\n " + long[71:]
    assert refolded("NOTE:x, and the rest of it\n", 5, 6, "y" * 60) == "y" * 60 + "\n "
    assert refolded("URL:" + "x" * 200 + "\n", 4, 204, "y" * 150) == "y" * 150


@given(st.text("ab:;,\\n", max_size=300), st.text("xyz,", max_size=300), st.data())
def test_any_change_reads_as_itself_and_keeps_lines_short(value: str, replacement: str, data: st.DataObject) -> None:
    text = "NOTE:" + refolded("NOTE:", 5, 5, value) + "\r\nEND:VCARD\r\n"
    whole = unfold(text)
    start = data.draw(st.integers(5, len(whole.text) - 13))
    end = data.draw(st.integers(start, len(whole.text) - 13))
    assume(not whole.text[:start].endswith("\\"))  # no address begins within an escape
    first, last = whole.origin(start), whole.origin(end)
    changed = text[:first] + refolded(text, first, last, escaped(replacement)) + text[last:]
    assert unfold(changed).text == whole.text[:start] + replacement + whole.text[end:]
    assert max(map(len, changed.split("\r\n"))) <= WIDTH
