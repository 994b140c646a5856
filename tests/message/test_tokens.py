"""Lexical tokens: quotes and comments keep what they hold to themselves, and what is malformed says nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.message.tokens import Token, Tokens

READ = Tokens(";=")


@pytest.mark.parametrize(
    ("value", "tokens"),
    [
        (b"", []),
        (b" \r\n\t ", []),
        (b"a;b=c", ["a", ";", "b", "=", "c"]),
        (b"a (b; c (d) \\) e) f", ["a", "f"]),
        (b"a(b)c", ["a", "c"]),
        (b"(", []),
        (b"a (b (c)", []),
        (b"a ) b", []),
        (b'a "b', []),
        (b"\xff=x", ["\udcff", "=", "x"]),
    ],
)
def test_tokens(value: bytes, tokens: list[str]) -> None:
    assert READ(value) == tuple(map(Token, tokens))


def test_a_quoted_special_is_no_special() -> None:
    assert READ(rb'a=";\"\\(" "="') == (
        Token("a"),
        Token("="),
        Token(';"\\(', quoted=True),
        Token("=", quoted=True),
    )


def test_a_value_without_measure_has_no_tokens() -> None:
    assert READ(b"a " * 8192)
    assert READ(b"a " * 8193) == ()


@given(st.binary(max_size=80))
def test_whatever_is_written_nothing_is_raised_or_made_up(value: bytes) -> None:
    said = value.decode("utf-8", "surrogateescape")
    assert all(token.quoted or token.text in said for token in READ(value))


@given(st.lists(st.from_regex(r"[a-z.@]{1,6}|;|=", fullmatch=True), max_size=8))
def test_comments_change_nothing(words: list[str]) -> None:
    plain = READ(" ".join(words).encode())
    assert READ(" (x \\( (y;)) ".join(["", *words, ""]).encode()) == plain
