"""How words are weighed: what is enough, and what is stronger than any of it."""

import pytest

from sluis.urls.signs import Page, agree, page, surely

OTHER = "shop.example"


def of(url: str, **given: str) -> Page:
    """The page at `url`, a host with a path."""
    host, _, path = url.partition("/")
    return page(host, path.split("/"), given)


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (of("www.news.example/click.php"), "x"),
        (of("www.news.example/redirect"), "anything_url"),
        (of("www.news.example/go"), "url"),
        (of("links.news.example/a"), "url"),
        (of("mail2.news.example/r/"), "p1"),
        (of("www.news.example/a", subid="7"), "url"),
        (of("www.news.example/a", m="7b2c9d0e"), "u"),
        (of("t.news.example/7b2c9d0e"), "u"),
        (of("www.news.example/7b2c9d0e"), "redirect"),
        (of("www.news.example/a"), "murl"),
        (of("www.news.example/a"), "_td_deeplink"),
        (of("www.news.example/setlocale"), "redirect"),
        (of("www.news.example/messages/7/click"), "url"),
        (of("newsclicks.example/a"), "data[url]"),
        (of("www.news.example/a", eventType="linkClick"), "x"),
        (of("ctd.news.example/a", m="7b2c9d0e"), "T"),
    ],
)
def test_signs_of_two_kinds_agree(at: Page, name: str) -> None:
    assert not at.useful
    assert agree(at, name, OTHER, coded=False)


@pytest.mark.parametrize(
    ("at", "name"),
    [
        (of("www.news.example/a"), "url"),
        (of("www.news.example/7b2c9d0e"), "url"),  # pages of all kinds have numbers
        (of("www.news.example/a"), "redirect"),
        (of("www.news.example/a", utm_medium="click"), "url"),
        (of("www.news.example/go"), "x"),  # a name of a letter says nothing
        (of("www.news.example/click"), "return_url"),
        (of("www.news.example/click"), "logo"),
        (of("www.news.example/click"), "description"),
        (of("www.news.example/r/comments", id="7"), "url"),
        (of("www.news.example/go", title="Sale"), "url"),
        (of("www.news.example/go", state="7b2c"), "url"),
        (of("www.news.example/go"), "u" * 65),
    ],
)
def test_one_sign_or_a_page_that_is_good_for_something_is_not_enough(at: Page, name: str) -> None:
    assert not agree(at, name, OTHER, coded=False)


@pytest.mark.parametrize(
    "url",
    ["www.shop.example/share", "sso.shop.example/click", "www.shop.example/unsubscribe/click", "x.example/pin/go"],
)
def test_words_of_what_is_useful_are_stronger_than_any(url: str) -> None:
    assert of(url).useful


@pytest.mark.parametrize(
    ("at", "host", "coded", "leads"),
    [
        (of("www.shop.example/redirect"), "www.shop.example", False, True),
        (of("www.shop.example/redirect", token="7"), "www.shop.example", False, False),
        (of("email.shop.example/c/7b2c9d0e"), "www.shop.example", False, True),
        (of("email.shop.example/a"), "www.shop.example", False, False),
        (of("email.shop.example/a"), "www.shop.example", True, True),
        (of("www.shop.example/go/7b2c9d0e"), "www.shop.example", False, False),
        (of("help.shop.example/a", id="7"), "www.shop.example", True, False),
    ],
)
def test_a_page_of_the_same_site_may_do_anything_on_the_way(at: Page, host: str, coded: bool, leads: bool) -> None:
    assert agree(at, "url", host, coded=coded) is leads


def test_what_nobody_could_read_is_a_sign_by_itself() -> None:
    assert agree(of("www.news.example/a"), "url", OTHER, coded=True)
    assert not agree(of("www.news.example/a"), "referrer", OTHER, coded=True)


def test_a_part_of_a_word_is_enough_for_some() -> None:
    assert surely("clickserve.example/a")
    assert surely("www.example/effi.redir")
    assert not surely("www.example/tracks")
