"""Which bases stay, what is relative to them is judged as, and that no tracker is reached by one."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.detect.conftest import MakePage, edited
from tests.invariants import beacons, check

from sluis.detect.page import Page
from sluis.detect.settle import proposals
from sluis.policy import POLICIES

BASE = '<base href="http://shop.example/mail/">'
LOGO = '<img src="logo.png" width=90 height=40>'
UTM = "http://shop.example/sale?utm_source=x"
PIXEL = "I0/01020189abcdef01-eb08255a-17b1-41b8-97cf-012345/aBcD3fGh1JkLmN0p0=345"


@pytest.fixture
def sole(page: MakePage) -> MakePage:
    def make(html: str, *arguments: object) -> Page:
        return replace(page(html, *arguments), sole=True)

    return make


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (LOGO, LOGO),
        ('<img src="../logo.png" alt=""><img src="cid:a"><img src="">', None),
        ('<table background="bg.gif">', None),
        ('<a href="sale.html">Sale</a>', None),
        (f'{LOGO}<img src="../{PIXEL}">', LOGO),
        (f'{LOGO}<img src="/{PIXEL}" width=1 height=1>', LOGO),
        (f'{LOGO}<table background="/{PIXEL}">', f"{LOGO}<table >"),
        (f'{LOGO}<img src="open.php?u=8f14e45fceea167a5a36" width=1 height=1>', LOGO),
        (f'{LOGO}<a href="/sale?utm_source=x">Sale</a>', f'{LOGO}<a href="http://shop.example/sale">Sale</a>'),
        (f'{LOGO}<a href="#top">Up</a>', None),
        (f'{LOGO}<p style="background:url(https://shop.example/bg.gif)">', None),
        (f'{LOGO}<script src="https://t.example/x.js"></script>', f"{LOGO}<script ></script>"),
        (f"{LOGO}<meta http-equiv=Content-Type content='text/html'>", None),
        (f"{BASE}{LOGO}", None),
        (f"<base target=_top>{LOGO}", None),
    ],
)
def test_an_unsuspicious_base_stays_for_what_is_relative_to_it(sole: MakePage, before: str, after: str | None) -> None:
    html = f"{BASE}<p>Hello</p>{before}"
    assert edited(html, proposals(sole(html))) == html.replace(before, before if after is None else after)


@pytest.mark.parametrize(
    "html",
    [
        BASE,
        f'{BASE}<img src="/{PIXEL}">',
        f'{BASE}<img src="https://shop.example/logo.png"><a href="#a">Up</a>',
        f'{BASE}<a href="https://shop.example/">Shop</a>',
        f'{LOGO}<base href="http://shop.example/{PIXEL}">',
        f'{LOGO}<base href="https://www.google.com/url?q=https://t.example/">',
        f'{LOGO}<base href="https://u1.ct.sendgrid.net/ls/click?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D">',
        f'{LOGO}<base href="http://shop.example/?u=reader@home.example">',
        f'{LOGO}<base href="//shop.example/">',
        f'{LOGO}<base href="ftp://shop.example/">',
        f'{LOGO}<base href="http://shop.example/a\\b/">',
        f'{LOGO}<base href="http://shop.example/&#97;/">',
        f"{LOGO}{BASE}<base href=http://t.example/>",
        f"{LOGO}{BASE}<base href='/mail/'>",
        f"{LOGO}{BASE}<x:base x:href=http://t.example/>",
        f"{LOGO}{BASE[:-1]}",
        f"{LOGO}<p title='{BASE}'>",
        f"{LOGO}{BASE}\0",
        f"{LOGO}{BASE}<img src=' a.gif'>",
        f"{LOGO}{BASE}<img src='a//b.gif'>",
        f"{LOGO}{BASE}<img src='http:a.gif'>",
        f'{LOGO}{BASE}<img src=a.gif"b>',
        f"{LOGO}{BASE}<img srcset='a.gif 2x'>",
        f"{LOGO}{BASE}<p background='#a'>",
        f'{LOGO}{BASE}<p background=a"/../../{PIXEL}>',
        f"{LOGO}{BASE}<script src=x.js></script>",
        f"{LOGO}{BASE}<iframe src=x></iframe>",
        f"{LOGO}{BASE}<link rel=icon href=x.ico>",
        f"{LOGO}{BASE}<svg><use href='#a'/></svg>",
        f"{LOGO}{BASE}<svg><set to=x /></svg>",
        f"{LOGO}{BASE}<meta http-equiv=Refresh content='9; url=x'>",
        f"{LOGO}{BASE}<meta name=msapplication-config content=x.xml>",
        f"{LOGO}{BASE}<a ping=x>",
        f"{LOGO}{BASE}<b xml:base=x>",
        f"{LOGO}{BASE}<style>p{{background:url(x.gif)}}</style>",
        f"{LOGO}{BASE}<style>p{{background:ur\\6c (https://shop.example/x.gif)}}</style>",
        f"{LOGO}{BASE}<p style=\"background:url('https://t.example/{PIXEL}(/../../{PIXEL}')\">",
        f"{LOGO}{BASE}<style>@import 'https://fonts.googleapis.com/css?family=A';</style>",
        f"{LOGO}{BASE}<style>p{{background:image-set('https://shop.example/a' 1x,'x' 2x)}}</style>",
        f"{LOGO}{BASE}<?xml-stylesheet href='x.css'?>",
    ],
)
def test_it_goes_where_it_serves_nothing_or_anything_is_odd(sole: MakePage, html: str) -> None:
    bases = [each for each in proposals(sole(html, "balanced", ("reader@home.example",))) if each.technique == "base"]
    assert bases or "base" not in html.lower()
    assert {"http://shop.example/mail/", "http://t.example/"}.isdisjoint(
        word.strip("'\"") for word in edited(html, bases).replace("=", " ").replace(">", " ").split()
    )


@pytest.mark.parametrize("policy", ["strict", "simple"])
def test_it_goes_where_no_picture_stays(sole: MakePage, policy: str) -> None:
    assert [each.technique for each in proposals(sole(BASE + LOGO, policy))] == ["base"]


def test_it_goes_where_other_markup_may_be_shown_with_it(page: MakePage) -> None:
    assert [each.technique for each in proposals(page(BASE + LOGO))] == ["base"]


def test_what_is_found_is_told_by_its_whole_address(sole: MakePage) -> None:
    (found,) = proposals(sole(f'{BASE}{LOGO}<img src="../{PIXEL}">'))
    assert found.url == f"http://shop.example/mail/../{PIXEL}"
    assert found.vendor == "amazon-ses"


def part(html: str, kind: str = "text/html") -> str:
    return f"Content-Type: {kind}\r\n\r\n{html}\r\n"


def message(*parts: str, kind: str = "mixed") -> bytes:
    joined = "".join(f"--b\r\n{each}" for each in parts)
    return f"Content-Type: multipart/{kind}; boundary=b\r\n\r\n{joined}--b--\r\n".encode()


@pytest.mark.parametrize(
    ("raw", "stays", "fitted"),
    [
        (part(BASE + LOGO).encode(), True, True),
        (message(part("Hello", "text/plain"), part(BASE + LOGO), kind="alternative"), True, False),
        (message(part(BASE + LOGO), part("", "image/png")), True, False),
        (message(part(BASE + LOGO), part("<p>Hello")), False, False),
        (message(part(BASE + LOGO), part("<svg/>", "image/svg+xml")), False, False),
        (message(part(BASE + LOGO), part(part("<p>Hello"), "message/rfc822")), False, False),
        (message(part(BASE + LOGO))[:-7], False, False),
    ],
)
def test_only_in_a_message_of_one_page(raw: bytes, stays: bool, fitted: bool) -> None:
    assert (BASE.encode() in check(raw, POLICIES["balanced"]).raw) is stays
    assert (BASE.encode() in check(raw, replace(POLICIES["balanced"], fit=True)).raw) is fitted


PIECES = st.sampled_from(
    [
        *(f"<img src=/{PIXEL}>", f"<img src='../{PIXEL}'", f"<img src={PIXEL.removeprefix('I0/')}>", "<img src=a.gif>"),
        *(
            f"<a href=/{PIXEL}>",
            f"<p background=../{PIXEL}>",
            f"<script src=/{PIXEL}>",
            f"<svg><image href=/{PIXEL} />",
        ),
        *(BASE, "<base href=http://t.example/I0/>", "<!--", "-->", "<p title='", "'", '"', ">", "<p>x</p>"),
        *("<a href='/?utm_source=x'>", f"<input type=image src=../{PIXEL}>"),
    ]
)


@given(st.sampled_from([BASE, "<base href='http://shop.example/I0/'>"]), st.lists(PIECES, max_size=5), st.booleans())
def test_no_beacon_is_reached_by_a_base(base: str, pieces: list[str], fit: bool) -> None:
    html = "".join([base, "<p>Hello</p>", LOGO, *pieces])
    done = check(part(html).encode(), replace(POLICIES["balanced"], fit=fit))
    assert list(beacons(done.raw.decode().partition("\r\n\r\n")[2])) == []
