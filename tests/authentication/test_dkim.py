"""DKIM: what dkimpy has signed holds, whatever is changed does not, and nothing hostile costs more than its length."""

from functools import partial
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authentication.zone import MESSAGE, Zone, ed25519_key, known, published, record, rsa_key, signed
from tests.linear.effort import FACTOR, NEARLY_A_SQUARE, ratio

from sluis.authentication import dkim
from sluis.authentication.question import Question
from sluis.authentication.verdict import Result, Signature

NOW = 4_000_000_000
FORMS = ("simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed")
ZONE = published()


def judged(message: bytes, zone: Zone = ZONE, now: int = NOW) -> list[tuple[str, str]]:
    return [(each.result.value, each.reason) for each in known(partial(dkim.judged, message, now), zone)]


HOLDS = [("pass", "")]


@pytest.mark.parametrize("form", FORMS)
class TestSigned:
    def test_it_holds(self, form: str) -> None:
        assert judged(signed(form=form)) == HOLDS

    def test_it_does_not_over_another_body(self, form: str) -> None:
        assert judged(signed(form=form).replace(b"reader,", b"reader!")) == [("fail", "body changed")]

    def test_it_does_not_over_another_header(self, form: str) -> None:
        assert judged(signed(form=form).replace(b"two", b"too")) == [("fail", "header changed or signature forged")]

    def test_it_does_not_by_another_key(self, form: str) -> None:
        zone = {Question("k._domainkey.news.example"): (record(rsa_key("other")),)}
        assert judged(signed(form=form), zone) == [("fail", "header changed or signature forged")]

    @given(octets=st.text("ab \t\r\n", max_size=60).map(lambda text: text.replace("\r", "").replace("\n", "\r\n")))
    def test_it_holds_over_any_body(self, form: str, octets: str) -> None:
        message = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + octets.encode() + b"\r\n"
        assert judged(signed(message, form=form)) == HOLDS

    @given(blanks=st.text(" \t", max_size=3), more=st.text(" \t", max_size=2))
    def test_what_a_relay_may_do_to_blanks_only_simple_minds(self, form: str, blanks: str, more: str) -> None:
        message = signed(form=form)
        changed = message.replace(b"a\tline \r\n", b"a\t" + more.encode() + b"line" + blanks.encode() + b"\r\n")
        same = changed == message or form.endswith("/relaxed")
        assert judged(changed) == (HOLDS if same else [("fail", "body changed")])


def test_empty_lines_at_the_end_are_nobodys() -> None:
    for form in FORMS:
        assert judged(signed(form=form) + b"\r\n" * 70_000) == HOLDS


def test_a_body_is_hashed_alike_in_pieces() -> None:
    body = b"a \t b \r\n" * 20_000 + b" " * 70_000 + b"x \r\n" + b"y" * 140_000 + b" \t" * 33_000 + b"\r\n z"
    for form in ("simple/simple", "relaxed/relaxed"):
        message = MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + b"a \t b \r\n" * 20_000 + b"y" * 140_000
        assert judged(signed(message, form=form)) == HOLDS
    relaxed = dkim.canonical.body_hash(body, 0, relaxed=True)
    plain = b"a b\r\n" * 20_000 + b" x\r\n" + b"y" * 140_000 + b"\r\n z\r\n"
    assert relaxed == dkim.canonical.body_hash(plain, 0, relaxed=False)


def test_what_is_told_of_it() -> None:
    message = signed()
    (found,) = known(partial(dkim.judged, message, NOW), ZONE)
    assert found == Signature(Result.PASS, "news.example", "k", "rsa-sha256", found.mark)
    assert b"b=" + found.mark.encode() in message.replace(b"\r\n ", b"")


class TestPart:
    """l= leaves the rest of the body to anybody."""

    def test_all_of_it_is_all(self) -> None:
        assert judged(signed(form="relaxed/relaxed", length=True)) == HOLDS

    def test_what_is_hung_on_is_nobodys(self) -> None:
        message = signed(form="relaxed/relaxed", length=True) + b"more\r\n"
        assert judged(message) == [("policy", "body signed in part only")]

    def test_less_than_was_signed(self) -> None:
        message = signed(form="simple/simple", length=True).replace(b"  a\tline \r\n", b"")
        assert judged(message) == [("fail", "body changed")]


def test_each_of_several_is_judged() -> None:
    zone = ZONE | published("list.example")
    message = signed(signed(), "list.example")
    assert judged(message, zone) == [("pass", ""), ("pass", "")]
    assert judged(message, ZONE) == [("permerror", "no key"), ("pass", "")]
    many = b"".join(b"DKIM-Signature: v=1\r\n" for _ in range(20)) + MESSAGE
    assert len(judged(many)) == dkim.MOST


FIELD, REST = signed().removesuffix(MESSAGE), MESSAGE


@pytest.mark.parametrize(
    ("old", "new", "found"),
    [
        (b"v=1", b"v=2", ("permerror", "signature of another version")),
        (b"v=1;", b"", ("permerror", "signature lacks a tag, or its form is unknown")),
        (b"a=rsa-sha256", b"a=rsa-sha1", ("permerror", "algorithm unknown or too weak")),
        (b"a=rsa-sha256", b"a=none", ("permerror", "algorithm unknown or too weak")),
        (b"a=rsa-sha256", b"a=ed25519-sha256", ("permerror", "key for another use")),
        (b"relaxed/relaxed", b"loose", ("permerror", "signature lacks a tag, or its form is unknown")),
        (b"d=news.example", b"d=\xff", ("permerror", "signature malformed")),
        (b"d=news.example", b"d=a b", ("permerror", "no domain or selector")),
        (b"d=news.example", b"d=news..example", ("permerror", "no domain or selector")),
        (b"i=@news.example", b"i=@sub.news.example", ("fail", "header changed or signature forged")),
        (b"i=@news.example", b"i=@anews.example", ("permerror", "identity of another domain")),
        (b"q=dns/txt", b"q=http", ("permerror", "no way to the key")),
        (b"s=k", b"s=k; s=k", ("permerror", "not a list of tags")),
        (b"s=k", b"s=k; x=1", ("permerror", "expires before it begins")),
        (b"s=k", b"s=k; l=-1", ("permerror", "not a number")),
        (b"s=k", b"s=k; l=99999", ("fail", "body changed")),
        (b"bh=", b"bh=!", ("permerror", "not base64")),
        (b"from", b"x-from", ("permerror", "author not signed")),
        (b"s=k", b"=k", ("permerror", "not a list of tags")),
    ],
)
def test_malformed(old: bytes, new: bytes, found: tuple[str, str]) -> None:
    assert old in FIELD, "nothing to change"
    assert judged(FIELD.replace(old, new) + REST) == [found]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (b"", ("permerror", "no key")),
        (b"v=spf1 -all", ("permerror", "no key")),
        (b"v=DKIM1; p=", ("permerror", "key revoked")),
        (b"v=DKIM2; p=AAAA", ("permerror", "key of another version")),
        (b"p=AAAA; v=DKIM1", ("permerror", "key of another version")),
        (b"v=DKIM1; p=AAAA", ("permerror", "key malformed")),
        (b"v=DKIM1; p=!", ("permerror", "not base64")),
        (b"v=DKIM1; k=dsa; p=AAAA", ("permerror", "key malformed")),
        (b"v=DKIM1; h=sha1; p=AAAA", ("permerror", "key for another use")),
        (b"v=DKIM1; s=tlsrpt; p=AAAA", ("permerror", "key for another use")),
        (record(ed25519_key()), ("permerror", "key for another use")),
        (record(rsa_key("small", 1024)), ("fail", "header changed or signature forged")),
        (record(rsa_key("huge", 4160)), ("permerror", "key of too few or too many bits")),
        (b"\x00" * 60_000, ("permerror", "no key")),
    ],
    ids=count(),
)
def test_keys(text: bytes, found: tuple[str, str]) -> None:
    assert judged(signed(), {Question("k._domainkey.news.example"): (text,)}) == [found]


def test_no_answer_is_no_verdict() -> None:
    assert judged(signed(), {Question("k._domainkey.news.example"): None}) == [("temperror", "no answer from DNS")]


def test_a_strict_key_is_for_its_very_domain() -> None:
    strict = published(more="t=s; ")
    assert judged(signed(), strict) == HOLDS
    assert judged(signed(identity=b"@sub.news.example"), ZONE) == HOLDS
    assert judged(signed(identity=b"@sub.news.example"), strict) == [("permerror", "key for another use")]


def test_it_ends() -> None:
    field = FIELD.replace(b"s=k;", b"s=k; x=4000000000;")
    assert judged(field + REST, now=NOW) == [("fail", "header changed or signature forged")]
    assert judged(field + REST, now=NOW + 1) == [("fail", "signature expired")]


def test_a_header_too_long_is_not_judged() -> None:
    assert judged(b"X: " + b"x" * dkim.LONGEST + b"\r\n" + MESSAGE) == [("permerror", "header too long")]


@given(st.binary(max_size=200), st.binary(max_size=100))
def test_nothing_raises(value: bytes, text: bytes) -> None:
    zone = {Question("k._domainkey.news.example"): (text,)}
    known(partial(dkim.judged, b"DKIM-Signature: " + value + b"\r\n" + signed(), NOW), zone)


HOSTILE = {
    "blanks in the body": lambda size: signed() + b" " * size + b"x",
    "blanks and letters": lambda size: signed() + b" x" * (size // 2),
    "tabs before line ends": lambda size: signed() + b"\t\t\t\r\n" * (size // 5) + b"x",
    "folds in the signature": lambda size: b"DKIM-Signature: v=1; b=" + b"\r\n " * (size // 30) + b"!\r\n" + MESSAGE,
    "semicolons": lambda size: b"DKIM-Signature: " + b";" * (size // 10) + b"\r\n" + MESSAGE,
    "names": lambda size: FIELD.replace(b"h=from", b"h=" + b"x:" * (size // 20) + b"from") + REST,
    "fields": lambda size: FIELD + b"X:\r\n" * (size // 200) + REST,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_it_takes_linear_time(case: str) -> None:
    small, large = HOSTILE[case](500_000), HOSTILE[case](500_000 * FACTOR)
    times, _ = ratio(lambda: judged(small), lambda: judged(large), floor=0.05)
    assert times <= NEARLY_A_SQUARE
