"""References in style sheets, as written and behind escapes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.scan.budget import Budget
from sluis.scan.css import Place, references
from sluis.scan.fold import fold


def found(text: str) -> list[tuple[str, str, str]]:
    """Each reference's URL, the text an edit replaces, and what by."""
    return [(each.url, text[each.start : each.end], each.replacement) for each in references(text, Budget(len(text)))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("background:url(http://t/p)", [("http://t/p", "url(http://t/p)", "none")]),
        ("URL( 'http://t/p' )", [("http://t/p", "URL( 'http://t/p' )", "none")]),
        ('url("//t/p 1")', [("//t/p 1", 'url("//t/p 1")', "none")]),
        ('url("//t/p(1)")', [("//t/p", "//t/p", "")]),
        ("url(cid:logo) url(data:image/gif;base64,R0) url(#x) url(p.gif)", []),
        (r"\75 \72l(http://t/p)", [("http://t/p", r"\75 \72l(http://t/p)", "none")]),
        (r"u\rl(http://t/p)", [("http://t/p", r"u\rl(http://t/p)", "none")]),
        ("&#117;rl&lpar;http://t/p&#41;", [("http://t/p", "&#117;rl&lpar;http://t/p&#41;", "none")]),
        ("url(&quot;http://t/p&quot;)", [("http://t/p", "url(&quot;http://t/p&quot;)", "none")]),
        ("url(&QUOT;http://t/p&QUOT;)", [("http://t/p", "url(&QUOT;http://t/p&QUOT;)", "none")]),
        ("url(&quot//t/p&quot)", [("//t/p", "url(&quot//t/p&quot)", "none")]),
        ("url(&#92;68ttp://t/p)", [("http://t/p", "url(&#92;68ttp://t/p)", "none")]),
        ("@import 'http://t/s.css' screen;", [("http://t/s.css", "'http://t/s.css'", "none")]),
        ("@IMPORT/**/'http://t/s.css';", [("http://t/s.css", "'http://t/s.css'", "none")]),
        ("@import url(http://t/s.css);", [("http://t/s.css", "url(http://t/s.css)", "none")]),
        ('image-set("http://t/p" 1x, "x.png" 2x)', [("http://t/p", '"http://t/p"', "none")]),
        ("-webkit-image-set(url(http://t/p) 1x)", [("http://t/p", "url(http://t/p)", "none")]),
        ("cross-fade('http://t/p', white)", [("http://t/p", "'http://t/p'", "none")]),
        ('image-set("data:x;base64,R0" 2x, "http://t/p" 1x)', [("http://t/p", '"http://t/p"', "none")]),
        (f'image-set("data:,{"x" * 9999}" 2x, "http://t/p" 1x)', [("http://t/p", '"http://t/p"', "none")]),
        ('image-set(if(media(width>1px):"http://t/p";else:"x") 1x)', [("http://t/p", '"http://t/p"', "none")]),
        ('image-set("http://t/p?<a>" 1x)', [("http://t/p?", "http://t/p?", "")]),
        ("p{--x:'http://t/p';background:image-set(var(--x) 1x)}", [("http://t/p", "'http://t/p'", "none")]),
        ("--x : &quot;http://t/p&quot;", [("http://t/p", "&quot;http://t/p&quot;", "none")]),
        ('@property --x{initial-value:"//t/p"}', [("//t/p", '"//t/p"', "none")]),
        ('@function --f(){result:"//t/p"}', [("//t/p", '"//t/p"', "none")]),
        (r'image-set("x\"" 2x, "//t/p" 1x)', [("//t/p", '"//t/p"', "none")]),
        (r'image-set(url(x\)) 2x, "//t/p" 1x)', [("//t/p", '"//t/p"', "none")]),
        (r"<p>/*<style>\75rl(//t/p)</style>*/", [("//t/p", r"\75rl(//t/p)", "none")]),
        ("<p>/*<p style='&#117;rl(//t/p)'>*/", [("//t/p", "&#117;rl(//t/p)", "none")]),
        ('@import "http://t/s.css', [("http://t/s.css", "http://t/s.css", "")]),
        ('@import "http://t/s.css?<a>";', [("http://t/s.css?", "http://t/s.css?", "")]),
        (r'@import "\1 http://t/s.css";', [("\x01http://t/s.css", r'"\1 http://t/s.css"', "none")]),
        ("@import 'data:text/css,x';", [("data:text/css,x", "'data:text/css,x'", "none")]),
        (
            "@import url(data:text/css;base64,eA);",
            [("data:text/css;base64,eA", "url(data:text/css;base64,eA)", "none")],
        ),
        ("url('ht\ttp://t/p')", [("ht\ttp://t/p", "url('ht\ttp://t/p')", "none")]),
        (r"url('ht\a tp://t/p')", [("http://t/p", r"url('ht\a tp://t/p')", "none")]),
        ("""<p style="--x:red"\nhref="http://t/p"><a href='http://t/q'>""", []),
        ("""<p style="x:image-set('y' 1x)" title="z" href="http://t/p">""", []),
        ("""style='x:url("http://t/p' title="y">""", [("http://t/p", "http://t/p", "")]),
        ('style="x:url(http://t/p" title="y">', [("http://t/p", "http://t/p", "#")]),
        ("curl(http://t/p) curly(http://t/p) url (http://t/p) swapImage('http://t/p')", []),
    ],
)
def test_references(text: str, expected: object) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("@import url('http://t/s')", Place.IMPORT),
        ("@font-face{font-family:x;src:url(http://t/f)}", Place.FONT),
        ("url(http://t/f.woff2?v=1)", Place.FONT),
        ("src: local(x), url(//t/f)", Place.FONT),
        ("p{behavior:url(http://t/f)}", Place.BEHAVIOR),
        ("<p style='-ms-behavior : url(#x) url(//t/f)'>", Place.BEHAVIOR),
        ("p{color:red;-moz-b\\69nding:url(http://t/f#x)}", Place.BEHAVIOR),
        ("p{overscroll-behavior:none;background:url(http://t/f)}", Place.IMAGE),
        ("<p>On behavior: bad</p><td style='background:url(//t/f)'>", Place.IMAGE),
        ("background-image:url(http://t/i)", Place.IMAGE),
        ("data-src:1;background:url(http://t/i)", Place.IMAGE),
    ],
)
def test_what_a_reference_is_for(text: str, place: Place) -> None:
    assert [each.place for each in references(text, Budget(len(text)))] == [place]


@given(st.lists(st.sampled_from(["a", "&#97;", r"\61 ", "/**/", "&amp;", "&lpar;", r"\(", "é", "\\\n"])).map("".join))
def test_folding_keeps_the_way_back(text: str) -> None:
    """Cutting any character of the folded text out of the written one leaves the others."""
    folded = fold(text)
    if folded is None:
        assert not {"#", "l", "\\", "/"} & set(text)
        return
    for index in range(len(folded.text)):
        start, end = folded.origin(index), folded.origin(index + 1)
        assert 0 <= start < end <= len(text)
        rest = fold(text[:start] + "|" + text[end:])
        again = rest.text if rest else text[:start] + "|" + text[end:]
        assert again == folded.text[:index] + "|" + folded.text[index + 1 :]


@pytest.mark.parametrize(
    "behind", ['"https://t.example/b")', " https://t.example/b)", ' "https://t.example/b")', "<b>"]
)
def test_a_cut_within_an_open_url_completes_no_other(behind: str) -> None:
    """`url(a "b")` is an error and fetches nothing (CSS Syntax §4.3.6), but `url( "b")` would."""
    text = "url(https://t.example/a" + behind
    (reference,) = references(text, Budget(len(text)))
    assert text[: reference.start] + reference.replacement + text[reference.end :] == "url(#" + behind
