"""Images behind a webmail's proxy are known by what they were before."""

from urllib.parse import quote

import pytest

from sluis.rules.load import load
from sluis.urls.parse import parse
from sluis.urls.proxied import proxied

RULES = load()
OPEN = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq"
GOOGLE = "https://ci3.googleusercontent.com/proxy/aBcD3fGh=s0-d-e1-ft"
YAHOO = "https://ecp.yusercontent.com/mail?url={}&t=1700000000&sig=aBcD3fGh--~D"


@pytest.mark.parametrize(
    "address",
    [f"{GOOGLE}#{OPEN}", YAHOO.format(quote(OPEN, safe=""))],
)
def test_a_beacon_behind_a_proxy_is_a_beacon(address: str) -> None:
    url = parse(address)
    assert url is not None
    hit = RULES.open(url)
    assert hit is not None
    assert hit.vendor == "sendgrid"


@pytest.mark.parametrize(
    "address",
    [
        GOOGLE,
        f"{GOOGLE}#top",
        f"{GOOGLE}#https://shop.example/logo.png",
        YAHOO.format(""),
        f"https://shop.example/logo.png#{OPEN}",
        f"https://googleusercontent.com.shop.example/#{OPEN}",
    ],
)
def test_anything_else_is_what_it_is(address: str) -> None:
    url = parse(address)
    assert url is not None
    assert RULES.open(url) is None


def test_the_address_behind() -> None:
    url = parse(f"{GOOGLE}#http://shop.example/a?b")
    assert url is not None
    assert proxied(url) == parse("http://shop.example/a?b")
