"""Images asked for as the links are: which of them count an opening, and what clears one."""

from itertools import product

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.kindred import kindred
from sluis.detect.settle import proposals

TOKEN = "8f14e45fceea167a5a36"
LINK = f'<a href="https://kit.example/go/{TOKEN}">Read on</a>'
MARK = f'<img src="https://kit.example/seen/{TOKEN}/x">'
SCRIPT = '<a href="https://kit.example/m.php?n=a1b2c3d4">Read on</a>'
ASKED = '<img src="https://kit.example/m.php?o=e5f6a7b8">'


@pytest.mark.parametrize(
    ("image", "link"),
    [
        (f'<img src="https://kit.example/seen?{TOKEN}">', LINK),
        (f'<img alt="" style="border:0" src="https://seen.kit.example/o?r={TOKEN}">', LINK),
        (ASKED, SCRIPT),
        (
            '<img src="https://kit.example/o.gif?id=297.6149044.McB_zz">',
            '<a href="https://kit.example/go/2160?n=12&amp;id=297%2E6149044%2EMcB_zz">Read on</a>',
        ),
    ],
)
def test_what_shares_a_token_or_a_script_with_a_link_goes(page: MakePage, image: str, link: str) -> None:
    text = f"{image}<p>Hello</p>{link}<img src='https://shop.example/a.png'>"
    (found,) = kindred(page(text))
    assert (found.technique, found.confidence) == ("kindred", 0.65)
    assert found.url in image
    assert found.url not in edited(text, [found])


@pytest.mark.parametrize(
    ("address", "technique"),
    [
        ("https://kit.example/news/contador/P2Q9MjIwOTQmZWk9MTAzNTY5", "counting"),
        ("https://kit.example/track/3cOMzs1610fRPt92xebw/10464V11", "counting"),  # the token may be a folder
        ("https://kit.example/news/opened.cgi?id=7b2c9d0e", "counting"),
        ("https://kit.example/emailpixel.gif?info=7b2c9d0e", "counting"),
        ("https://kit.example/go.php?i=727&e=NDAwNjY2&l=open", "counting"),  # what the script is told to do
        ("https://kit.example/?method=email.track&id=c4981d456a0a9f73", "counting"),
        ("https://kit.example/t/?m=bGF1cmVudEBi&i=814519&url=http://kit.example/images/blank.jpg", "blank"),
        ("https://kit.example/r.html?r=68LD2MLB&U=http%3A%2F%2Fkit.example%2Ftransp.gif", "blank"),
    ],
)
def test_what_counts_or_leads_to_nothing_goes(page: MakePage, address: str, technique: str) -> None:
    text = f"<p>Hello</p><img src='{address}'><p>Bye</p><a href='https://shop.example/'>a</a>"
    (found,) = kindred(page(text))
    assert (found.technique, found.confidence, found.url) == (technique, 0.65, address)
    assert address not in edited(text, [found])


def test_a_page_that_counts_is_one_beside_pictures_too(page: MakePage) -> None:
    text = f"<img src='https://kit.example/open/{TOKEN}'><p>Hello</p><img src='https://kit.example/a.png' width=90>"
    assert [found.technique for found in kindred(page(text))] == ["counting"]


@pytest.mark.parametrize(
    "text",
    [
        "<img src='https://kit.example/img/8f14e45fceea167a5a36'><p>Hello</p>",  # a picture's folder
        "<img src='https://kit.example/8f14e45fceea167a5a36.png'><p>Hello</p>",
        "<img src='https://kit.example/open/sale'><p>Hello</p>",
        "<img src='https://kit.example/m.php?l=opening&o=e5f6a7b8'><p>Hello</p>",
        "<img src='https://kit.example/m.php?o=e5f6a7b8'><p>Hello</p>",
        "<img src='https://kit.example/t/?m=bGF1cmVudEBi&url=http://kit.example/images/sale.jpg'><p>Hello</p>",
        f"{ASKED}<p>Hello</p>{SCRIPT}<img src='https://kit.example/a.png'>",  # its host shows something
        f"{ASKED}<p>Hello</p>{SCRIPT}<img src='https://kit.example/a?b=1234567' width=90 height=90>",
        f'{ASKED[:-1]} alt="Our shop"><p>Hello</p>{SCRIPT}',
        f"{ASKED[:-1]} width=300><p>Hello</p>{SCRIPT}",
        f'<a href="https://shop.example/">{ASKED}</a><p>Hello</p>{SCRIPT}',
        f"{ASKED * 3}<p>Hello</p>{SCRIPT}",
        f'<img src="https://kit.example/m.php?o"><p>Hello</p>{SCRIPT}',
        f'<img src="https://kit.example/m.php/chart?o=e5f6a7b8"><p>Hello</p>{SCRIPT}',
        '<img src="https://kit.example/o.gif?d=2026.11.30.12.15"><a href="https://kit.example/?d=2026.11.30.12.15">a</a>',
    ],
)
def test_what_is_not_sure_stays(page: MakePage, text: str) -> None:
    assert list(kindred(page(text))) == []


def test_taking_out_makes_no_other_guilty(page: MakePage) -> None:
    wrapped = "https://www.google.com/url?q=https%3A%2F%2Fkit.example%2Fm.php%3Fn%3Da1b2c3d4"
    pieces = [
        ASKED,
        ASKED.replace("e5f6", "a7b8"),
        SCRIPT,
        f'<a href="{wrapped}">Read on</a>',
        f"{ASKED[:-1]} width=1 height=1>",
        "<img src='https://kit.example/b?c=1234567'>",
        "<img src='https://kit.example/a.png' width=1 height=1>",
    ]
    for tail in product(pieces, repeat=4):
        text = "<p>Hello</p>" + "".join(tail)
        assert proposals(page(edited(text, proposals(page(text))))) == (), text
