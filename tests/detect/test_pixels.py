"""Signals in doubt: what speaks for a picture or a spacer, and where it no longer does."""

import pytest

from sluis.detect.box import Box
from sluis.detect.pixels import judge
from sluis.urls.parse import parse

DOT, ICON, AWAY = Box(1, 1), Box(5, 5), Box(None, 0, "visibility:hidden")


@pytest.mark.parametrize(
    ("address", "box", "certain"),
    [
        ("https://shop.example/open/15/he/image.png", DOT, True),  # no picture has one pixel
        ("https://shop.example/bullet.png?v=1234567", ICON, False),
        ("https://shop.example/bullet?v=1234567", ICON, True),
        ("https://shop.example/spacer.gif", DOT, False),
        ("https://shop.example/phone-logo.png", AWAY, False),  # shown where the screen is narrow
        ("https://shop.example/phone-logo.png?u=1234567", AWAY, True),
        ("https://shop.example/spacer.gif?v=12", DOT, False),
        ("https://shop.example/spacer.php?mailing=november", DOT, True),  # a spacer has nothing to tell its server
    ],
)
def test_one_image(address: str, box: Box, certain: bool) -> None:
    url = parse(address)
    assert url is not None
    assert judge(url, box, None, None, 1).certain is certain


def test_layout_is_what_stands_there_again_and_again() -> None:
    url = parse("https://shop.example/x?u=1234567")
    assert url is not None
    assert judge(url, DOT, None, None, 2).certain
    assert not judge(url, DOT, None, None, 3).certain
