"""Images behind the last word: which of them count an opening, and what clears one."""

from itertools import product

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.closing import closing
from sluis.detect.settle import proposals
from sluis.report import Action

COUNTER = "https://shop.example/c/S?u=8f14e45fceea167a"
MARK = f'<img src="{COUNTER}">'


@pytest.mark.parametrize(
    "text",
    [
        f"<p>Bye</p>{MARK}",
        f"<table><tr><td>Bye</td></tr></table>&nbsp;<p>{MARK}</p><!-- end --></body></html>\n",
        f"<table><tr><td>Bye\n{MARK}</td></tr></table><!-- end --></body></html>\n",
        f'<p>Bye</p><a href="https://shop.example/">\n</a>{MARK}',
        '<p>Bye</p><img src="https://shop.example/c/8f14e45fceea167a5a36dedd4bea2543">',
        '<p>Bye</p><img src="https://shop.example/c/S?u=ExIXEENQRbXBEY4YGBB">',  # which holds no QR code
        "<p>Bye</p><img src=https://shop.example/c/8f14e45fceea167a/spacer.gif/>",
        '<p>Bye</p><img src="https://shop.example/8f14e45fceea167a5a36/our-garden">',  # it may be called anything
        f'<p>Bye</p><img src="{COUNTER}" alt="10998960">',  # a number is no text
    ],
)
def test_a_counter_behind_the_last_word_goes(page: MakePage, text: str) -> None:
    (found,) = closing(page(text))
    assert found.technique == "closing"
    assert edited(text, [found]) == text.replace(text[found.cut.start : found.cut.end], "")


@pytest.mark.parametrize(
    "text",
    [
        f"<p>Bye</p>\n<table><tr><td>&nbsp;{MARK}</td></tr></table><!-- end --></body></html>\n",
        f"<div style='background:tan'><p>Bye</p>\n{MARK}</body></html>\n",
    ],
)
def test_in_a_box_it_leaves_its_line(page: MakePage, text: str) -> None:
    (found,) = closing(page(text))
    assert found.action is Action.BLANKED
    blank = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
    assert edited(text, [found]) == text.replace(COUNTER, blank)


@pytest.mark.parametrize(
    "text",
    [
        f"{MARK}<p>Bye</p>",
        f"<table><tr><td>{MARK}</td></tr></table>",  # a letter that is a picture
        f'<p>Bye</p><a href="https://shop.example/">{MARK}</a>',
        f'<p>Bye</p><img src="{COUNTER}" alt="Our shop">',
        f'<p>Bye</p><img src="{COUNTER}" width=300>',
        f'<p>Bye</p><img src="{COUNTER}" width="100%">',
        f'<p>Bye</p><img src="{COUNTER}" style="width: 50%; border: 0">',
        '<p>Bye</p><img src="https://shop.example/c/end?u=">',
        '<p>Bye</p><img src="https://shop.example/8f14e45fceea167a5a36/end.gif">',
        '<p>Bye</p><img src="https://shop.example/8f14e45fceea167a5a36.png">',
        '<p>Bye</p><img src="https://shop.example/c/spacer.gif">',
        '<p>Scan this:</p><img src="https://shop.example/qrcode/8f14e45fceea167a">',
        '<p>Scan this:</p><img src="https://shop.example/qr?data=8f14e45fceea167a">',
        "<p>Bye</p><img src='cid:8f14e45fceea167a5a36'>",
        f'<p>Bye</p><img src="{COUNTER}" usemap="#m"><map name="m"></map>',
        '<p>Bye</p><img src="https://shop.example/8f14e45fceea167a5a36/our-garden?size=sharp">',
        '<p>Bye</p><img src="https://mail.shop.example/?_task=mail&_action=get&_uid=825&_token=8f14e45fceea167a&_part=2">',
    ],
)
def test_what_is_not_sure_stays(page: MakePage, text: str) -> None:
    assert list(closing(page(text))) == []


def test_taking_out_makes_no_other_guilty(page: MakePage) -> None:
    script = "<script>var word</script>"
    pieces = [MARK, "<a href=/>", "</a>", "&nbsp;", "<p>.", "<!-- - -->", script, f"{MARK[:-1]} width=1 height=1>"]
    pieces += [
        "<img src=//shop.example/8f14e45fceea167a/spacer.gif>",
        "<img src=//shop.example/d.gif width=1 height=1>",
    ]
    for tail in product(pieces, repeat=4):
        text = "<p>Bye</p>" + "".join(tail)
        assert proposals(page(edited(text, proposals(page(text))))) == (), text
