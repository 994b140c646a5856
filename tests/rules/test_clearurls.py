"""ClearURLs catalogues: read as their authors mean them, and only as far as their patterns can be trusted."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.rules.clearurls import LONGEST, Catalogue, read
from sluis.urls.parse import Url, parse

SUB = r"^https?:\/\/(?:[a-z0-9-]+\.)*?"
SHOP: dict[str, Any] = {
    "urlPattern": SUB + r"kadeshop(?:\.[a-z]{2,}){1,}",
    "completeProvider": False,
    "rules": ["kade_[a-z]+", "src"],
    "rawRules": [r"\/from=[^/?]*"],
    "referralMarketing": ["partner"],
    "exceptions": [SUB + r"kadeshop\.example\/help"],
    "redirections": [SUB + r"kadeshop\.example\/out\?.*?to=([^&]*)"],
}
EVERYWHERE = {"urlPattern": ".*", "rules": ["(?:%3F)?kt_id"], "exceptions": [SUB + r"keeps\.example"]}
COUNTER = {"urlPattern": SUB + r"kadecounter\.example", "completeProvider": True}


def catalogue(**providers: object) -> Catalogue:
    return read(json.dumps({"providers": providers}), "kade")


def url(text: str) -> Url:
    found = parse(text)
    assert found is not None
    return found


LIST = catalogue(shop=SHOP, all=EVERYWHERE, counter=COUNTER)


@pytest.mark.parametrize(
    ("given_", "text", "names", "rule"),
    [
        ("https://www.kadeshop.example/p?id=7&kade_m=1", "https://www.kadeshop.example/p?id=7", ["kade_m"], "shop"),
        ("https://kadeshop.co.uk/p?SRC=a#top", "https://kadeshop.co.uk/p#top", ["SRC"], "shop"),
        ("https://kadeshop.example/from=mail/p", "https://kadeshop.example/p", ["/from=mail"], "shop"),
        ("https://other.example/?kt_id=1&a=b&a=b", "https://other.example/?a=b&a=b", ["kt_id"], "all"),
    ],
)
def test_strip(given_: str, text: str, names: list[str], rule: str) -> None:
    stripped = LIST.strip(url(given_))
    assert stripped is not None
    assert (stripped.text, list(stripped.names), stripped.rule) == (text, names, f"kade/{rule}")


@pytest.mark.parametrize(
    "text",
    [
        "https://kadeshop.example/p?id=7",
        "https://kadeshop.example/p?partner=7",
        "https://kadeshop.example/p?xsrc=7&srcx=1&kade_=2",
        "https://kadeshop.example/help?src=7",
        "https://notkadeshop.example/?src=7",
        "https://kadeshop/?src=7",
        "https://kadeshop.example@other.example/?src=7",
        "//kadeshop.example/?src=7",
        "https://www.keeps.example/?kt_id=1",
        "https://other.example/#kt_id=1",
        "https://kadeshop.example/?src=" + "a" * LONGEST,
        "https://" + "a." * 127 + "kadeshop.example/?src=1",
    ],
)
def test_nothing_to_strip(text: str) -> None:
    assert LIST.strip(url(text)) is None


def test_redirects() -> None:
    twice = url("https://kadeshop.example/out?a=b&to=https%253A%252F%252Fexample.org%252F&c=d")
    assert LIST.destination(twice) == ("kade/shop", "https://example.org/")
    assert LIST.destination(url("https://kadeshop.example/out?to=")) is None
    assert LIST.destination(url("https://kadeshop.example/in?to=https://example.org/")) is None


def test_a_provider_that_only_tracks() -> None:
    assert LIST.blocks(url("https://a.kadecounter.example/i.gif")) == "kade/counter"
    assert LIST.blocks(url("https://kadeshop.example/i.gif")) is None


SLOW = "(a+)+$"


def test_unfit_patterns_are_left_out_and_counted() -> None:
    some = catalogue(
        shop=SHOP | {"rules": ["src", "a", "b", SLOW, "("], "rawRules": [SLOW], "redirections": [SLOW, "a(?=b)"]}
    )
    assert (some.count, some.skipped) == (5, 5)


def test_without_its_exception_a_provider_holds_less_not_more() -> None:
    kept = url("https://kadeshop.example/help?src=7")
    slow = SUB + r"kadeshop\.example\/.*help.*a.*b"
    assert catalogue(shop=SHOP | {"exceptions": [slow]}, all=EVERYWHERE).strip(kept) is None
    some = catalogue(shop=SHOP | {"exceptions": [SLOW]}, all=EVERYWHERE)
    assert [provider.rule for provider in some.providers] == ["kade/all"]


def test_a_provider_whose_own_pattern_is_unfit_goes() -> None:
    some = catalogue(slow=SHOP | {"urlPattern": SLOW}, none={"rules": ["a"]}, text="x", all=EVERYWHERE)
    assert [provider.rule for provider in some.providers] == ["kade/all"]
    assert some.skipped == 3


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no JSON"),
        ('{"providers": {"a": {"urlPa', "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("<html>", "is no JSON"),
        ("[]", 'is no ClearURLs list: it has no mapping "providers"'),
        ('{"providers": []}', 'is no ClearURLs list: it has no mapping "providers"'),
        ('{"providers": {}}', "holds no rule"),
        (json.dumps({"providers": {"a": {"urlPattern": SLOW}}}), "has 1 patterns that cannot be used, and 0 that can"),
    ],
)
def test_what_is_no_catalogue(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=r"^(?:is|has|holds) ") as raised:
        read(text, "kade")
    assert str(raised.value) == words


JSON = st.recursive(st.none() | st.booleans() | st.text(max_size=6), lambda x: st.lists(x, max_size=3), max_leaves=4)


@given(st.dictionaries(st.sampled_from(list(SHOP)), JSON | st.sampled_from(list(SHOP.values()))))
def test_whatever_a_provider_holds_it_is_read_or_left_out(values: dict[str, object]) -> None:
    assert catalogue(odd=values, shop=SHOP, all=EVERYWHERE, counter=COUNTER, more=SHOP).count >= 10


@given(st.text(alphabet="kadeshop.example/?&=src#%:a", max_size=60))
def test_what_is_stripped_is_part_of_the_url(tail: str) -> None:
    found = parse("https://kadeshop.example/" + tail)
    if found and (stripped := LIST.strip(found)):
        remaining = iter(found.text)
        assert all(mark in remaining for mark in stripped.text)
        assert len(stripped.text) < len(found.text)
