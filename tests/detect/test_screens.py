"""Pictures that only a narrow screen shows: what proves it, and what does not."""

from itertools import product

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.images import images
from sluis.detect.screens import sheets
from sluis.detect.settle import proposals
from sluis.scan.budget import Budget

ASKING = "https://img.shop.example/im/8f14e45fceea167a5a36.png?e=eccbc87e4b5ce2fe28308fd9f2a7baf3"
OPEN = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"
AWAY = "height:0;max-height:0;mso-hide:all;visibility:hidden;display:block"
BACK = "{height:auto!important;max-height:none !important;visibility:visible !important}"
NARROW = f"<style>@media only screen and (max-width:600px){{.m{BACK}}}</style>"


def picture(style: str = AWAY, address: str = ASKING) -> str:
    return f'<img class="a m" width=32 src="{address}" style="{style}">'


@pytest.mark.parametrize(
    "sheet",
    [
        NARROW,
        f"<STYLE type=text/css>/* .m */@MEDIA (min-width:320px) and (max-device-width:480px){{.x, .m {BACK}}}",
        f"<!--[if !mso]><!-->{NARROW}<!--<![endif]-->",
        f"<style>@import 'x';.m{BACK}@media print{{.m{{display:none!important}}}}</style>",
        f"<style>@media (max-width:600px){{.m{{visibility:hidden!important}}}}</style>{NARROW}",
    ],
)
def test_a_picture_that_a_sheet_shows_stays(page: MakePage, sheet: str) -> None:
    assert list(images(page(sheet + picture()))) == []


@pytest.mark.parametrize(
    "text",
    [
        picture(),
        NARROW.replace(".m{", ".n{") + picture(),
        NARROW.replace("600px", "300px") + picture(),  # no screen is as narrow
        NARROW.replace("max-width:600px", "min-width:700px") + picture(),
        NARROW.replace("only screen", "print") + picture(),
        NARROW.replace("<style", "<style media=print") + picture(),
        NARROW.replace("visible !important", "visible") + picture(),  # the tag's own style wins
        NARROW.replace(".m{", ".none .m{") + picture(),
        NARROW.replace("}}", "}.m{visibility:hidden!important}}") + picture(),
        NARROW.replace("height:auto", "height:5px") + picture(),
        NARROW.replace("@media", "@supports") + picture(),
        f"<!--{NARROW}-->{picture()}",
        f'<b title="{NARROW}">{picture()}',
        NARROW + picture(AWAY + "!important;visibility:hidden!important"),
        NARROW + picture(AWAY + ";width:1px"),
        NARROW + picture(AWAY).replace(" width=32", ""),  # of its own size, which may be a dot's
        NARROW + picture(address=ASKING.replace("/im/", "/open/")),
        NARROW + picture(address=ASKING.replace(".png", "")),
        NARROW + picture(address=OPEN),
    ],
)
def test_one_that_none_surely_shows_goes(page: MakePage, text: str) -> None:
    [found] = images(page(text))
    assert found.url in text
    assert found.url not in edited(text, [found])


def test_the_recipients_address_condemns_one_that_is_shown(page: MakePage) -> None:
    text = NARROW + picture(address=f"{ASKING}&to=reader@home.example")
    [found] = images(page(text, recipients=("reader@home.example",)))
    assert "reader@home.example" not in edited(text, [found])


def test_the_last_of_two_rules_holds_where_its_screen_is() -> None:
    text = "<style>@media (max-width:480px){.m{width:1px!important}}.m{width:2px!important;height:9px}</style>"
    found = sheets(text, text, Budget(len(text)))
    assert {width: {name: value for name, (_, value) in said.items()} for (_, width), said in found.items()} == {
        width: {"width": "2px!important"} for width in (320, 375, 414, 480, 600)
    }


def test_taking_out_makes_no_other_guilty(page: MakePage) -> None:
    pieces = [
        NARROW,
        picture(),
        f"<img width=1 height=1 src='{OPEN}' alt='{NARROW}'>",
        f"<script>{NARROW}</script>",
        "<!--",
        "-->",
        f"<img width=1 height=1 src='{OPEN}'>",
    ]
    for tail in product(pieces, repeat=4):
        text = "<p>Hello</p>" + "".join(tail)
        assert proposals(page(edited(text, proposals(page(text))))) == (), text
