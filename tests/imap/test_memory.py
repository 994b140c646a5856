"""Memory for all sessions: who finds no room waits for it, a while, and then reads his mail as it came."""

import pytest
from tests.imap.stage import stage
from tests.imap.test_session import CLEANED, MESSAGE, literal, passes
from tests.imap.test_telling import CLEANED as BIG_CLEANED
from tests.imap.test_telling import MESSAGE as BIG
from tests.imap.test_telling import flows

from sluis.imap import telling

LONG = MESSAGE + b"<p>x</p>\r\n" * 5_000
LONG_CLEANED = CLEANED + LONG[len(MESSAGE) :]
SAID = b"* 1 FETCH (BODY[] %s)\r\n"


async def test_a_message_waits_for_another_that_comes_slowly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "PATIENCE", 60.0)
    async with stage(memory_limit=60_000) as played:
        (one, one_server), (two, two_server) = await played.pair(), await played.pair()
        said = SAID % literal(LONG)
        await one_server.says(said[:30_000])
        for _ in range(3):  # by then the gate has read that
            await passes(two_server, two, b"* OK still here\r\n")
        await two_server.says(said)
        await one_server.says(said[30_000:])
        for client in (one, two):
            await client.hears(SAID % literal(LONG_CLEANED))
        assert played.count("sluis_originals_passed_total") == 0


async def test_where_there_is_no_room_it_goes_on_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "PATIENCE", 0.05)
    async with stage(memory_limit=30_000) as played:
        client, server = await played.pair()
        await passes(server, client, SAID % literal(LONG) + b"a OK done\r\n")
        assert played.count("sluis_originals_passed_total") == 1
        assert played.count("sluis_failures_total") == 0
        await passes(server, client, SAID % literal(MESSAGE), SAID % literal(CLEANED))  # it was given back


async def test_one_that_flows_by_needs_room_for_its_texts_alone() -> None:
    async with stage(memory_limit=400_000) as played:
        client, server = await played.pair()
        await flows(server, client, SAID % literal(BIG), SAID % literal(BIG_CLEANED))
        assert played.count("sluis_originals_passed_total") == 0
