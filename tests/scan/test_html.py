"""The tag scan against exact offsets, and against a tokeniser that follows the standard state by state."""

import pytest
from html5lib._tokenizer import HTMLTokenizer  # the one tokeniser here that can start in any state
from html5lib.constants import tokenTypes
from hypothesis import given
from hypothesis import strategies as st

from sluis.scan.budget import ALLOWANCE, WALKS, Budget, Overrun
from sluis.scan.html import Attribute, AttributeScanner, TagScanner, enclosing, lower

NAMES = frozenset({"a", "img", "image", "script", "link", "fill"})
SCANNER = TagScanner(NAMES)


def tags(text: str):
    return list(SCANNER.tags(text, lower(text), Budget(len(text))))


def spelled(text: str) -> list[tuple[str, str, list[tuple[str, str]]]]:
    return [
        (tag.name, text[tag.start : tag.end], [(each.name, each.value) for each in tag.attributes])
        for tag in tags(text)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<img src=x>", [("img", "<img src=x>", [("src", "x")])]),
        ("<IMG/SRC=x/>", [("img", "<IMG/SRC=x/>", [("src", "x/")])]),
        ("<img\n src = 'x' >", [("img", "<img\n src = 'x' >", [("src", "x")])]),
        ('<img src="a>b">', [("img", '<img src="a>b">', [("src", "a>b")])]),
        ("<img src=x src=y>", [("img", "<img src=x src=y>", [("src", "x"), ("src", "y")])]),
        ('<img alt="x"src="y">', [("img", '<img alt="x"src="y">', [("alt", "x"), ("src", "y")])]),
        ("<img src=>", [("img", "<img src=>", [("src", "")])]),
        ("<img =x=y>", [("img", "<img =x=y>", [("=x", "y")])]),
        ("<v:fill src='z'/>", [("fill", "<v:fill src='z'/>", [("src", "z")])]),
        ("<img src=x", [("img", "<img src=x", [("src", "x")])]),
        ("<!-- <img src=x> -->", [("img", "<img src=x>", [("src", "x")])]),
        ("<style><img src=x></style>", [("img", "<img src=x>", [("src", "x")])]),
        ("< img src=x><imgs src=x></img>", []),
        ("<img\x0bsrc=x>", []),
        ("<img src=a\xa0b>", [("img", "<img src=a\xa0b>", [("src", "a\xa0b")])]),
        ("<ımg src=x>", []),
    ],
)
def test_tags_as_browsers_read_them(text: str, expected: object) -> None:
    assert spelled(text) == expected


def test_a_tag_within_an_attribute_is_seen_too_and_knows_its_stray_quote() -> None:
    text = """<a title="<img src=http://t/p">x</a>"""
    outer, inner = tags(text)
    assert (outer.name, outer.stray_quote) == ("a", False)
    assert (inner.name, inner.stray_quote) == ("img", True)
    assert inner.attributes[0].value == "http://t/p"
    assert text[inner.attributes[0].start : inner.attributes[0].end] == "src=http://t/p"


def test_offsets_of_an_attribute() -> None:
    text = "<a href = 'x&amp;y'>"
    (attribute,) = tags(text)[0].attributes
    assert text[attribute.start : attribute.end] == "href = 'x&amp;y'"
    assert text[attribute.value_start : attribute.value_end] == "x&amp;y"
    assert (attribute.quote, attribute.raw, attribute.value) == ("'", "x&amp;y", "x&y")


def test_of_repeated_attributes_the_first_counts() -> None:
    assert tags("<img width=1 WIDTH=2>")[0].value("width") == "1"


def test_attributes_anywhere() -> None:
    text = """<td background="a"><x-y/background = 'b' data-background=c><p "background=d>"""
    found = AttributeScanner({"background"}).attributes(text, lower(text), Budget(len(text)))
    assert [attribute.raw for attribute in found] == ["a", "b", "d"]


def test_the_enclosing_tag_of_a_position() -> None:
    text = """<div style="color:red"><td style='background:url(x)' width=1>"""
    tag = enclosing(text, text.index("url"), Budget(len(text)))
    assert tag is not None
    assert (tag.name, tag.value("width")) == ("td", "1")
    assert enclosing("<p>url(x)", 3, Budget(9)) is None


@pytest.mark.parametrize("piece", ['<img x="', "<img x='y\" ", "<a <img ", "<img " * 3 + "'", "<img/", '<a "="'])
def test_hostile_text_costs_linear_work(piece: str) -> None:
    """The work is counted, not timed: it either stays within the budget or ends in `Overrun`."""
    text = piece * (2_000_000 // len(piece))
    budget = Budget(len(text))
    try:
        for tag in SCANNER.tags(text, lower(text), budget):
            assert tag.start < len(text)
    except Overrun:
        assert budget.left < 0
    else:
        assert 0 <= budget.left <= WALKS * len(text) + ALLOWANCE


FRAGMENTS = st.sampled_from(
    [
        *"<>/='\"& \n\tax!-\0é",
        *("<img ", "<IMG/", "src=", " href='", ' src="', "http://t/", "<a ", "</a>", ">>", "\r\n"),
        *("<!--", "-->", "--!>", "<![CDATA[", "]]>", "<script>", "</script>", "<title>", "<style>"),
        *("&amp;", "&#x2f;"),
    ]
)
STATES = ["dataState", "rcdataState", "rawtextState", "scriptDataState", "plaintextState"]


def standard(text: str, state: str) -> list[tuple[str, dict[str, str]]]:
    """The start tags with attributes that the standard's tokeniser sees from `state` on."""
    tokeniser = HTMLTokenizer(text)
    tokeniser.state = getattr(tokeniser, state)
    return [
        (token["name"], dict(token["data"]))
        for token in tokeniser
        if token["type"] == tokenTypes["StartTag"] and token["name"] in NAMES
    ]


@given(st.lists(FRAGMENTS, max_size=40).map("".join), st.sampled_from(STATES))
def test_every_tag_any_state_yields_is_seen(text: str, state: str) -> None:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    ours = [(tag.name, {name: tag.value(name) for name in tag.values}) for tag in tags(text)]
    for name, attributes in standard(text, state):
        assert any(seen(name, attributes, *candidate) for candidate in ours), (name, attributes, ours)


def seen(name: str, attributes: dict[str, str], our_name: str, ours: dict[str, str]) -> bool:
    """A value of ours may stop at a stray quote; NUL and unusual references are the caller's to normalise."""
    return name == our_name and all(
        plain(ours.get(key.replace("\ufffd", "\0"), "\0missing")) == plain(value)
        or plain(value).startswith(plain(ours.get(key.replace("\ufffd", "\0"), "\0missing")))
        for key, value in attributes.items()
    )


def plain(value: str) -> str:
    return value.replace("\0", "\ufffd")


def test_unquoted_value_ends_at_a_stray_quote() -> None:
    (tag,) = tags("<img src=http://t/p'x>")
    assert isinstance(tag.attributes[0], Attribute)
    assert tag.attributes[0].raw == "http://t/p"


def test_what_goes_on_past_a_stray_quote_is_another_reading() -> None:
    (attribute,) = tags("""<img src=http://h/a"/..&#47;b'c>""")[0].attributes
    assert (attribute.raw, attribute.whole) == ("http://h/a", """http://h/a"/..&#47;b'c""")
    assert attribute.values == ("http://h/a", """http://h/a"/../b'c""")
