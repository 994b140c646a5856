"""A URL's form without its tokens: the words that tell how it works stay, and nothing of its reader does."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.audit.redact import redacted
from sluis.detect.identity import NOBODY, Identity, identity
from sluis.urls.parse import parse

READER = "sanne.de.wit@lezer.example"
MD5 = "8b0b6ed3ed3a2b6be6ab8d8e1f1bdc0f"


def shown(text: str, who: Identity = NOBODY) -> str:
    url = parse(text)
    assert url is not None
    return redacted(url, {"utm_source", "mc_eid"}, who)


@pytest.mark.parametrize(
    ("url", "form"),
    [
        ("https://shop.example/", "https://shop.example/"),
        ("https://shop.example", "https://shop.example/"),
        (
            "https://u12345.ct.sendgrid.example/wf/open?upn=abcdef",
            "https://‹6 characters›.ct.sendgrid.example/wf/open?upn=‹6 characters›",
        ),
        ("https://click.shop.example/track/open.gif", "https://click.shop.example/track/open.gif"),
        ("https://shop.example/open-pixel/jansen.gif", "https://shop.example/open-pixel/‹6 characters›.gif"),
        ("https://shop.example/o/123456", "https://shop.example/o/‹6 digits›"),
        ("https://shop.example/7", "https://shop.example/‹one character›"),
        (f"https://shop.example/{MD5}", "https://shop.example/‹32 hexadecimal digits›"),
        ("https://shop.example/6f9619ff-8b86-d011-b42d-00cf4fc964ff", "https://shop.example/‹UUID›"),
        (
            "https://shop.example/?utm_source=march&mc_eid=7f3c",
            "https://shop.example/?utm_source=‹5 characters›&mc_eid=‹4 characters›",
        ),
        ("https://shop.example/?jansen=1", "https://shop.example/?‹6 characters›=‹one character›"),
        ("https://shop.example/?c2Fubg==", "https://shop.example/?‹8 characters›"),
        ("https://shop.example/?click&id=", "https://shop.example/?click&id"),
        ("https://shop.example/?to=a%40b.example", "https://shop.example/?to=‹an address›"),
        ("https://shop.example/a@b.example", "https://shop.example/‹an address›"),
        ("https://shop.example/#section", "https://shop.example/#‹7 characters›"),
        ("https://sanne:secret@shop.example:8080/open", "https://shop.example/open"),
        ("http://192.0.2.7/open", "http://192.0.2.7/open"),
        ("http://[2001:db8::7]/open", "http://[2001:db8::7]/open"),
        ("https://deadbeef.fade.de/", "https://‹8 characters›.fade.de/"),
        ("https://shop.example/mail-top-click-open-view", "https://shop.example/‹24 characters›"),
        ("https://shop.example/" + "x/" * 9 + "x", "https://shop.example/" + "x/" * 8 + "‹2 more›"),
    ],
)
def test_what_stays_and_what_goes(url: str, form: str) -> None:
    assert shown(url) == form


@pytest.mark.parametrize(
    ("value", "told"),
    [(quote(READER), "in clear"), ("c2FubmUuZGUud2l0QGxlemVyLmV4YW1wbGU", "in base64")],
)
def test_the_readers_address_is_told_as_such(value: str, told: str) -> None:
    assert (
        shown(f"https://shop.example/?uid={value}", identity([READER]))
        == f"https://shop.example/?uid=‹the address {told}›"
    )


@given(
    st.from_regex(r"[a-z0-9]{5,40}", fullmatch=True).filter(lambda token: any(c.isdigit() for c in token)),
    st.sampled_from(
        (
            "https://{}.ct.shop.example/wf/open",
            "https://{}-x.ct.shop.example/",
            "https://shop.example/{}",
            "https://shop.example/{}.gif",
            "https://shop.example/open_{}/x.png",
            "https://shop.example/open.{}",
            "https://shop.example/?{}",
            "https://shop.example/?{}=",
            "https://shop.example/?{}==",
            "https://shop.example/?{}=1",
            "https://shop.example/?id={}",
            "https://shop.example/?utm_source={}&id=7",
            "https://shop.example/?a=b&a={}",
            "https://shop.example/open#{}",
            "https://{}@shop.example/open",
            "https://u:{}@shop.example/open",
            "https://shop.example/open;{}/",
            "https://shop.example//{}//",
        )
    ),
)
def test_no_token_comes_out_wherever_it_stands(token: str, place: str) -> None:
    assert token not in shown(place.format(token))


@given(st.text(max_size=2000))
def test_whatever_a_path_holds_its_form_is_short(text: str) -> None:
    url = parse(f"https://shop.example/{text}")
    assert url is None or len(redacted(url, (), NOBODY)) < 2000
