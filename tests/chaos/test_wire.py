"""Hostile and odd octets over real sockets, from a client to a server behind that takes all it is given."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import product

import pytest
from tests.chaos.keeper import Keeper
from tests.smtp.stage import Player, stage

from sluis.config import Endpoint, Smtp

BODIES = 1000
SLOW = 150
PIECES = [b".", b"..", b"\r\n", b"\r\n.", b"\r\n..", b"\r\n.\r\n\r\n", b"a", b"\xff\x80", b"x" * 1200, b"\t ", b"=2E"]
NEARLY_ENDS = [
    before + b"." + after
    for before, after in product((b"\r\n", b"\n", b"\r", b"\r\n\0", b"\n\0"), (b"\r\n", b"\n", b"\r", b"\0\r\n"))
    if (before, after) != (b"\r\n", b"\r\n")
]
SECOND = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@reader.example>\r\nDATA\r\nevil\r\n"


@asynccontextmanager
async def keeping(*, lenient: bool = False) -> AsyncIterator[tuple[Endpoint, list[bytes]]]:
    """A server behind, and what it has taken."""
    taken: list[bytes] = []
    server = await asyncio.start_server(Keeper(taken.append, lenient=lenient), "127.0.0.1", 0, limit=2**20)
    try:
        yield Endpoint(*server.sockets[0].getsockname()[:2]), taken
    finally:
        server.close()


async def begin(client: Player, *, greet: bool) -> None:
    """Everything up to the 354."""
    if greet:
        assert (await client.reply())[:3] == "220"
        assert (await client.asks("EHLO client.example"))[:3] == "250"
    for line in ("MAIL FROM:<a@sender.example>", "RCPT TO:<b@reader.example>"):
        assert (await client.asks(line))[:3] == "250"
    assert (await client.asks("DATA"))[:3] == "354"


def bodies() -> list[bytes]:
    """Bodies of dots and line ends above all, without what may not be sent."""
    chance = random.Random(5321)
    made = (b"".join(chance.choices(PIECES, k=chance.randint(0, 30))) for _ in range(BODIES))
    return [body + b"\r\n" for body in made]


async def test_a_thousand_bodies_come_out_as_they_went_in() -> None:
    sent = bodies()
    async with keeping() as (behind, taken), stage(upstream=Smtp(behind)) as playing:
        client = await playing.client()
        for number, body in enumerate(sent):
            await begin(client, greet=not number)
            lines = body.split(b"\r\n")  # stuffed here by the book, line by line
            await client.sends(b"\r\n".join(b"." + line if line[:1] == b"." else line for line in lines) + b".\r\n")
            assert (await client.reply())[:3] == "250"
    assert taken == sent


@pytest.mark.parametrize("lenient", [False, True])
@pytest.mark.parametrize("nearly", NEARLY_ENDS)
async def test_no_second_message_in_any_cut(nearly: bytes, lenient: bool) -> None:
    body = b"body" + nearly + SECOND + b"\r\n.\r\n"
    async with (
        keeping(lenient=lenient) as (behind, taken),
        stage(upstream=Smtp(behind), max_connections_per_address=100) as playing,
    ):
        for cut in range(3, len(nearly) + 6):
            client = await playing.client()
            await begin(client, greet=True)
            await client.sends(body[:cut])
            await asyncio.sleep(0.001)  # so that the pieces are read apart
            await client.sends(body[cut:])
            assert (await client.is_left())[:4] == b"550 "
    assert taken == []


async def test_the_lenient_server_would_have_been_fooled() -> None:
    """Without Sluis between: else the test above could not fail."""
    async with keeping(lenient=True) as (behind, taken):
        client = await Player.connect(behind)
        await begin(client, greet=True)
        await client.sends(b"body\n.\n" + SECOND + b".\r\n")
        while len(taken) < 2:
            assert await client.hears()
        client.closes()
    assert taken == [b"body\n", b"evil\r\n"]


async def test_slow_clients_hold_up_nobody_and_are_parted_from() -> None:
    async with (
        keeping() as (behind, taken),
        stage(
            upstream=Smtp(behind), max_connections_per_address=SLOW + 1, data_timeout=3, command_timeout=30
        ) as playing,
    ):
        slow = [await playing.client() for _ in range(SLOW)]
        await asyncio.gather(*(begin(client, greet=True) for client in slow))
        good = await playing.client()
        for number in range(20):
            await asyncio.gather(*(client.sends(b"x") for client in slow))
            await begin(good, greet=not number)
            await good.sends(b"good\r\n.\r\n")
            assert (await good.reply())[:3] == "250"
        farewells = await asyncio.gather(*(client.is_left() for client in slow))
    assert {farewell[:4] for farewell in farewells} == {b"421 "}
    assert taken == [b"good\r\n"] * 20
