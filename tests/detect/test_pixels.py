"""Signals in doubt: what speaks for a picture or a spacer, and where it no longer does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.detect.box import Box
from sluis.detect.layout import Use
from sluis.detect.pixels import has_token, judge
from sluis.urls.parse import parse

DOT, ICON, AWAY = Box(1, 1), Box(5, 5), Box(None, 0, "visibility:hidden")
LINE, UNSEEN = Box(1, 20), Box(1, 1, "visibility:hidden")


@pytest.mark.parametrize(
    ("address", "box", "certain"),
    [
        ("https://shop.example/open/15/he/image.png", DOT, True),  # no picture has one pixel
        ("https://shop.example/bullet.png?v=1234567", ICON, False),
        ("https://shop.example/bullet?v=1234567", ICON, True),
        ("https://shop.example/spacer.gif", DOT, False),
        ("https://shop.example/phone-logo.png", AWAY, False),  # shown where the screen is narrow
        ("https://shop.example/phone-logo.png?u=1234567", AWAY, True),
        ("https://shop.example/8f14e45fceea167a5a36.png", AWAY, False),  # named by hash, as stores of pictures do
        ("https://shop.example/8f14e45fceea167a5a36.png", DOT, True),
        ("https://shop.example/open/8f14e45fceea167a5a36.png", AWAY, True),
        ("https://shop.example/spacer.gif?v=12", DOT, False),
        ("https://shop.example/spacer.php?mailing=november", DOT, True),  # a spacer has nothing to tell its server
        # A line that a script is asked for tells its server more than one that a file is.
        ("https://shop.example/line.asp?CID=78", LINE, True),
        ("https://shop.example/transView.asp?CID=78", LINE, True),
        ("https://shop.example/to.php?p=ry/rs/1b", Box(5, 2), True),
        ("https://shop.example/line.gif?v=2", LINE, False),
        ("https://shop.example/line.asp", LINE, False),
        ("https://shop.example/trans.gif", LINE, False),
        # What a picture for another screen is shown by is a rule for its name.
        ("https://shop.example/z9qbrcng.png", Box(0, 0), True),
        ("https://shop.example/z9qbrcng.png", Box(0, 0, styled=True), False),
        ("https://shop.example/spacer.gif", Box(0, 0), False),
    ],
)
def test_one_image(address: str, box: Box, certain: bool) -> None:
    url = parse(address)
    assert url is not None
    assert judge(url, box, None, None).certain is certain


@pytest.mark.parametrize(
    ("address", "use", "certain"),
    [
        ("https://shop.example/x.gif", Use(2), True),
        ("https://shop.example/x.gif", Use(3), False),
        ("https://shop.example/x?u=1234567", Use(3), True),  # what says who asks is no dot, however often it is asked
        ("https://shop.example/x?u=1234567", Use(3, stretched=True), False),
        ("https://shop.example/november2026/x.gif", Use(), True),
        ("https://shop.example/november2026/x.gif", Use(beside=True), False),
        ("https://shop.example/a1b2c3d4e5f6/x.gif", Use(beside=True), False),  # its folder says it of the pictures too
        ("https://shop.example/november2026/a1b2c3d4e5f6.gif", Use(beside=True), True),
        ("https://shop.example/november2026/opens.gif", Use(beside=True), True),
        # What has nothing to tell, and lies with what a reader sees, is small and no more than that.
        ("https://shop.example/x.gif", Use(alone=False), False),
        ("https://shop.example/x.gif?q=1", Use(alone=False), True),
        ("https://shop.example/opens.gif", Use(alone=False), True),
        ("https://shop.example/read/3861/81331/r.gif", Use(alone=False), True),
        ("https://shop.example/en-in/", Use(alone=False), True),
        ("https://shop.example/en-in/dot", Use(2, alone=False), True),
        ("https://shop.example/en-in/dot", Use(3, alone=False), False),
        ("https://shop.example/en-in/dot", Use(beside=True, alone=False), False),
        ("https://shop.example/a1b2c3d4e5f6/spacer.gif", Use(), True),
        ("https://shop.example/a1b2c3d4e5f6/spacer.gif", Use(alone=False), False),  # stores have folders named so
        ("https://shop.example/a1b2c3d4e5f6/x.gif", Use(alone=False), True),
        ("https://shop.example/spacer.gif?u=1234567", Use(alone=False), True),
        ("https://shop.example/contador/AQIAlvat/x.gif", Use(alone=False), True),
        ("https://shop.example/contador/x.gif", Use(beside=True, alone=False), False),
        ("https://shop.example/2026/11/17/r.gif", Use(alone=False), False),
        # A hash that the pictures' folders have, or one like theirs, tells nothing; what is called by one does.
        ("https://shop.example/a1b2c3d4e5f6/x.gif", Use(common=True, alone=False), False),
        ("https://shop.example/a1b2c3d4e5f6/opens.gif", Use(common=True, alone=False), True),
        ("https://shop.example/a1b2c3d4e5f6/f6e5d4c3b2a1.gif", Use(common=True, alone=False), True),
        ("https://shop.example/a1b2c3d4e5f6/original.gif", Use(akin=True, alone=False), False),
        ("https://shop.example/a1b2c3d4e5f6/original.gif?1733412245", Use(akin=True, alone=False), False),
        ("https://shop.example/a1b2c3d4e5f6/open.gif?1733412245", Use(akin=True, alone=False), True),
    ],
)
def test_one_dot_of_a_layout(address: str, use: Use, certain: bool) -> None:
    url = parse(address)
    assert url is not None
    assert judge(url, DOT, None, None, use).certain is certain


@pytest.mark.parametrize(("use", "certain"), [(Use(alone=False), True), (Use(common=True, alone=False), False)])
def test_one_picture_for_another_screen(use: Use, certain: bool) -> None:
    url = parse("https://shop.example/lib/fe95157070660d7e73/m/1/mobile.png")
    assert url is not None
    assert judge(url, Box(0, 0, "display:none", styled=True), None, None, use).certain is certain


@pytest.mark.parametrize(
    ("path", "use", "certain"),
    [
        ("sp.gif", Use(2), True),
        ("sp.gif", Use(3), False),  # to stand apart from the pictures is no sign of what stands often
        ("a1b2c3d4e5f6/sp.gif", Use(3), True),
        ("sp.gif?u=1234567", Use(3), True),
    ],
)
def test_one_dot_that_keeps_a_distance_unseen(path: str, use: Use, certain: bool) -> None:
    url = parse(f"https://shop.example/{path}")
    assert url is not None
    assert judge(url, UNSEEN, None, None, use).certain is certain


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/november2026/", False),
        ("/a1b2c3d4e5f6/", True),
        ("/v1.2.3-rc1/", False),
        ("/RegularCustomerLetters/", False),
        ("/02092017_FOOTER/", False),
        ("/1993750_shop-Logo_mobile.", False),
        ("/20150624_spacer2x2.", False),
        ("/1993750_hqRvLkwPzTnd.", True),  # no word changes its case like that
        ("/1993750_a1b2c3d4e5/", True),
        ("/eyJhbGciOiJIUzI1NiJ9.e30.x/", True),
    ],
)
def test_a_word_with_a_number_is_no_token(path: str, found: bool) -> None:
    url = parse(f"https://shop.example{path}x.gif")
    assert url is not None
    assert has_token(url) is found


@pytest.mark.parametrize(
    ("box", "query", "certain"),
    [
        (DOT, "u=https%3A%2F%2Fa.example%2F7b2c9d0e4f", True),  # a token may hide in an address
        (Box(1.0, 240.0), "rc=aHR0cDovL3Nob3AuZXhhbXBsZS9saW5lMTEucG5n", False),  # a line that a redirect leads to
        (Box(1.0, 240.0), "rc=aHR0cDovL3Nob3AuZXhhbXBsZS9saW5lMTEucG5n&u=7b2c9d0e", True),
    ],
)
def test_an_address_in_the_query_of_a_line_is_where_it_leads(box: Box, query: str, certain: bool) -> None:
    url = parse(f"https://shop.example/r/?{query}")
    assert url is not None
    assert judge(url, box, None, None, Use(alone=False)).certain is certain


SIDES = st.sampled_from([None, 0.0, 1.0, 3.0, 6.0, 12.0, 600.0])
BOXES = st.builds(Box, SIDES, SIDES, st.sampled_from(["", "display:none"]))
USES = st.builds(Use, st.sampled_from([1, 3]), st.booleans(), st.booleans(), st.booleans())
PATHS = st.sampled_from(["x", "x.gif", "x.png", "spacer.gif", "open.gif", "a1b2c3d4e5f6", "3861/81331/x.gif"])
QUERIES = st.sampled_from(["", "?q", "?u=1234567", "?mailing=november"])


@given(BOXES, USES, PATHS, QUERIES, st.sampled_from([None, "in clear"]))
def test_no_single_signal_takes_an_unknown_image(box: Box, use: Use, path: str, query: str, leak: str | None) -> None:
    url = parse(f"https://shop.example/{path}{query}")
    assert url is not None
    judgement = judge(url, box, None, leak, use)
    assert not judgement.certain or judgement.why.count("; ") >= 1
