"""Adblock lists: asked for images only, and refused where they are none or would stop everything."""

import pickle
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.rules.adblock import Blocklist, read
from sluis.urls.parse import parse

LIST = """\
[Adblock Plus 2.0]
! Title: Kade's list
||kadecounter.example^
||pictures.example/open/*.gif$image
||scripts.example^$script
||one.example^$domain=site.example
||first.example^$~third-party
/kade/open?
/\\/beacon-[0-9a-f]{8}\\.gif/$image
@@||kadecounter.example/logo.png
example.org##.banner
"""
KADE = read(LIST, "kade")


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("https://a.kadecounter.example/x", "kade/||kadecounter.example^"),
        ("https://pictures.example/open/1.gif", "kade/||pictures.example/open/*.gif$image"),
        ("https://any.example/kade/open?id=1", "kade//kade/open?"),
        ("https://any.example/beacon-0123abcd.gif", "kade//\\/beacon-[0-9a-f]{8}\\.gif/$image"),
        ("https://kadecounter.example/logo.png", None),
        ("https://pictures.example/logo.png", None),
        ("https://scripts.example/a.png", None),
        ("https://one.example/a.png", None),
        ("https://first.example/a.png", None),
    ],
)
def test_images(text: str, rule: str | None) -> None:
    url = parse(text)
    assert url is not None
    assert KADE.blocks(url) == rule


def test_only_filters_for_requests_are_counted() -> None:
    assert (KADE.count, KADE.skipped) == (8, 0)


def test_it_can_be_handed_to_another_process() -> None:
    again = pickle.loads(pickle.dumps(KADE))
    url = parse("https://a.kadecounter.example/x")
    assert url is not None
    assert isinstance(again, Blocklist)
    assert again.blocks(url) == KADE.blocks(url) is not None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "holds no filter for requests"),
        ("! only\n! comments\n", "holds no filter for requests"),
        ("example.org##.banner\n", "holds no filter for requests"),
        ("\n <!DOCTYPE html>\n<title>Log in</title>", "is a web page, no Adblock list"),
        ("Please log in first.\nThen try again.\n", "is no Adblock list"),
        ("||a.example^\0", "is no Adblock list"),
        ("||a.example^\n*$image\n", "would stop every picture: kade/*$image"),
        ("/images/\n", "would stop every picture: kade//images/"),
    ],
)
def test_what_is_no_list(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"^(?:is|would|holds) ") as raised:
        read(text, "kade")
    assert str(raised.value) == words


def test_without_the_engine_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "adblock", None)
    with pytest.raises(ValueError, match=r"^needs the package adblock: pip install 'sluis\[adblock\]'$"):
        read(LIST, "kade")


@given(st.text(max_size=200))
def test_whatever_is_written_is_a_list_or_refused(text: str) -> None:
    try:
        blocklist = read(text, "kade")
    except ValueError:
        return
    assert blocklist.count > 0


@given(st.text(max_size=80))
def test_no_url_raises(tail: str) -> None:
    url = parse("https://a.example/" + tail)
    if url:
        KADE.blocks(url)
