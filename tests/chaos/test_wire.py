"""Hostile and odd octets over real sockets, from a client to a server behind that takes all it is given.

`SLUIS_BODIES=100000` asks for so many random bodies instead of the few of every run, `SLUIS_SMUGGLE=all` for every
cutting of every sequence at every server.
"""

import asyncio
import os
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from itertools import pairwise

import pytest
from tests.chaos.keeper import ENDS, Keeper
from tests.smtp.ends import NEARLY_ENDS, cuttings
from tests.smtp.stage import Player, stage

from sluis.config import Endpoint, Smtp

BODIES = int(os.environ.get("SLUIS_BODIES", "1000"))
EVERYWHERE = os.environ.get("SLUIS_SMUGGLE") == "all"
PIECES = [b".", b"..", b"\r\n", b"\r\n.", b"\r\n..", b"\r\n.\r\n\r\n", b"a", b"\xff\x80", b"x" * 1200, b"\t ", b"=2E"]
SECOND = b"MAIL FROM:<evil@x.example>\r\nRCPT TO:<b@reader.example>\r\nDATA\r\nevil"
# For each kind of server what it takes for an end, so that two messages are read where one was sent.
FOOLED = {"LF": b"\n.\n", "CR": b"\r.\r", "NUL": b"\r\n\0.\r\n", "anything": b"\n\0.\r"}


@asynccontextmanager
async def keeping(ends: str = "strict") -> AsyncIterator[tuple[Endpoint, list[bytes]]]:
    """A server behind, and what it has taken."""
    taken: list[bytes] = []
    server = await asyncio.start_server(Keeper(taken.append, ends), "127.0.0.1", 0)
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


def bodies() -> Iterator[bytes]:
    """Bodies of dots and line ends above all, without what may not be sent."""
    chance = random.Random(5321)
    for _ in range(BODIES):
        yield b"".join(chance.choices(PIECES, k=chance.randint(0, 30))) + b"\r\n"


async def test_bodies_come_out_as_they_went_in() -> None:
    async with keeping() as (behind, taken), stage(upstream=Smtp(behind)) as playing:
        client = await playing.client()
        for number, body in enumerate(bodies()):
            await begin(client, greet=not number)
            lines = body.split(b"\r\n")  # stuffed here by the book, line by line
            await client.sends(b"\r\n".join(b"." + line if line[:1] == b"." else line for line in lines) + b".\r\n")
            assert (await client.reply())[:3] == "250"
            assert taken.pop() == body
    assert taken == []


def cuts(nearly: bytes, ends: str) -> Iterator[tuple[int, ...]]:
    """Every way to cut it, from the octet before to the one behind; at most servers single cuts stand for all."""
    for places in cuttings(len(nearly) + 2):
        if EVERYWHERE or ends == "anything" or len(places) == 1:
            yield places


@pytest.mark.parametrize("ends", ENDS)
@pytest.mark.parametrize("nearly", NEARLY_ENDS)
async def test_no_second_message_in_any_cut(nearly: bytes, ends: str) -> None:
    wire = b"x" + nearly + SECOND + b"\r\n.\r\n"
    async with (
        keeping(ends) as (behind, taken),
        stage(upstream=Smtp(behind), max_connections_per_address=100) as playing,
    ):
        for places in cuts(nearly, ends):
            client = await playing.client()
            await begin(client, greet=True)
            left = asyncio.create_task(client.is_left())
            with suppress(ConnectionError):  # it is left at the piece that gives it away
                for begin_at, end in pairwise((0, *places, len(wire))):
                    await asyncio.sleep(0.001)  # so that the pieces are read apart
                    await client.sends(wire[begin_at:end])
            assert (await left)[:4] == b"550 "
    assert taken == []


@pytest.mark.parametrize("ends", FOOLED)
async def test_those_servers_would_have_been_fooled(ends: str) -> None:
    """Without Sluis between: else the test above could not fail."""
    async with keeping(ends) as (behind, taken):
        client = await Player.connect(behind)
        await begin(client, greet=True)
        end = FOOLED[ends]
        await client.sends(b"body" + end + SECOND + end)
        while len(taken) < 2:
            assert await client.hears()
        client.closes()
    assert [body.rstrip() for body in taken] == [b"body", b"evil"]


async def test_a_strict_server_is_not_fooled() -> None:
    async with keeping() as (behind, taken):
        client = await Player.connect(behind)
        await begin(client, greet=True)
        for end in FOOLED.values():
            await client.sends(b"body" + end + SECOND)
        await client.sends(b"\r\n.\r\n")
        assert (await client.reply())[:3] == "250"
        client.closes()
    assert len(taken) == 1
