"""A thousand clients who say that they are others: unless it is listed nobody is believed, in no attribute."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from itertools import product

from tests.chaos.keeper import Keeper
from tests.smtp.stage import Player, Stage, stage

from sluis.config import Endpoint, Smtp
from sluis.smtp.client import XCLIENT, Client, header

TRUE = b"Received: from client.example ([127.0.0.1])\r\n"
SPOOFED = "192.0.2.66"
EACH = 15  # commands of a session, fewer than the errors that it may make
ADDRESSES = [*(f"192.0.2.{number}" for number in range(1, 71)), *(f"2001:db8::{number:x}" for number in range(1, 71))]
VALUES = (
    *ADDRESSES[:10],
    *(f"IPV6:{address}" for address in ADDRESSES[-10:]),
    *("mail.mallory.example", "[UNAVAILABLE]", "[TEMPUNAVAIL]", "SMTP", "ESMTP", "0", "25", "65535", "admin", "LOCAL"),
    *("a+20b", "127.0.0.1", "::1", "IPV6:::1", "gate.example", ""),
)


def commands() -> Iterator[str]:
    """720 of them, and some of several attributes."""
    for verb, attribute, value in product(("XCLIENT", "xforward"), (*XCLIENT, "IDENT", "SOURCE"), VALUES):
        yield f"{verb} {attribute}={value}"
    for address in ADDRESSES[:10]:
        yield f"XCLIENT NAME=mail.mallory.example ADDR={address} PORT=25 PROTO=ESMTP HELO=mallory LOGIN=admin"


def headers() -> Iterator[bytes]:
    """280 of them, of both versions."""
    for address in ADDRESSES:
        family = "TCP6" if ":" in address else "TCP4"
        yield f"PROXY {family} {address} {address} 40000 25\r\n".encode()
        yield header(Client(address, 40_000, address, 25))


@asynccontextmanager
async def front(**listed: Sequence[str]) -> AsyncIterator[tuple[Stage, Keeper, list[bytes]]]:
    """A gate that writes who a message is from, the server behind, and what that has taken."""
    taken: list[bytes] = []
    keeper = Keeper(taken.append)
    server = await asyncio.start_server(keeper, "127.0.0.1", 0)
    behind = Smtp(Endpoint(*server.sockets[0].getsockname()[:2]))
    try:
        async with stage(upstream=behind, received=True, **listed) as playing:
            yield playing, keeper, taken
    finally:
        server.close()


async def sends(client: Player) -> None:
    """A message, after the greeting."""
    for line in ("MAIL FROM:<a@sender.example>", "RCPT TO:<b@reader.example>"):
        assert (await client.asks(line))[:3] == "250"
    assert (await client.asks("DATA"))[:3] == "354"
    assert (await client.asks("body", "."))[:3] == "250"


async def test_no_command_is_believed() -> None:
    spoofs = [*commands()]
    async with front() as (playing, keeper, taken):
        for begin in range(0, len(spoofs), EACH):
            client = await playing.client()
            await client.reply()
            late = begin % 2  # every other session says it behind its greeting
            for command in ["EHLO client.example"] * late + spoofs[begin : begin + EACH]:
                answer = await client.asks(command)
                assert answer == "500 5.5.2 Command not recognised" or command.startswith("EHLO"), command
                assert "XCLIENT" not in answer
            if not late:
                await client.asks("EHLO client.example")
            await sends(client)
            client.closes()
    assert len(spoofs) >= 720
    assert all(message.startswith(TRUE) for message in taken)
    assert len(taken) == -(-len(spoofs) // EACH)
    assert {*keeper.commands} <= {b"EHLO", b"MAIL", b"RCPT", b"DATA", b"QUIT"}


async def test_no_header_is_believed() -> None:
    """The second version has a QUIT in it for such as we are."""
    spoofs = [*headers()]
    async with front() as (playing, _, taken):
        for spoof in spoofs:
            client = await playing.client()
            assert (await client.reply())[:3] == "220"
            await client.sends(spoof)
            if spoof.startswith(b"PROXY"):
                assert await client.reply() == "500 5.5.2 Command not recognised"
                await client.asks("EHLO client.example")
                await sends(client)
                client.closes()
            else:
                assert (await client.is_left()).endswith(b"221 2.0.0 Bye\r\n")
    assert len(spoofs) == 280
    assert len(taken) == 140
    assert all(message.startswith(TRUE) for message in taken)


async def test_who_is_listed_is_believed() -> None:
    """Else the tests above could not fail."""
    here = ("127.0.0.1/32",)
    said = f"XCLIENT ADDR={SPOOFED}\r\n".encode(), header(Client(SPOOFED, 40_000, "127.0.0.1", 25))
    for listed, spoof in zip(("xclient_from", "proxy_from"), said, strict=True):
        async with front(**{listed: here}) as (playing, _, taken):
            client = await playing.client()
            await client.sends(spoof)
            await client.reply()
            if listed == "xclient_from":
                assert (await client.reply())[:3] == "220"
            await client.asks("EHLO client.example")
            await sends(client)
        assert taken[0].startswith(f"Received: from client.example ([{SPOOFED}])\r\n".encode())
