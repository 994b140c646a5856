"""The resolver against a DNS server that is one: every kind of record, every kind of none."""

import asyncio

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
    with server(ZONE) as dns:
        found = await Resolver((dns.endpoint,))(question)
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
    with server(ZONE) as dns:
        assert await Resolver((dns.endpoint,))(Question(name, "A")) == ()


async def test_whoever_asks_decides_how_long_to_wait() -> None:
    with server(ZONE) as dns:
        resolver = Resolver((dns.endpoint,))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await resolver(Question("silent.example"))
        assert await resolver(Question("news.example", "A")) == (b"192.0.2.1",)


async def test_a_second_server_is_asked_where_the_first_is_not_there() -> None:
    with server({}) as dns:
        gone = dns.endpoint
    with server(ZONE) as dns:
        assert await Resolver((gone, dns.endpoint))(Question("news.example", "A")) == (b"192.0.2.1",)


async def test_an_answer_is_remembered_and_so_is_that_there_is_none() -> None:
    with server(ZONE) as dns:
        resolver = Resolver((dns.endpoint,))
        for _ in range(2):
            assert await resolver(Question("news.example", "A")) == (b"192.0.2.1",)
            assert await resolver(Question("gone.example")) == ()
        assert dns.asked.count(Question("news.example", "A")) == 1
