"""Sizes and visibility as a tag states them."""

import pytest

from sluis.detect.box import Box, box
from sluis.scan.budget import Budget
from sluis.scan.html import TagScanner


def of(attributes: str) -> Box:
    text = f"<img {attributes}>"
    return box(next(TagScanner(frozenset({"img"})).tags(text, text.lower(), Budget(99))))


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ("", Box(None, None)),
        ("width=1 height='1'", Box(1, 1)),
        ("width=1px height=+1", Box(1, 1)),
        ("width=100% height=auto", Box(None, None)),
        ("width=0%", Box(0, None)),
        ("width=600 height=1", Box(600, 1)),
        ("width=600 style='width:1px;height:1px!important'", Box(1, 1)),
        ("width=1 height=1 style='min-width:5px;line-height:9px'", Box(1, 1)),
        ("style='max-width:1px;max-height:0'", Box(1, 0)),
        ("width=600 style='max-width:300px'", Box(300, None)),
        ("style='max-width:600px'", Box(None, None)),
        ("style='width:.1em;height:1pt'", Box(1.6, 4 / 3)),
        ("style='display:none'", Box(None, None, "display:none")),
        ("style='DISPLAY : NONE !important'", Box(None, None, "display:none")),
        (r"style='d\69splay:n\6fne'", Box(None, None, "display:none")),
        ("style='visibility:hidden'", Box(None, None, "visibility:hidden")),
        ("style='opacity:0.0'", Box(None, None, "opacity:0")),
        ("style='opacity:0.5'", Box(None, None)),
        ("style='mso-hide:all'", Box(None, None, "mso-hide:all")),
        ("hidden", Box(None, None, "hidden attribute")),
    ],
)
def test_box(attributes: str, expected: Box) -> None:
    assert of(attributes) == expected


@pytest.mark.parametrize(
    ("size", "empty", "within", "thin", "visible"),
    [
        (Box(1, 1), False, True, True, False),
        (Box(0, None), True, True, True, False),
        (Box(0, 600), True, False, True, False),
        (Box(600, 1), False, False, True, False),
        (Box(None, None), False, False, False, False),
        (Box(120, 40), False, False, False, True),
        (Box(120, 40, "display:none"), False, False, False, False),
    ],
)
def test_what_a_box_is(size: Box, empty: bool, within: bool, thin: bool, visible: bool) -> None:
    assert (size.empty, size.within(3), size.thin, size.visible) == (empty, within, thin, visible)


@pytest.mark.parametrize(
    ("size", "drawn"),
    [
        (Box(48, None), True),
        (Box(120, 40), True),
        (Box(48, 9), False),
        (Box(48, None, "display:none"), False),
        (Box(None, None), False),
    ],
)
def test_what_is_drawn_for_all_that_is_known(size: Box, drawn: bool) -> None:
    assert size.drawn is drawn


@pytest.mark.parametrize(
    ("attributes", "overruling", "expected"),
    [
        ("class=m style='display:none;width:0'", {}, Box(0, None, "display:none", styled=True)),
        ("id=m hidden", {}, Box(None, None, "hidden attribute", styled=True)),
        ("class=m width=9", {}, Box(9, None)),
        ("class=m style='display:none' width=9", {"display": "block!important"}, Box(9, None)),
        ("style='display:none !important'", {"display": "block!important"}, Box(None, None, "display:none")),
        ("width=32 height=32", {"width": "1px!important"}, Box(1, 32)),
    ],
)
def test_what_a_sheet_overrules(attributes: str, overruling: dict[str, str], expected: Box) -> None:
    text = f"<img {attributes}>"
    assert box(next(TagScanner(frozenset({"img"})).tags(text, text, Budget(99))), overruling) == expected
