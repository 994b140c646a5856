"""SPF: each mechanism once, the limits of RFC 7208 §4.6.4, and records made to cost time."""

from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.authentication.zone import Zone, known
from tests.linear.effort import seconds

from sluis.authentication import spf
from sluis.authentication.question import Question
from sluis.authentication.verdict import Result, Spf

CLIENT = "192.0.2.7"


def zone(**records: object) -> Zone:
    """`news_example="v=spf1 …"` are texts; other kinds go by a tuple of kind and values."""
    found = {}
    for name, value in records.items():
        kind, *values = value if isinstance(value, tuple) else ("TXT", value)
        found[Question(name.replace("_", "."), kind)] = tuple(str(each).encode() for each in values)
    return found


def judged(record: str, others: Zone | None = None, client: str = CLIENT) -> str:
    asked = partial(spf.judged, client, "mx.news.example", "ann@news.example")
    return known(asked, zone(news_example=record) | dict(others or {})).result.value


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 ip4:192.0.2.0/24 -all", "pass"),
        ("v=spf1 ip4:198.51.100.0/24 -all", "fail"),
        ("v=spf1 ~all", "softfail"),
        ("v=spf1 ?all", "neutral"),
        ("v=spf1", "neutral"),
        ("v=spf1 a -all", "pass"),
        ("v=spf1 a:other.example -all", "fail"),
        ("v=spf1 mx -all", "pass"),
        ("v=spf1 ptr:news.example -all", "pass"),
        ("v=spf1 exists:%{ir}.%{l}.allowed.example -all", "pass"),
        ("v=spf1 include:pass.example -all", "pass"),
        ("v=spf1 include:fail.example ?all", "neutral"),
        ("v=spf1 include:gone.example ?all", "permerror"),
        ("v=spf1 redirect=pass.example", "pass"),
        ("v=spf1 redirect=gone.example", "permerror"),
        ("v=spf1 include:late.example -all", "temperror"),
        ("v=spf1 ip4:192.0.2.7 nonsense -all", "permerror"),
        ("v=spf1 ip4:192.0.2.999 -all", "permerror"),
        ("v=spf1 -all exp=why.example", "fail"),
        ("v=spf10 -all", "none"),
        ("hello", "none"),
        ("v=spf1 a:void1.example a:void2.example ip4:192.0.2.7 -all", "pass"),
        ("v=spf1 a:void1.example a:void2.example a:void3.example ip4:192.0.2.7 -all", "permerror"),
        (f"v=spf1 {'a:other.example ' * 9} ip4:192.0.2.7 -all", "pass"),
        (f"v=spf1 {'a:other.example ' * 11} ip4:192.0.2.7 -all", "permerror"),
        ("v=spf1 include:loop.example -all", "permerror"),
        ("v=spf1 redirect=news.example", "permerror"),
        ("v=spf1 ip4:192.0.2.7\u00e9 -all", "permerror"),
    ],
)
def test_mechanisms(record: str, result: str) -> None:
    others = zone(
        pass_example="v=spf1 ip4:192.0.2.7 -all",
        fail_example="v=spf1 -all",
        loop_example="v=spf1 include:loop2.example -all",
        loop2_example="v=spf1 include:loop.example -all",
        mx_news_example=("A", CLIENT),
        other_example=("A", "203.0.113.1"),
        why_example="it is late",
    ) | {
        Question("news.example", "A"): (CLIENT.encode(),),
        Question("news.example", "MX"): (b"MX.news.example",),
        Question("7.2.0.192.in-addr.arpa", "PTR"): (b"mx.news.example",),
        Question("7.2.0.192.ann.allowed.example", "A"): (b"127.0.0.2",),
        Question("late.example"): None,
    }
    assert judged(record, others) == result


def test_ipv6() -> None:
    assert judged("v=spf1 ip6:2001:db8::/32 -all", client="2001:db8::1") == "pass"
    assert judged("v=spf1 ip6:2001:db8::/32 -all", client="2001:db9::1") == "fail"
    assert judged("v=spf1 ip4:192.0.2.7 -all", client="::ffff:192.0.2.7") == "pass"


def test_two_records_are_none() -> None:
    both = {Question("news.example"): (b"v=spf1 +all", b"v=spf1 -all")}
    assert known(partial(spf.judged, CLIENT, "", "ann@news.example"), both).result == "permerror"


def test_the_null_sender_is_judged_by_its_greeting() -> None:
    records = zone(mx_news_example="v=spf1 ip4:192.0.2.7 -all")
    found = known(partial(spf.judged, CLIENT, "MX.news.example", ""), records)
    assert found == Spf(Result.PASS, "mx.news.example", helo=True)


@pytest.mark.parametrize(
    ("client", "helo", "path", "found"),
    [
        ("127.0.0.1", "a.example", "ann@news.example", Spf(Result.NONE, "news.example")),
        ("::1", "a.example", "ann@news.example", Spf(Result.NONE, "news.example")),
        ("unknown", "a.example", "ann@news.example", Spf(Result.NONE, "news.example")),
        (CLIENT, "[192.0.2.7]", "", Spf(Result.NONE, helo=True)),
        (CLIENT, "a.example", "ann", Spf(Result.NONE)),
        (CLIENT, "a.example", "ann@[192.0.2.7]", Spf(Result.NONE)),
        (CLIENT, "a.example", '"x@good.example"@news.example', Spf(Result.PASS, "news.example")),
    ],
)
def test_whose_it_is(client: str, helo: str, path: str, found: Spf) -> None:
    records = zone(news_example="v=spf1 +all")
    assert known(partial(spf.judged, client, helo, path), records) == found


@given(st.text(max_size=60), st.text(max_size=30), st.text(max_size=30))
def test_nothing_raises(record: str, helo: str, local: str) -> None:
    records = {Question("news.example"): (b"v=spf1 " + record.encode("utf-8", "replace"),)}
    known(partial(spf.judged, CLIENT, helo, f"{local}@news.example"), records)


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 a:." + "a" * 60_000 + "!",
        "v=spf1 " + "a:." + "a" * 4_000 + "!",
        "v=spf1" + (" a:." + "a" * 500 + "!") * 8,
        "v=spf1 " + "%{l}" * 1_000 + " -all",
        "v=spf1 exists:" + "%{l1000000r-}" * 39,
        "v=spf1" + " ip4:1.2.3.4" * 5_000,
        "v=spf1 exists:%{l" + "9" * 480 + "}.x",
    ],
)
def test_a_record_made_to_cost_time(record: str) -> None:
    assert seconds(lambda: judged(record)) < 1


def test_ten_mail_servers_and_no_more_are_looked_up() -> None:
    servers = tuple(f"mx{number}.news.example".encode() for number in range(11))
    addresses = {Question(name.decode(), "A"): (b"203.0.113.1",) for name in servers}
    some, all_ = {Question("news.example", "MX"): servers[:10]}, {Question("news.example", "MX"): servers}
    assert judged("v=spf1 mx -all", some | addresses) == "fail"
    assert judged("v=spf1 mx -all", all_ | addresses) == "permerror"
