"""Commands that a client sends at once go on at once (RFC 2920), and each reply finds the command that it is for."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.smtp.stage import PATIENCE, SHORT, Player, stage

REPLIES = ["250 2.1.5 Ok", "250-2.1.5 Ok,\r\n250 and more", "450 4.2.0 Later", "550 5.1.1 Nobody"]
LOST = "451 4.4.2 The mail server behind this one was lost, try again later"
MAIL = "MAIL FROM:<a@sender.example>"


def rcpt(number: int) -> str:
    return f"RCPT TO:<{number}@reader.example>"


async def flood(server: Player) -> None:
    while True:
        await server.sends(b"250-" + b"x" * 100_000 + b"\r\n")


async def takes_off(client: Player, server: Player, recipients: int) -> None:
    """The client sends it all, and the server hears it before it has answered anything."""
    lines = [MAIL, *map(rcpt, range(recipients))]
    await client.sends("".join(f"{line}\r\n" for line in lines).encode())
    assert [await server.hears() for _ in lines] == lines


@given(st.lists(st.sampled_from(REPLIES), min_size=1, max_size=12), st.data())
async def test_each_hears_its_own_reply_however_they_are_cut(replies: list[str], data: st.DataObject) -> None:
    said = "".join(f"{reply} {number}\r\n" for number, reply in enumerate(["250 2.1.0 Ok", *replies])).encode()
    cuts = data.draw(st.lists(st.integers(0, len(said)), max_size=4).map(sorted))
    async with stage() as playing:
        client, server = await playing.met("PIPELINING")
        await takes_off(client, server, len(replies))
        for begin, end in zip([0, *cuts], [*cuts, len(said)], strict=True):
            await server.sends(said[begin:end])
        heard = [await client.reply() for _ in range(len(replies) + 1)]
    assert "".join(reply.replace("\n", "\r\n") + "\r\n" for reply in heard).encode() == said


@pytest.mark.parametrize("trouble", ["closes", "resets", "garbage", "silence"])
@pytest.mark.parametrize("before", range(4))
async def test_a_server_that_is_lost_on_the_way_says_yes_to_nobody_else(trouble: str, before: int) -> None:
    async with stage(upstream_timeout=SHORT) as playing:
        client, server = await playing.met("PIPELINING")
        await takes_off(client, server, 3)
        await server.says(*["250 2.1.0 Ok"] * before, *["? what"] * (trouble == "garbage"))
        if trouble == "closes":
            server.closes()
        elif trouble == "resets":
            server.resets()
        heard = [(await client.reply())[:3] for _ in range(4)]
        assert heard[before:] in (["451"] * (4 - before), ["451", *["503"] * (3 - before)])
        assert (await client.asks("DATA"))[:3] in {"451", "503"}
        assert set(heard[:before]) <= {"250", "451", "503"}


async def test_no_more_fly_than_a_message_may_have() -> None:
    async with stage(max_recipients=2) as playing:
        client, server = await playing.met("PIPELINING")
        await client.sends("".join(f"{line}\r\n" for line in [MAIL, *map(rcpt, range(4))]).encode())
        for line in (MAIL, rcpt(0)):
            assert await server.hears() == line
        await server.says("250 One", "250 Two")
        assert await server.hears() == rcpt(1)
        await server.says("250 Three")
        heard = [await client.reply() for _ in range(5)]
    assert heard == ["250 One", "250 Two", "250 Three", *["452 4.5.3 Too many recipients"] * 2]


async def test_those_that_come_later_fly_too() -> None:
    async with stage() as playing:
        client, server = await playing.open("PIPELINING")
        await client.sends("".join(f"{rcpt(number)}\r\n" for number in range(3)).encode())
        assert [await server.hears() for _ in range(3)] == [rcpt(number) for number in range(3)]
        await server.says("250 One", "250 Two", "250 Three")
        assert [await client.reply() for _ in range(3)] == ["250 One", "250 Two", "250 Three"]


async def test_replies_without_an_end_are_not_kept() -> None:
    async with stage() as playing:
        client, server = await playing.met("PIPELINING")
        await takes_off(client, server, 2)
        await server.says("250 One")
        assert await client.reply() == "250 One"
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(flood(server), PATIENCE)
        assert [await client.reply() for _ in range(2)] == [LOST, LOST]
