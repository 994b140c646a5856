"""How a beacon leaves: whole where nobody sees that it is gone, in place where something would move."""

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.images import images

BEACON = '<img src="https://u1.ct.sendgrid.net/wf/open?upn=8f14e45fceea167a5a36dedd4bea2543" width=1 height=1>'
BLANK = '<img src="data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7" width=1 height=1>'


@pytest.mark.parametrize(
    ("before", "behind", "left"),
    [
        ("<body><p>Hi</p>", "</body>", ""),
        ("<body bgcolor=white><p>Hi</p><br>", "</body>", ""),
        ("<style>p{border:1px solid}</style><body><p>Hi</p><br>", "</body>", ""),
        ("<body><div>Hi", "</div>", ""),
        ("<body><div><p>Hi</p>", "</div></body>", BLANK),
        ("<body><p>Hi</p>", "<p>you</p></body>", BLANK),
        ("<body style='background:linear-gradient(red,blue)'><p>Hi</p>", "</body>", BLANK),
        ("<body background=cid:paper><p>Hi</p>", "</body>", BLANK),
        ("<style>html, body {margin:0;min-height:100vh}</style><body><p>Hi</p>", "</body>", BLANK),
        ("<style>BODY{border:1px solid}</style><body><p>Hi</p>", "</body>", BLANK),
    ],
)
def test_nothing_moves_for_it(page: MakePage, before: str, behind: str, left: str) -> None:
    text = before + BEACON + behind
    assert edited(text, list(images(page(text)))) == before + left + behind


def test_a_stray_quote_does_not_spoil_the_blank(page: MakePage) -> None:
    """To a client the quote is the last mark of the address, and base64 has no such mark."""
    text = f'<img src={BEACON.split(chr(34))[1]}" width=200 height=50>'
    assert edited(text, list(images(page(text)))) == f'<img src={BLANK.split(chr(34))[1]}#" width=200 height=50>'


@pytest.mark.parametrize(
    ("style", "stays"),
    [
        ("img{border:0 !important;display: block !important}", True),
        ("@media screen{TD IMG.wide, p {DISPLAY:inline!important}}", True),
        ("img{display:block}", False),
        (".img{display:block!important}", False),
        ("p{display:block!important}img{border:0!important}", False),
    ],
)
def test_what_a_style_sheet_draws_all_the_same_keeps_its_place(page: MakePage, style: str, stays: bool) -> None:
    beacon = BEACON[:-1] + " style='display:none'>"
    text = f"<style>{style}</style>{beacon}<p>Hi</p>"
    left = BLANK[:-1] + " style='display:none'>" if stays else ""
    assert edited(text, list(images(page(text)))) == text.replace(beacon, left)
