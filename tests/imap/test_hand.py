"""Pieces of a message that are fetched one after another: it is asked for once, and cleaned as ever."""

from collections.abc import Mapping
from typing import Any

import pytest
from tests.imap.stage import Player, stage
from tests.imap.test_session import CLEAN_HTML, CLEANED, HTML, MESSAGE, PARTED, asks_ahead, literal, passes

CLEAN_PARTED = PARTED.replace(HTML, CLEAN_HTML)
SAID = b"* 1 FETCH (UID 7 BODY[%s] %s%s)\r\na OK done\r\n"


async def fetches(client: Player, server: Player, name: bytes, octets: bytes, clean: bytes, raw: bytes = b"") -> None:
    """A client has a piece of message 7; the gate asks for `raw`, the message, if it needs to, and nothing else."""
    await client.says(b"a UID FETCH 7 (BODY[%s])\r\n" % name)
    if raw:
        await server.hears(b"a UID FETCH 7 (UID RFC822.SIZE)\r\n")
        await server.says(b"* 1 FETCH (UID 7 RFC822.SIZE %d)\r\na OK sized\r\n" % len(raw))
    await server.hears(b"a UID FETCH 7 (BODY[%s]%s)\r\n" % (name, b" BODY.PEEK[]" if raw else b""))
    whole = b" BODY[] " + literal(raw) if raw else b""
    name = name.partition(b".9>")[0] + b">" if b"<" in name else name
    await passes(server, client, SAID % (name, literal(octets), whole), SAID % (name, literal(clean), b""))


async def test_the_second_piece_does_not_ask_for_the_message_again() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await fetches(client, server, b"1", b"hi", b"hi", PARTED)
        await fetches(client, server, b"2", HTML, CLEAN_HTML)
        begin = PARTED.index(b"\r\n\r\n") + 4
        await fetches(client, server, b"TEXT", PARTED[begin:], CLEAN_PARTED[begin:])
        assert played.count("sluis_messages_total") == 1
        assert played.count("sluis_originals_passed_total") == 0


async def test_what_does_not_stand_in_it_is_not_taken_for_clean() -> None:
    async with stage(fail="closed") as played:
        client, server = await played.pair()
        await fetches(client, server, b"1", b"hi", b"hi", PARTED)
        await passes(client, server, b"a UID FETCH 7 BODY[2]\r\n")
        said = SAID % (b"2", literal(HTML.upper()), b"")
        await passes(server, client, said, b"a NO [CANNOT] it cannot be cleaned\r\n")


@pytest.mark.parametrize(
    ("between", "answer"),
    [
        (b"c SELECT other\r\n", b"c OK done\r\n"),
        (b"c IDLE\r\n", b"c BAD not here\r\n"),
    ],
)
async def test_when_it_is_at_hand_no_more(between: bytes, answer: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        await fetches(client, server, b"1", b"hi", b"hi", PARTED)
        await passes(client, server, between)
        await passes(server, client, answer)
        await fetches(client, server, b"2", HTML, CLEAN_HTML, PARTED)


async def test_another_message_takes_its_place() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await fetches(client, server, b"1", b"hi", b"hi", PARTED)
        await asks_ahead(client, server, b"a UID FETCH 8 (BODY[1])\r\n", uid=8)
        await server.hears(b"a UID FETCH 8 (BODY[1] BODY.PEEK[])\r\n")
        said = b"* 2 FETCH (UID 8 BODY[1] %s%s)\r\na OK done\r\n"
        whole = b" BODY[] " + literal(MESSAGE)
        await passes(server, client, said % (literal(HTML), whole), said % (literal(CLEAN_HTML), b""))
        await fetches(client, server, b"2", HTML, CLEAN_HTML, PARTED)


@pytest.mark.parametrize("settings", [{"memory_limit": 800_000}, {"max_connections": 1_000_000}])
async def test_it_is_kept_where_the_session_has_room_of_its_own(settings: Mapping[str, Any]) -> None:
    async with stage(**settings) as played:
        client, server = await played.pair()
        long = PARTED + b"x" * 500
        for name, octets, clean in ((b"1", b"hi", b"hi"), (b"2", HTML, CLEAN_HTML)):
            await fetches(client, server, name, octets, clean, long)


async def test_it_makes_way_for_what_comes_next() -> None:
    async with stage(memory_limit=8000, max_connections=2) as played:
        client, server = await played.pair()
        await fetches(client, server, b"1", b"hi", b"hi", PARTED)
        raw = MESSAGE + b"x" * 2000
        said = b"* 2 FETCH (BODY[] %s)\r\na OK done\r\n"
        await passes(client, server, b"a FETCH 2 BODY[]\r\n")
        await passes(server, client, said % literal(raw), said % literal(CLEANED + raw[len(MESSAGE) :]))
        assert played.count("sluis_originals_passed_total") == 0
