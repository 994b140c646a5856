"""Which spellings of a recipient's address are seen in a URL."""

from base64 import b64encode, urlsafe_b64encode
from hashlib import md5, sha1, sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.detect.identity import identity

ANN = "Ann.Example@shop.example"
LOWER = ANN.lower().encode()


@pytest.mark.parametrize(
    ("spelling", "how"),
    [
        ("ann.example@shop.example", "in clear"),
        ("Ann.Example%40shop.example", "in clear"),
        ("ann.example%2540shop.example", "in clear"),
        (LOWER.hex().upper(), "in hexadecimal"),
        (b64encode(ANN.encode()).decode(), "in base64"),
        (md5(LOWER).hexdigest(), "as an MD5 hash"),
        (sha1(LOWER).hexdigest(), "as a SHA-1 hash"),
        (sha256(ANN.encode()).hexdigest(), "as a SHA-256 hash"),
    ],
)
def test_an_address_is_seen_however_it_is_written(spelling: str, how: str) -> None:
    assert identity([f"<{ANN}>"]).leak(f"https://shop.example/o?u={spelling}&x=1") == how


@given(before=st.binary(max_size=8), after=st.binary(max_size=8))
def test_an_address_is_seen_within_more_that_is_in_base64(before: bytes, after: bytes) -> None:
    for encode in (b64encode, urlsafe_b64encode):
        assert identity([ANN]).leak(f"https://shop.example/{encode(before + LOWER + after).decode()}") == "in base64"


@pytest.mark.parametrize("url", ["https://shop.example/", "https://shop.example/?u=bob@shop.example"])
def test_what_names_nobody_here(url: str) -> None:
    assert identity([ANN]).leak(url) is None


def test_an_address_too_short_to_be_told_from_chance_is_not_looked_for() -> None:
    assert identity(["a@b.c"]).leak("https://shop.example/?u=a@b.c") is None
