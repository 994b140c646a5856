"""Which spellings of a recipient's address are seen in a URL."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from hashlib import md5, sha1, sha256, sha512
from urllib.parse import quote

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
        ("Ann%2EExample%40shop%2eexample", "in clear"),
        ("".join(f"%{octet:02X}" for octet in LOWER), "in clear"),
        ("".join(f"%25{octet:02x}" for octet in LOWER), "in clear"),
        ("bounce-ann.example=shop.example@mailer.example", "in clear"),
        ("ann.example_at_shop.example", "in clear"),
        (LOWER.hex().upper(), "in hexadecimal"),
        ("a" + ANN.upper().encode().hex(), "in hexadecimal"),
        (b64encode(ANN.encode()).decode(), "in base64"),
        (quote(b64encode(b"u=" + ANN.upper().encode()).decode(), safe=""), "in base64"),
        (urlsafe_b64encode(b"u=ann.example%40shop.example&x").decode().rstrip("="), "in base64"),
        (md5(LOWER).hexdigest(), "as an MD5 hash"),
        (md5(LOWER).hexdigest().upper(), "as an MD5 hash"),
        (md5(ANN.upper().encode()).hexdigest(), "as an MD5 hash"),
        (md5(LOWER + b"\n").hexdigest(), "as an MD5 hash"),
        ("0a" + md5(LOWER).hexdigest() + "77", "as an MD5 hash"),
        (urlsafe_b64encode(md5(LOWER).digest()).decode().rstrip("="), "as an MD5 hash"),
        (b64encode(md5(LOWER).hexdigest().encode()).decode(), "as an MD5 hash"),
        (sha1(LOWER).hexdigest(), "as a SHA-1 hash"),
        (sha256(ANN.encode()).hexdigest(), "as a SHA-256 hash"),
        (sha512(LOWER).hexdigest(), "as a SHA-512 hash"),
    ],
)
def test_an_address_is_seen_however_it_is_written(spelling: str, how: str) -> None:
    assert identity([f"<{ANN}>"]).leak(f"https://shop.example/o?u={spelling}&x=1") == how


@pytest.mark.parametrize("written", ["annexample@gmail.com", "ann.example@gmail.com", "annexample@googlemail.com"])
def test_so_is_the_mailbox_that_it_leads_to(written: str) -> None:
    who = identity(["Ann.Example+shop@Gmail.com"])
    assert who.leak(f"https://shop.example/?{written}") == "in clear"
    assert who.leak(f"https://shop.example/{sha256(written.encode()).hexdigest()}") == "as a SHA-256 hash"


def percent(text: bytes) -> bytes:
    return "".join(f"%{octet:02x}" for octet in text).encode()


ENCODINGS: dict[str, Callable[[bytes], bytes]] = {
    "clear": bytes,
    "percent": percent,
    "quoted": lambda text: quote(text, safe="").encode(),
    "hexadecimal": lambda text: text.hex().encode(),
    "base64": b64encode,
    "base64url": lambda text: urlsafe_b64encode(text).rstrip(b"="),
    **{work.__name__: lambda text, work=work: work(text).hexdigest().encode() for work in (md5, sha1, sha256, sha512)},
}
CASES: tuple[Callable[[str], str], ...] = (str, str.lower, str.upper)
LOCAL = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{2,20}[A-Za-z0-9]", fullmatch=True)
AROUND = st.text("/?&=.;:,~!", max_size=4)


@given(LOCAL, st.sampled_from(CASES), st.sampled_from(sorted(ENCODINGS)), st.integers(0, 2), AROUND, AROUND)
def test_an_address_is_seen_however_it_is_encoded(
    local: str, case: Callable[[str], str], encoding: str, times: int, before: str, after: str
) -> None:
    address = f"{local}@Shop.example"
    written = ENCODINGS[encoding](case(address).encode()).decode("latin-1")
    for _ in range(times):
        written = quote(written, safe="")
    assert identity([address]).leak(f"https://t.example/{before}{written}{after}")


@given(before=st.binary(max_size=8), after=st.binary(max_size=8))
def test_an_address_is_seen_within_more_that_is_in_base64(before: bytes, after: bytes) -> None:
    for encode in (b64encode, urlsafe_b64encode):
        assert identity([ANN]).leak(f"https://shop.example/{encode(before + LOWER + after).decode()}") == "in base64"


@given(st.text(max_size=200))
def test_no_url_is_too_odd(url: str) -> None:
    assert identity(["ann@shop.example", "é@shop.example", "\udcff@shop.example"]).leak(f"https://{url}%ff%") is None


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/",
        "https://shop.example/?u=bob@shop.example",
        "https://shop.example/" + md5(b"bob@shop.example").hexdigest() * 90,
        "https://shop.example/" + b64encode(b"bob@shop.example" * 90).decode(),
    ],
)
def test_what_names_nobody_here(url: str) -> None:
    assert identity([ANN]).leak(url) is None


@pytest.mark.parametrize("recipient", ["a@b.c", "", "<>", "postmaster", "@shop.example", "ann.example@"])
def test_an_address_too_short_to_be_told_from_chance_is_not_looked_for(recipient: str) -> None:
    assert identity([recipient]).leak("https://shop.example/?u=a@b.c,ann.example@,postmaster") is None
