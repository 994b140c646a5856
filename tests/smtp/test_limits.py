"""What a crowd of clients, or one that drips, may take of the gate."""

import asyncio

import pytest
from tests.smtp.stage import Player, Stage, stage

LINE = b"0123456789" * 9 + b"\r\n"


async def test_what_would_overfill_the_memory_is_told_to_come_again() -> None:
    async with stage(message_size_limit=1000, memory_limit=2000) as playing:
        (first, server), (second, _), (third, _) = openings = [await playing.open() for _ in range(3)]
        for client, _ in openings:
            assert (await client.asks("DATA"))[:3] == "354"
        await first.sends(LINE * 9)
        await second.sends(LINE * 9)
        await third.sends(LINE * 9)
        assert await third.is_left() == b"452 4.3.1 Too much mail is under way here, try again later\r\n"
        await first.sends(b".\r\n")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        assert await server.message() == LINE * 9
        await server.says("250 Ok")
        assert await first.reply() == "250 Ok"
        assert refused(playing) == {"memory": 1}


async def test_a_message_is_not_begun_where_hardly_any_memory_is_left() -> None:
    async with stage(message_size_limit=1000, memory_limit=2000) as playing:
        for client in [(await playing.open())[0] for _ in range(2)]:
            assert (await client.asks("DATA"))[:3] == "354"
            await client.sends(LINE * 10 + b"0123456789" * 3)
        late, _ = await playing.open()
        while (answer := await late.asks("DATA")).startswith("354"):  # what the two have sent is still on its way
            late.closes()
            late, _ = await playing.open()
        assert answer == "452 4.3.1 Too much mail is under way here, try again later"
        assert await late.asks("NOOP") == "250 2.0.0 Ok"


async def test_a_message_that_only_drips_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluis.smtp.server.DRIP_TIMEOUT", 0.5)
    async with stage(data_rate=100_000_000) as playing:
        client, _ = await playing.open()
        await client.asks("DATA")
        await client.sends(LINE)
        assert await client.is_left() == b"421 4.4.2 Timeout, closing\r\n"
        assert refused(playing) == {"timeout": 1}


async def test_a_session_comes_to_an_end() -> None:
    async with stage(session_timeout=0.01) as playing:
        client: Player = await playing.client()
        assert (await client.reply())[:3] == "220"
        await asyncio.sleep(0.02)
        assert await client.asks("NOOP") == "250 2.0.0 Ok"
        assert await client.is_left() == b"421 4.4.2 The session has lasted long enough, come again\r\n"
        assert refused(playing) == {"session-timeout": 1}


def refused(playing: Stage) -> dict[str, float]:
    return {
        sample.labels["reason"]: sample.value
        for sample in playing.metrics.samples()
        if sample.name == "sluis_refused_total" and sample.value
    }
