"""Authentication-Results: the trusted server's own topmost word, and nothing that only looks like it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.message.authentication import Authentication, authentication
from sluis.message.fields import fields

MX = frozenset({"mx.example.org"})


def heard(header: bytes) -> Authentication:
    raw = header + b"\r\nbody"
    found, _, _ = fields(raw, 0, len(raw))
    return authentication(found, raw, MX)


def results(*values: bytes) -> bytes:
    return b"".join(b"Authentication-Results: " + value + b"\r\n" for value in values)


@pytest.mark.parametrize(
    ("value", "signers"),
    [
        (b"mx.example.org; dkim=pass header.d=a.example", {"a.example"}),
        (b"MX.example.org 1; DKIM = Pass (good\r\n key) Header.D = A.example;", {"a.example"}),
        (b"mx.example.org; dkim/1=pass header.i=@sub.a.example header.s=k", {"sub.a.example"}),
        (b"mx.example.org; dkim=pass header.d=a.example; dkim=pass header.d=b.example", {"a.example", "b.example"}),
        (b'"mx.example.org"; dkim=pass reason="ok; so" header.d="a.example"', {"a.example"}),
        (b"mx.example.org; spf=pass smtp.mailfrom=x=y@b.example; dkim=pass header.d=a.example", {"a.example"}),
        (b"mx.example.org; none", set()),
        (b"mx.example.org", set()),
        (b"mx.example.org; dkim=pass", set()),
        (b"mx.example.org; dkim=pass header.d=", set()),
        (b"mx.example.org; dkim=pass header.d=a.example junk", set()),
        (b"mx.example.org; dkim=pass header.d=a.example (", set()),
        (b"mx.example.org; dkim=fail dkim=pass header.d=a.example", set()),
        (b"mx.example.org; spf=fail dkim=pass header.d=a.example", set()),
        (b'mx.example.org; spf=fail reason="x; dkim=pass header.d=a.example"', set()),
        (b"mx.example.org; spf=fail (x; dkim=pass header.d=a.example)", set()),
        (b"mx.example.org 2; dkim=pass header.d=a.example", set()),
        (b"my.example.org; dkim=pass header.d=a.example", set()),
        (b"dkim=pass header.d=a.example", set()),
        (b"", set()),
    ],
)
def test_signers(value: bytes, signers: set[str]) -> None:
    assert heard(results(value)).signers == signers


def test_dmarc() -> None:
    passed = heard(results(b"mx.example.org; dmarc=pass (p=none) header.from=A.example"))
    assert passed == Authentication(passed=frozenset({"a.example"}))
    failed = heard(results(b"mx.example.org; dmarc=fail header.from=a.example"))
    assert failed == Authentication(failed=frozenset({"a.example"}))
    assert heard(results(b"mx.example.org; dmarc=none header.from=a.example")) == Authentication()


GOOD = b"mx.example.org; dkim=pass header.d=a.example"
FORGED = b"mx.example.org; dkim=pass header.d=forged.example"
RECEIVED = b"Received: from a by b; date\r\n"


@pytest.mark.parametrize(
    ("header", "signers"),
    [
        (RECEIVED + results(GOOD), {"a.example"}),
        (results(GOOD) + RECEIVED + results(FORGED), {"a.example"}),
        (results(b"mx.example.org; none") + RECEIVED + results(FORGED), set()),
        (results(b"mx.example.org; spf=none", b"other.example; dkim=fail", FORGED), set()),
        (results(GOOD, FORGED), {"a.example"}),
        (results(b"mx.example.org; dmarc=none header.from=x.example", GOOD), {"a.example"}),
        (results(b"other.example; dkim=pass header.d=x.example", GOOD), {"a.example"}),
        (b"Subject: x\r\n\r\n" + results(FORGED), set()),
        (results(*[b"other.example; none"] * 49, GOOD), {"a.example"}),
        (results(*[b"other.example; none"] * 50, GOOD), set()),
    ],
)
def test_only_the_topmost_are_heard(header: bytes, signers: set[str]) -> None:
    assert heard(header).signers == signers


@given(st.binary(max_size=120))
def test_no_value_raises(value: bytes) -> None:
    heard(results(value, b"mx.example.org; " + value))
