"""Simple HTML, exactly, and that it stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.detect.simple import rebuild


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
    assert rebuild(before) == f"<html><body>{after}</body></html>\n"


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_every_line_ends_alike(line_end: str) -> None:
    built = rebuild("<p\nstyle=x>a\r\nb\rc&#13;&#10;d\n", line_end)
    assert built == "<html><body><p>a\nb\nc&#13;\nd\n</p></body></html>\n".replace("\n", line_end)
    assert rebuild(built, line_end) == built


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
    once = rebuild(text)
    assert rebuild(once) == once
