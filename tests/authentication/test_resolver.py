"""The resolver against a DNS server that is one: every kind of record, every kind of none."""

import asyncio

import dns.message
import dns.rcode
import dns.rdataclass
import dns.zonefile
import pytest
from tests.authentication.server import server

from sluis.authentication.question import Question
from sluis.authentication.resolver import Resolver

LONG = b"v=DKIM1; p=" + b'\x00\xff;" \\' * 9_000
ZONE = {
    Question("news.example"): (b"v=spf1 -all", b"other"),
    Question("long.news.example"): (LONG,),
    Question("news.example", "A"): (b"192.0.2.1",),
    Question("news.example", "AAAA"): (b"2001:db8::1",),
    Question("news.example", "MX"): (b"mx.news.example",),
    Question("1.2.0.192.in-addr.arpa", "PTR"): (b"mx.news.example",),
    Question("silent.example"): None,
}


@pytest.mark.parametrize("question", [question for question in ZONE if ZONE[question]])
async def test_records(question: Question) -> None:
    with server(ZONE) as serving:
        found = await Resolver((serving.endpoint,))(question)
        assert found is not None
        assert set(found) == set(ZONE[question] or ())


@pytest.mark.parametrize(
    "name",
    [
        "gone.example",
        "long.news.example",
        "a..example",
        "a" * 64 + ".example",
        "a." * 200 + "example",
        "\u00e9" * 80 + ".example",
        "",
        "a\x00b.example",
        "a\\.example",
    ],
)
async def test_none(name: str) -> None:
    with server(ZONE) as serving:
        assert await Resolver((serving.endpoint,))(Question(name, "A")) == ()


async def test_whoever_asks_decides_how_long_to_wait() -> None:
    with server(ZONE) as serving:
        resolver = Resolver((serving.endpoint,))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await resolver(Question("silent.example"))
        assert await resolver(Question("news.example", "A")) == (b"192.0.2.1",)


async def test_a_second_server_is_asked_where_the_first_is_not_there() -> None:
    with server({}) as serving:
        gone = serving.endpoint
    with server(ZONE) as serving:
        assert await Resolver((gone, serving.endpoint))(Question("news.example", "A")) == (b"192.0.2.1",)


async def test_an_answer_is_remembered_and_so_is_that_there_is_none() -> None:
    with server(ZONE) as serving:
        resolver = Resolver((serving.endpoint,))
        for _ in range(2):
            assert await resolver(Question("news.example", "A")) == (b"192.0.2.1",)
            assert await resolver(Question("gone.example")) == ()
        assert serving.asked.count(Question("news.example", "A")) == 1


LOOP = "a.loop.example. 60 IN CNAME b.loop.example.\nb.loop.example. 60 IN CNAME a.loop.example."
HOSTILE = {
    "refusal": lambda reply: reply.set_rcode(dns.rcode.REFUSED),
    "failure": lambda reply: reply.set_rcode(dns.rcode.SERVFAIL),
    "loop": lambda reply: reply.answer.extend(dns.zonefile.read_rrsets(LOOP, rdclass=None)),
}


@pytest.mark.parametrize("case", HOSTILE)
async def test_what_is_no_answer(case: str) -> None:
    def reply(wire: bytes) -> dns.message.Message:
        made = dns.message.make_response(dns.message.from_wire(wire))
        HOSTILE[case](made)
        return made

    with server({}) as serving:
        serving.reply = reply  # type: ignore[method-assign]
        async with asyncio.timeout(30):
            assert await Resolver((serving.endpoint,))(Question("a.loop.example")) in {None, ()}


async def test_as_many_records_as_a_message_holds() -> None:
    many = tuple(b"v=spf1 %d" % number for number in range(2_000))
    with server({Question("news.example"): many}) as serving:
        found = await Resolver((serving.endpoint,))(Question("news.example"))
        assert found is not None
        assert set(found) == set(many)
