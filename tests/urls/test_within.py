"""Addresses in whatever code, each within each other; and what looks like one and is none."""

import gzip
import json
import zlib
from base64 import urlsafe_b64encode
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.urls.within import Written, carries, hinted, said, written

SHOP = "https://shop.example/sale?id=7&c=blue"


def base64(octets: bytes | str) -> str:
    return urlsafe_b64encode(octets.encode() if isinstance(octets, str) else octets).decode().rstrip("=")


def counted(length: bytes, before: bytes = b"\x0a\x04\xff\xfe", after: bytes = b"\x01") -> str:
    """Binary data in base64, in which `length` stands before the address."""
    return base64(before + length + SHOP.encode() + after)


OBJECT = json.dumps({"id": 4, "url": SHOP})
LENGTH = len(SHOP)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (SHOP, "u"),
        (quote(SHOP, safe=""), "u"),
        (quote(quote(SHOP, safe=""), safe=""), "u"),
        (OBJECT, "url"),
        (base64(SHOP), ""),
        (base64(base64(SHOP)), ""),
        (base64(SHOP) + ".html", ""),
        (base64(SHOP) + "==", ""),
        (base64(SHOP) + "~", ""),
        ("a1" + base64(SHOP), ""),  # Bing's
        ("V" + base64(SHOP), ""),  # Zeta's
        (base64("x" + "|" + SHOP), ""),
        (base64("xy\t" + SHOP + "\n"), ""),
        (base64(urlencode({"id": 4, "data[url]": SHOP})), "data[url]"),
        (base64(OBJECT), "url"),
        (base64(json.dumps([{"p": OBJECT}])), "url"),  # an object, written out in one
        (base64('{"alg":"HS256"}') + "." + base64(OBJECT) + ".kB2xT9yQ", "url"),  # a JSON Web Token
        ("kB2xT9yQ." + base64(OBJECT), "url"),  # or its signature first
        (base64(OBJECT) + "--" + "0123456789abcdef" * 2, "url"),  # as Rails signs
        (base64(zlib.compress(SHOP.encode())), ""),
        (base64(gzip.compress(OBJECT.encode(), mtime=0)), "url"),
        ("." + base64(zlib.compress(b"\x1a" + bytes((LENGTH,)) + SHOP.encode() + b"\x01")) + ".kB2xT9yQ", ""),
        (SHOP.encode().hex(), ""),
        (counted(bytes((LENGTH,))), ""),
        (counted(bytes((LENGTH,)), after=b""), ""),
        (counted(bytes((LENGTH, 0))), ""),
        (counted(bytes((0, LENGTH))), ""),
        (counted(bytes((LENGTH,)), after=b"\xff"), ""),
        (counted(b"\x1a" + bytes((LENGTH,)), after=b"1"), ""),  # a field of a protocol buffer, and the next one's tag
    ],
)
def test_an_address_is_read_in_whatever_code_it_is(text: str, name: str) -> None:
    assert [(value.text, value.name) for value in written(text, "u")] == [(SHOP, name)]


def test_what_a_person_could_read_is_told_from_what_nobody_could() -> None:
    assert [value.coded for value in written(quote(SHOP, safe=""), "u")] == [False]
    assert [value.coded for value in written(base64(SHOP), "u")] == [True]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("%2F%2Fshop.example%2Fsale", "https://shop.example/sale"),
        ("www.shop.example/sale", "https://www.shop.example/sale"),
        ("7b2c9d!-!" + SHOP, SHOP),
    ],
)
def test_what_has_no_scheme_or_does_not_begin_as_an_address_is_not_whole(text: str, address: str) -> None:
    assert list(written(text, "u")) == [Written(address, "u", coded=False, whole=False)]


def test_a_length_to_the_base_of_128_is_read_too() -> None:
    long = SHOP + "x" * 200
    data = b"\x1a" + bytes((len(long) & 0x7F | 0x80, len(long) >> 7)) + long.encode() + b"\x22"
    assert [value.text for value in written(base64(b"\xff" + data), "u")] == [long]


@pytest.mark.parametrize(
    "text",
    [
        "sale",
        "https:",
        "//shop",
        base64("sale of the week"),
        base64(zlib.compress(SHOP.encode()))[:-8],
        base64(zlib.compress(b"http://x.example/" + bytes(70_000))),  # more than anybody needs
        base64(base64(zlib.compress(SHOP.encode()))),  # what is compressed is not read within another code
        base64(OBJECT)[:-7],
        base64("[" * 5_000 + SHOP),
        base64(b"\xff\xfe" + b"\x05" + SHOP.encode()),  # a length that is not its own
        base64(b'\xff{"url":"' + SHOP.encode() + b'"'),  # a mark is the length of 34
        base64(OBJECT) + ".html." + base64(OBJECT),  # a page's name and its ending
        "68747470zz",
        "eJ",
    ],
)
def test_what_is_no_code_says_nothing(text: str) -> None:
    assert list(written(text, "u")) == []


@given(st.text(st.characters(codec="ascii")) | st.binary().map(base64), st.integers(0, 4))
def test_whatever_is_read_begins_as_an_address_does(text: str, depth: int) -> None:
    for value in written(text, "u", depth):
        assert value.text[:4].lower() == "http"
        assert carries(text)


def test_a_site_of_its_own_is_no_hint() -> None:
    assert not hinted("https://www.shop.example/sale?id=7")
    assert hinted("https://www.shop.example/sale?to=www.other.example")


def test_nothing_grows_beyond_what_one_code_may_come_to() -> None:
    layer = zlib.compress(b"a|" * 30_000)
    for _ in range(3):
        layer = zlib.compress(b"|".join([base64(layer).encode()] * 40))
    assert list(written(base64(layer), "u")) == []
    assert len(said(base64(layer))) <= 64
