"""Simple HTML, exactly, and that it stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.invariants import check

from sluis.detect.proposal import Proposal
from sluis.detect.simple import rebuild
from sluis.policy import POLICIES


def nothing(_: str) -> tuple[Proposal, ...]:
    return ()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("<p onclick=x style=color:red>Hé &amp; b", "<p>H&#233; &amp; b</p>"),
        ("<a href='https://a.example/?x=1&y=2' ping=z>l</a>", '<a href="https://a.example/?x=1&amp;y=2">l</a>'),
        ("<a href='javascript:x'>k</a><font>f</font>", "<a>k</a>f"),
        ("<img src='http://t.example/p' alt=q width=9>", '<img alt="q" width="9"/>'),
        (
            "<img src=cid:logo><img src='data:image/gif;base64,R0'>",
            '<img src="cid:logo"/><img src="data:image/gif;base64,R0"/>',
        ),
        ("a<!-- c --><script>x</script><style>y</style><svg><a>z</a></svg>b", "ab"),
    ],
)
def test_rebuild(before: str, after: str) -> None:
    assert rebuild(before, nothing) == f"<html><body>{after}</body></html>\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_line_ends_alike(line_end: str) -> None:
    built = rebuild("<p\nstyle=x>a\r\nb\rc&#13;&#10;d\n", nothing, line_end)
    assert built == "<html><body><p>a\nb\nc&#13;\nd\n</p></body></html>\n".replace("\n", line_end)
    assert rebuild(built, nothing, line_end) == built


PIECES = [
    "<p>",
    "</p>",
    "<b>",
    "<table>",
    "<td>",
    "<a href=x>",
    "&lt;",
    "é",
    "x ",
    "\n",
    "<!--",
    "-->",
    "<li>",
    "</",
    "<form>",
]


@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
def test_what_is_simple_stays(text: str) -> None:
    once = rebuild(text, nothing)
    assert rebuild(once, nothing) == once


@pytest.mark.parametrize("charset", ["utf-8", "utf-16", "utf-7", "hz", "cp037"])
def test_what_joins_when_an_element_goes_is_read_as_well(charset: str) -> None:
    html = "<p>url(<e>&#104;ttp://t.example/a.png)</p>".encode(charset)
    done = check(b"Content-Type: text/html; charset=" + charset.encode() + b"\r\n\r\n" + html, POLICIES["simple"])
    assert "http:" not in done.raw.partition(b"\r\n\r\n")[2].decode(charset)


def test_half_a_character_is_shown_as_none() -> None:
    done = check(b"Content-Type: text/html; charset=utf-7\r\n\r\na+2AA-b", POLICIES["simple"])
    assert done.raw.endswith(b"<html><body>a&#65533;b</body></html>\r\n")
