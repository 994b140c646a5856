"""Where links lead, to the character, and that they lead there for good."""

import json
from base64 import urlsafe_b64encode
from dataclasses import replace
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.rules.clearurls import read
from sluis.rules.load import load
from sluis.urls.parse import parse
from sluis.urls.resolve import resolve
from sluis.urls.suffix import site

RULES = load()
SES = "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/{}/1/0102018969854525-eb08255a-000000/kB2xT9yQ=331"
GOOGLE = "https://www.google.com/url?q={}&sa=D"
SAFE = "https://eur01.safelinks.protection.outlook.com/?url={}&data=05%7C01&reserved=0"


def destination(url: str, *, security: bool = False) -> str | None:
    resolution = resolve(url, RULES, security=security)
    return resolution.destination if resolution else None


@pytest.mark.parametrize(
    ("url", "leads_to"),
    [
        (SES.format(quote("https://shop.example/a?b=1&c=%20", safe="")), "https://shop.example/a?b=1&c=%20"),
        (GOOGLE.format(quote(SES.format(quote("https://shop.example/", safe="")), safe="")), "https://shop.example/"),
        (
            GOOGLE.format(quote("https://shop.example/?utm_source=x&id=1#top", safe="")),
            "https://shop.example/?id=1#top",
        ),
        ("https://shop.example/?id=1&utm_source=x&utm_medium=y", "https://shop.example/?id=1"),
        ("HTTPS://shop.example?utm_source=x#frag", "HTTPS://shop.example#frag"),
        ("https://shop.example/?a&utm_source&b=", "https://shop.example/?a&b="),
        (GOOGLE.format(quote("https://shop.example/é ü", safe="")), "https://shop.example/%C3%A9%20%C3%BC"),
        (GOOGLE.format(quote('https://shop.example/"<>', safe="")), "https://shop.example/%22%3C%3E"),
        (GOOGLE.format(quote("https://shop.example/", safe="")) + "#top", "https://shop.example/#top"),
        (GOOGLE.format(quote("https://shop.example/#own", safe="")) + "#top", "https://shop.example/#own"),
        (GOOGLE.format("mailto%3Aann%40shop.example%3Fsubject%3DHello"), "mailto:ann@shop.example?subject=Hello"),
        (GOOGLE.format("tel%3A%2B31-20-555-0123") + "#top", "tel:+31-20-555-0123"),
        (
            "https://streaklinks.com/BxK9v2QmZ4tYw8sLp3/https%3A%2F%2Fshop.example%2F#é b",
            "https://shop.example/#%C3%A9%20b",
        ),
    ],
)
def test_destination(url: str, leads_to: str) -> None:
    assert destination(url) == leads_to
    assert destination(leads_to) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/",
        "mailto:a@shop.example?utm_source=x",
        "https://shop.example/unsubscribe?utm_source=x",
        "https://shop.example/?utm_source=x&token=abc",
        "https://bucket.s3.amazonaws.com/a?X-Amz-Signature=0f&utm_source=x",
        GOOGLE.format("javascript:alert(1)"),
        GOOGLE.format("tel:javascript"),
        GOOGLE.format("mailto:nobody"),
        GOOGLE.format("//shop.example/"),
        GOOGLE.format("https%3A%2F%2Fnohost"),
        GOOGLE.format("https%3A%2F%2F"),
        SES.format("%2Fabout"),
        SAFE.format("https%3A%2F%2Fshop.example%2F"),
        "\ud800",
        "https://" + "a" * 70_000,
    ],
)
def test_what_leads_nowhere_else_stays(url: str) -> None:
    assert destination(url) is None


def test_security_wrappers_are_undone_when_switched_on() -> None:
    assert destination(SAFE.format("https%3A%2F%2Fshop.example%2F"), security=True) == "https://shop.example/"


def test_wrappers_within_wrappers_end_at_a_depth() -> None:
    url = "https://shop.example/"
    for _ in range(3):
        url = GOOGLE.format(quote(url, safe=""))
    assert destination(url) == "https://shop.example/"
    for _ in range(9):
        url = GOOGLE.format(quote(url, safe=""))
    assert destination(url) is None


def test_a_zlib_bomb_is_no_destination() -> None:
    import zlib

    bomb = urlsafe_b64encode(zlib.compress(b"l=https%3A%2F%2Fshop.example%2F" + b"a" * 10_000_000)).decode().rstrip("=")
    assert destination(f"https://email.mg.example.com/c/{bomb}"[:60_000]) is None


PIECES = st.sampled_from(
    [
        "https://shop.example/",
        "?",
        "&",
        "utm_source=x",
        "id=1",
        "#f",
        "%26",
        "utm_source",
        "=",
        "fbclid=y",
        "é",
        "//",
        "a",
    ]
)
TEXTS = st.lists(PIECES, max_size=8).map(lambda pieces: "https://shop.example/" + "".join(pieces))


@given(TEXTS, st.lists(st.sampled_from([GOOGLE, SAFE, SES]), max_size=4), st.booleans())
def test_resolving_twice_changes_nothing(text: str, wrappers: list[str], security: bool) -> None:
    for wrapper in wrappers:
        text = wrapper.format(quote(text, safe=""))
    found = destination(text, security=security)
    if found is not None:
        assert destination(found, security=security) is None


@given(st.text() | st.text(st.sampled_from("https:/\\@.%#?&=a\t\n[]0x"), max_size=40))
def test_no_text_raises(text: str) -> None:
    parse(text)
    resolve(text, RULES, security=True)


@pytest.mark.parametrize(
    ("text", "host", "path"),
    [
        ("HTTP:\\\\EVIL.example\\a", "evil.example", "/a"),
        ("//t.example/p", "t.example", "/p"),
        ("https://ex%61mple.com/", "example.com", "/"),
        ("http://0x7f.1/", "127.0.0.1", "/"),
        ("https://bücher.example/", "xn--bcher-kva.example", "/"),
        ("ht\ntps://t.example/a\tb", "t.example", "/ab"),
    ],
)
def test_urls_are_read_as_browsers_do(text: str, host: str, path: str) -> None:
    url = parse(text)
    assert url is not None
    assert (url.host, url.path) == (host, path)


def test_registrable_domains() -> None:
    assert (site("a.b.shop.co.uk"), site("shop.example"), site("localhost")) == (
        "shop.co.uk",
        "shop.example",
        "localhost",
    )


class TestCatalogue:
    """A list adds to our rules: it comes after them, and minds what they leave alone."""

    LISTED = read(
        json.dumps(
            {
                "providers": {
                    "all": {"urlPattern": ".*", "rules": ["kt_[a-z]+", "utm_source"], "rawRules": ["/k=[a-z]*"]},
                    "out": {"urlPattern": r"^https?://out\.example", "redirections": [r"[?&]to=([^&]*)"]},
                }
            }
        ),
        "kade",
    )
    RULES = replace(RULES, lists=(LISTED,), catalogues=(LISTED,))

    @pytest.mark.parametrize(
        ("url", "leads_to", "vendor", "rule"),
        [
            ("https://shop.example/?a=1&kt_x=2", "https://shop.example/?a=1", "kade", "kade/all"),
            ("https://shop.example/k=a/b", "https://shop.example/b", "kade", "kade/all"),
            ("https://shop.example/k=/k=b/k=c?kt_a", "https://shop.example", "kade", "kade/all"),
            ("https://shop.example/?utm_source=a&kt_x=2", "https://shop.example/", "google-analytics", "utm_*"),
        ],
    )
    def test_parameters(self, url: str, leads_to: str, vendor: str, rule: str) -> None:
        resolution = resolve(url, self.RULES, security=False)
        assert resolution is not None
        assert (resolution.destination, resolution.rule) == (leads_to, rule)
        assert (resolution.vendor == "kade") == (vendor == "kade")
        assert resolve(leads_to, self.RULES, security=False) is None

    def test_redirects(self) -> None:
        inner = quote(SES.format(quote("https://shop.example/?kt_a=1", safe="")), safe="")
        resolution = resolve(f"https://out.example/?to={inner}", self.RULES, security=False)
        assert resolution is not None
        assert resolution.destination == "https://shop.example/"
        assert [step.rule for step in resolution.steps] == ["kade/out", "amazon-ses"]
        assert resolution.stripped == ("kt_a",)

    @pytest.mark.parametrize(
        "url",
        [
            "https://out.example/?to=shop",
            "https://out.example/?to=javascript:alert(1)",
            "https://shop.example/unsubscribe?kt_x=1",
            "https://shop.example/?kt_x=1&sig=abc",
            "https://shop.example/?a=kt_x",
        ],
    )
    def test_what_stays(self, url: str) -> None:
        assert resolve(url, self.RULES, security=False) is None

    @given(st.text(alphabet="/k=a?&t_xuo:.%", max_size=80))
    def test_it_ends_and_stays_there(self, tail: str) -> None:
        resolution = resolve("https://shop.example/" + tail, self.RULES, security=False)
        assert resolution is None or resolve(resolution.destination, self.RULES, security=False) is None
