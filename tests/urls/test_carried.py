"""Redirects that no rule names: what speaks for one, and what pages with an address in theirs are left alone."""

import json
from base64 import urlsafe_b64encode
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.rules.load import load
from sluis.urls.carried import carried, redirecting
from sluis.urls.parse import parse
from sluis.urls.resolve import resolve

RULES = load()
SHOP = "https://shop.example/sale?id=7&c=blue"
CODED = quote(SHOP, safe="")


def base64(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def sealed(**fields: str) -> str:
    return base64(json.dumps(fields))


def leads_to(url: str) -> str | None:
    """Where the one destination that `url` carries is."""
    given = parse(url)
    assert given is not None
    found = carried(given)
    return found.destination if found else None


@pytest.mark.parametrize(
    "url",
    [
        f"https://news.example/redirect.php?id=4&url={CODED}",
        f"https://news.example/mail/clicked?u={CODED}",
        f"https://www.example.org/_mailtracker/7b2c?target_url={CODED}",
        f"https://click.example/4/7b2c?u={CODED}",
        f"https://t.example/x?href={CODED}&sig=9kPqv2",
        f"https://links.example/a/{CODED}/7b2c",
        f"https://news.example/out?link={quote(CODED, safe='')}",  # written twice over
        f"https://news.example/x/{base64(SHOP)}/7b2c",  # base64 is for no reader
        f"https://news.example/x?d={base64(CODED)}",
        f"https://news.example/x?link={base64(SHOP + chr(10))}",
        f"https://news.example/x?p={sealed(linkUrl=SHOP, id='4')}",
        f"https://news.example/x?p={sealed(alg='HS256')}.{sealed(url=CODED)}.kB2xT9yQ",
        f"https://news.example/l/{sealed(alg='HS256')}.{sealed(url=SHOP)}.kB2xT9yQ/s/26/br",  # a JWT ends where it does
        f"https://news.example/tracker/link?token={sealed(alg='HS256')}.{sealed(originalUrl=SHOP)}.kB2xT9yQ",
        f"https://news.example/click?u={CODED}&url={CODED}",  # the same one twice
        f"https://news.example/click/7b2c/{SHOP}",  # all that follows is its
        f"https://news.example/redirect?{SHOP}",
        f"https://news.example/redirect?{CODED}",
        f"https://news.example/x.php?url={CODED}",  # a script of somebody's own
        f"https://news.example/r/clic-229-url-{base64(SHOP)}",
        f"https://rd.news.example/*{SHOP}",
        f"https://m.news.example/_ylt=7b2c/**{SHOP.replace(':', '%3A', 1)}",
        f"https://news.example/track?type=click&enid=7b2c&&&{SHOP}",
        f"https://cts.news.example/fbl?052fddc181/7163b99660/{CODED}",
        f"https://mx.example:32224/?{base64('ver=1.001&&url=' + CODED)}",
        f"https://link.news.example/pXBJ4EFJZ3?%24fallback_url={CODED}",
        f"https://news.example/click/id:7/destination:{CODED}",
        f"https://ad.news.example/C/?bn=7b2c;ckurl={CODED}",
        f"https://news.example/click?q=7b2c9d{SHOP.partition('&')[0]}&c=blue".replace("&c=blue", "%26c=blue"),
        "https://news.example/click?u=//shop.example/sale%3Fid=7%26c=blue",
        f"https://example.org/setlocale/out?redirect={CODED}",  # of another site, which knows nothing of it
        f"https://click.shop.example/redirect?url={CODED}",  # a site that leads to itself, and says so
    ],
)
def test_one_address_and_a_page_that_is_named_for_it(url: str) -> None:
    assert leads_to(url) == SHOP


def test_a_person_is_led_to_by_what_is_surely_a_redirect() -> None:
    assert leads_to("https://news.example/track/click?u=tel%3A%2B31-20-555-0123") == "tel:+31-20-555-0123"
    token = sealed(id="4", url="mailto:ann@shop.example")
    assert leads_to(f"https://track.news.example/track.php?event=click&token={token}") == "mailto:ann@shop.example"
    assert leads_to("https://news.example/page?u=tel%3A%2B31-20-555-0123") is None
    assert leads_to("https://news.example/invite?to=mailto%3Aann%40shop.example") is None


@pytest.mark.parametrize(
    "url",
    [
        f"https://www.example.org/sharer.php?u={CODED}",
        f"https://pinboard.example/pin/create/link/?url={CODED}",
        f"https://translate.example/translate?u={CODED}",
        f"https://example.org/login/redirect?url={CODED}",
        f"https://example.org/oauth2/track?redirect_uri={CODED}",
        f"https://example.org/track?return_url={CODED}",
        f"https://example.org/track?next={CODED}",
        f"https://example.org/unsubscribe/click?u={CODED}",
        f"https://example.org/verify-email/link?to={CODED}",
        f"https://example.org/calendar/link?url={CODED}",
        f"https://images.example/resize/{base64(SHOP)}/x.png",
        f"https://r.example/{SHOP}",
        f"https://web.example/archive/20260101/click/{SHOP}",
        "https://news.example/x/aHR0cHM6Ly9zaG9wLmV4YW1wbGUvc2E/aWQ9Nw",  # base64 has slashes too
        f"https://news.example/a/{quote('https://other.example/click', safe='')}",  # the other's name, not the page's
        f"https://example.org/form?url={CODED}",  # nothing says that it redirects
        f"https://example.org/7b2c9d/{b'https://shop.example/logo.png'.hex()}",  # fetched for a picture
        f"https://example.org/index.php?url={CODED}",
        f"https://example.org/index.php?option=com_mailto&link={base64(SHOP)}",
        f"https://example.org/go?q=7b2c9d{CODED}",
        "https://example.org/go?u=//shop.example/sale",
        f"https://news.example/click/*{SHOP}*{SHOP}",  # where one ends nobody knows
        f"https://example.org/click?subject={CODED}",  # nor that it leads there
        f"https://example.org/click?url={CODED}&to={quote('https://other.example/', safe='')}",
        f"https://desk.example/new?token={sealed(alg='none')}.{sealed(url=SHOP)}.",
        f"https://desk.example/new?form={sealed(subject=SHOP)}",
        f"https://www.shop.example/go?url={CODED}",  # it leads to itself, and may do anything on the way
        f"https://www.shop.example/redirect?url={CODED}&token=7b2c",
        "https://example.org/click?url=%2Fsale%3Fid%3D7",
        "https://example.org/click?url=https%3A%2F%2F",
        "https://example.org/click?url=aHR0c",
        "https://example.org/click?url=eyJ",
        f"https://example.org/click?url={base64('{}')}",
        f"https://example.org/click?url=eyJ{'x' * 40}",
        "https://example.org/sale?id=7",
    ],
)
def test_what_is_good_for_something_itself_or_leads_nobody_knows_where_is_left_alone(url: str) -> None:
    assert leads_to(url) is None


@pytest.mark.parametrize("written", ["https:/shop.example/sale", "https:///shop.example/sale"])
def test_slashes_are_counted_as_browsers_count_them(written: str) -> None:
    assert leads_to(f"https://t.example/out?u={written}") == "https://shop.example/sale"


def test_who_warns_of_dangerous_sites_is_undone_only_on_demand() -> None:
    guard = f"https://linkguard.example/out?url={CODED}"
    assert resolve(guard, RULES, security=False) is None
    undone = resolve(guard, RULES, security=True)
    assert undone is not None
    assert (undone.destination, undone.steps[0].vendor, undone.steps[0].security) == (SHOP, None, True)


def test_a_guard_that_a_rule_names_is_not_undone_as_an_unknown_one() -> None:
    known = f"https://eur01.safelinks.protection.outlook.com/?url={CODED}&data=05%7C01"
    assert resolve(known, RULES, security=False) is None


def test_what_an_unknown_redirect_has_of_its_own_stays() -> None:
    url = "https://r.example/tracking/?utm_campaign=7b2c9d0e4f5a6b7c8d9e0f1a2b3c4d5e"
    assert resolve(url, RULES, security=False) is None


@pytest.mark.parametrize(
    ("url", "named"),
    [
        ("https://click.example/?a=1", True),
        ("https://shop.example/redirect/7?a=1", True),
        ("https://shop.example/clickable?a=1", False),
        ("https://shop.example/tracks-of-the-week?a=1", False),
        ("https://shop.example/t/7?a=1", False),
    ],
)
def test_a_page_named_for_nothing_else(url: str, named: bool) -> None:
    given = parse(url)
    assert given is not None
    assert redirecting(given) is named


@given(
    st.sampled_from(["click", "r", "sale", "share"]),
    st.lists(
        st.tuples(
            st.sampled_from(["url", "u", "next", "token", "a"]),
            st.sampled_from([SHOP, CODED, base64(SHOP), sealed(url=SHOP), "http://a%", "eyJ.eyJ.", "%ff", "aHR0c/"])
            | st.text(st.characters(codec="ascii"), max_size=12),
        ),
        max_size=4,
    ),
)
def test_whatever_is_written_it_comes_out_as_one_complete_address_for_good(
    page: str, parameters: list[tuple[str, str]]
) -> None:
    url = parse(f"https://t.example/{page}?" + "&".join(f"{name}={value}" for name, value in parameters))
    if url and (found := carried(url)):
        inner = parse(found.destination)
        assert inner is not None
        assert inner.host
        assert (after := resolve(url.text, RULES, security=True)) is not None
        assert resolve(after.destination, RULES, security=True) is None
