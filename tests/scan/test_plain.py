"""Where an address in plain text begins and ends, held against what mail clients make a link of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.scan.plain import LONGEST, addresses


def urls(text: str, *, joined: bool = False) -> list[str]:
    return [address.url for address in addresses(text, joined=joined)]


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://a.example/b", "https://a.example/b"),
        ("HTTP://A.example/B", "HTTP://A.example/B"),
        ("See https://a.example/b.", "https://a.example/b"),
        ("Seen https://a.example/b?c=d! Or not", "https://a.example/b?c=d"),
        ("<https://a.example/b.>", "https://a.example/b."),
        ("<URL:https://a.example/b>", "https://a.example/b"),
        ('"https://a.example/b,"', "https://a.example/b"),
        ("'https://a.example/b'", "https://a.example/b"),
        ("(https://a.example/b)", "https://a.example/b"),
        ("(see https://a.example/b).", "https://a.example/b"),
        ("(https://a.example/b_(c))", "https://a.example/b_(c)"),
        ("https://a.example/b_(c)", "https://a.example/b_(c)"),
        ("[https://a.example/b]", "https://a.example/b"),
        ("https://a.example/?b[]=c&d[1]=e", "https://a.example/?b[]=c&d[1]=e"),
        ("*https://a.example/b*", "https://a.example/b"),
        ("_https://a.example/b_", "https://a.example/b"),
        ("https://a.example/b_", "https://a.example/b_"),
        ("|https://a.example/b|", "https://a.example/b"),
        ("`https://a.example/b`", "https://a.example/b"),
        ("> https://a.example/b", "https://a.example/b"),
        (">https://a.example/b", "https://a.example/b"),
        ("link:https://a.example/b", "https://a.example/b"),
        ("“https://a.example/b”", "https://a.example/b"),
        ("https://a.example/b\N{NO-BREAK SPACE}c", "https://a.example/b"),
        ("https://web.example/2020/https://a.example/b", "https://web.example/2020/https://a.example/b"),
        ("<https://a.example/\r\n  b/\r\nc>", "https://a.example/b/c"),
    ],
)
def test_an_address_ends_where_clients_end_it(text: str, url: str) -> None:
    assert urls(text) == [url]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http",
        "://",
        "ftp://a.example/b",
        "xhttps://a.example/b",
        "git+https://a.example/b",
        "https://a.example/b...",
        "https://a.example/b…",
        "https://a.example/b\xe2\x80\xa6",
        "https://a.example/{{name}}",
        "https://a.example/b|c",
        "https://a.example/b\\c",
        "<https://a.example/b c>",
        "<https://a.example/b\n> c>",
        "https://a.example/" + "b" * LONGEST,
        "https://a.example/redirect?to=https%3A%2F%2Fshop.example%2Fs\r\nale%2F17\r\n",
    ],
)
def test_none_is_found_where_it_is_not_certain(text: str) -> None:
    assert urls(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://a.example/redirect?to=https%3A%2F%2Fshop.example%2Fsale\r\n----------------------\r\n",
        "https://a.example/redirect?to=https%3A%2F%2Fshop.example%2Fsale\r\nhttps://b.example/?c=d\r\n",
        "https://a.example/redirect?to=https%3A%2F%2Fshop.example%2Fsale\r\nUnsubscribe\r\n",
        "https://a.example/redirect?to=https%3A%2F%2Fshop.example%2Fsale\r\nand a sentence/more\r\n",
        "https://a.example/redirect?to=https%3A%2F%2Fshop.example%2Fsale\r\n\r\nb=c\r\n",
    ],
)
def test_a_long_address_may_have_a_line_behind_it(text: str) -> None:
    assert urls(text)[0] == "https://a.example/redirect?to=https%3A%2F%2Fshop.example%2Fsale"


def test_markdown_has_two_addresses() -> None:
    text = "![x](https://a.example/b) [https://a.example/c](https://a.example/d)"
    assert urls(text) == ["https://a.example/b", "https://a.example/c", "https://a.example/d"]


def test_a_soft_break_joins_only_where_its_blank_goes() -> None:
    text = "https://a.example/b \r\nc/d and"
    assert urls(text) == ["https://a.example/b"]
    assert urls(text, joined=True) == ["https://a.example/bc/d"]
    assert urls("https://a.example/b \r\n c.\r\n", joined=True) == ["https://a.example/bc"]  # stuffed, RFC 3676 §4.4
    assert urls("https://a.example/b  \r\nc", joined=True) == ["https://a.example/b"]


def test_a_soft_break_in_a_quotation_is_not_certain() -> None:
    assert urls("> https://a.example/b \r\n> c", joined=True) == []
    assert urls("> https://a.example/b \r\nc", joined=True) == []


def test_the_word_around_an_address() -> None:
    text = "see (<https://a.example/b>.)"
    (address,) = addresses(text)
    assert text[address.start : address.end] == "https://a.example/b"
    assert text[address.word_start : address.word_end] == "<https://a.example/b>.)"


PIECES = st.lists(
    st.sampled_from(
        [
            *("https://", "http://", "https://a.example/b", "a.example", "/", "?b=c", "%20", "URL:", "é", "…"),
            *("(", ")", "[", "]", "<", ">", "|", "'", '"', "*", "\\", "{", ".", " ", "\r\n", "\n", " \r\n"),
        ]
    )
).map("".join)


@given(PIECES, st.booleans())
def test_addresses_lie_apart_and_are_what_stands_there(text: str, joined: bool) -> None:
    position = 0
    for address in addresses(text, joined=joined):
        assert position <= address.word_start <= address.start < address.end <= address.word_end <= len(text)
        written = text[address.start : address.end]
        assert "".join(written.split()) == address.url
        assert address.url.lower().startswith(("http://", "https://"))
        position = address.word_end
