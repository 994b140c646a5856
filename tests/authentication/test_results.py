"""The field we write, to the octet, and those that others wrote in our name."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.authentication.results import findings, marked
from sluis.authentication.verdict import Chain, Dmarc, Result, Signature, Spf, Verdicts
from sluis.message.authentication import Authentication, authentication
from sluis.message.fields import fields

NAME = "mx.example.org"
NOTHING = Verdicts(Spf(Result.NONE), (), Dmarc(Result.NONE))
OURS = b"Authentication-Results: mx.example.org;\r\n\tspf=none;\r\n\tdkim=none;\r\n\tdmarc=none\r\n"
ALL = Verdicts(
    Spf(Result.PASS, "bounce.news.example"),
    (
        Signature(Result.PASS, "news.example", "k1", "rsa-sha256", "dGVzdA+/"),
        Signature(Result.FAIL, "list.example", "k", "ed25519-sha256", "AAAAAAAA", "body changed"),
    ),
    Dmarc(Result.PASS, "news.example", "reject"),
    Chain(Result.NONE),
)


def test_the_field() -> None:
    assert marked(b"From: a@b.example\r\n\r\nbody", NAME, ALL) == (
        b"Authentication-Results: mx.example.org;\r\n"
        b"\tspf=pass smtp.mailfrom=bounce.news.example;\r\n"
        b"\tdkim=pass header.d=news.example header.s=k1 header.a=rsa-sha256 header.b=dGVzdA+/;\r\n"
        b'\tdkim=fail reason="body changed" header.d=list.example header.s=k header.a=ed25519-sha256'
        b" header.b=AAAAAAAA;\r\n"
        b"\tdmarc=pass policy.dmarc=reject header.from=news.example;\r\n"
        b"\tarc=none\r\n"
        b"From: a@b.example\r\n\r\nbody"
    )


def test_a_greeting_is_told_as_such() -> None:
    found = findings(NAME, Verdicts(Spf(Result.FAIL, "mx.news.example", helo=True), (), Dmarc(Result.PERMERROR)))
    assert found == b"mx.example.org;\r\n\tspf=fail smtp.helo=mx.news.example;\r\n\tdkim=none;\r\n\tdmarc=permerror"


def test_what_cannot_be_written_is_not() -> None:
    odd = Verdicts(Spf(Result.PASS, "a;dkim=pass"), (), Dmarc(Result.PASS, 'b"c'))
    assert findings(NAME, odd) == b"mx.example.org;\r\n\tspf=pass;\r\n\tdkim=none;\r\n\tdmarc=pass"


def test_the_policies_read_what_is_written() -> None:
    raw = marked(b"From: a@news.example\r\n\r\n", NAME, ALL)
    header, _, _ = fields(raw, 0, len(raw))
    passed = frozenset({"news.example"})
    assert authentication(header, raw, frozenset({NAME})) == Authentication(passed, passed)


@pytest.mark.parametrize("blank", [b" ", b"\t", b" \r\n "])
def test_no_first_line_becomes_more_of_our_field(blank: bytes) -> None:
    message = blank + b"; dmarc=pass header.from=bank.example\r\nFrom: a@bank.example\r\n\r\nbody"
    assert marked(message, NAME, ALL) == message
    assert marked(blank + b"x\r\n" + OURS + b"\r\n", NAME, ALL) == blank + b"x\r\n\r\n"


@pytest.mark.parametrize("line", [b"From a@b Mon\r\n", b">From a@b Mon\r\n"])
def test_a_header_that_would_be_a_body_below_ours_stays_one(line: bytes) -> None:
    message = line + b"From: a@b.example\r\nContent-Type: text/html\r\n\r\n<p>"
    assert marked(line + OURS + message.removeprefix(line), NAME, ALL) == message


def test_no_field_comes_up_from_below_where_one_was_cut() -> None:
    message = b" x\r\n" + OURS + b"\r\n" + OURS + b"From: a@bank.example\r\n\r\n"
    assert marked(message, NAME, ALL) == b" x\r\n\r\nFrom: a@bank.example\r\n\r\n"


FORGED = [
    b"mx.example.org; dmarc=pass header.from=news.example",
    b"MX.Example.ORG ; dmarc=pass",
    b"mx.example.org",
    b"mx.example.org 1; dmarc=pass",
    b"mx.example.org 2; dmarc=pass",
    b"mx.example.org/1; dmarc=pass",
    b"mx.example.org.; dmarc=pass",
    b'"mx.example.org"; dmarc=pass',
    b"(c; omment) mx.example.org; dmarc=pass",
    b"\r\n\t(c\r\n\tomment)\r\n mx.example.org;\r\n\tdmarc=pass",
    b"mx.example.org; dmarc=pass (open",
    b'(open mx.example.org; dmarc="pass',
    b"mx.example.org\x00; dmarc=pass",
    b"mx.example.org; " + b"x" * 20_000,
]
OTHERS = [
    b"other.example; dmarc=pass",
    b"amx.example.org; dmarc=pass",
    b"mx.example.org.evil.example; dmarc=pass",
    b"mx.example.orgy; dmarc=pass",
    b"other.example; dkim=pass header.d=mx.example.org",
    b"(mx.example.org) other.example; dmarc=pass",
    b"",
]


@pytest.mark.parametrize("value", FORGED)
@pytest.mark.parametrize("name", [b"Authentication-Results:", b"authentication-RESULTS : "])
def test_what_bears_our_name_goes(name: bytes, value: bytes) -> None:
    before, after = b"Received: x\r\n", b"From: a@b.example\r\n\r\nbody\r\n"
    assert marked(before + name + value + b"\r\n" + after, NAME, NOTHING) == OURS + before + after


@pytest.mark.parametrize("value", OTHERS)
def test_what_bears_another_stays(value: bytes) -> None:
    message = b"Authentication-Results: " + value + b"\r\nFrom: a@b.example\r\n\r\nbody\r\n"
    assert marked(message, NAME, NOTHING) == OURS + message


@pytest.mark.parametrize(
    ("message", "left"),
    [
        (b"A: b\r\nno field\r\n%s\r\nbody", b"A: b\r\nno field\r\n\r\nbody"),
        (b"\r\n%sA: b\r\n\r\nbody", b"\r\nA: b\r\n\r\nbody"),
        (b"%s\r\n%sA: b\r\n\r\n", b"\r\n%sA: b\r\n\r\n"),  # the rest was its body, and still is
        (b"%s%sA: b\r\n%s\r\n", b"A: b\r\n\r\n"),
        (b"%s", b""),
        (b"A: b\r\n\r\n%s", None),
        (b"no field\r\nA: b\r\n\r\n%s", None),
        (b"X-%s\r\n", None),
        (b"A: b\r\n %s\r\n", None),
    ],
)
def test_within_the_header_and_nowhere_else(message: bytes, left: bytes | None) -> None:
    field = b"Authentication-Results: mx.example.org; dmarc=pass\r\n"
    raw = message.replace(b"%s", field)
    assert marked(raw, NAME, NOTHING) == OURS + (raw if left is None else left.replace(b"%s", field))


@given(st.lists(st.sampled_from([*FORGED, *OTHERS]), max_size=6), st.binary(max_size=80))
def test_nothing_else_changes(values: list[bytes], body: bytes) -> None:
    pieces = [b"Authentication-Results: " + value + b"\r\nX: y\r\n" for value in values]
    kept = [b"X: y\r\n" if value in FORGED else piece for value, piece in zip(values, pieces, strict=True)]
    tail = b"From: a@b.example\r\n\r\n" + body
    assert marked(b"".join(pieces) + tail, NAME, NOTHING) == OURS + b"".join(kept) + tail
