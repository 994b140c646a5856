"""Memory for all sessions: nobody's want of it makes mail pass as it came, and nobody can have what is others'."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from tests.imap.stage import GREETING, PATIENCE, Stage, stage
from tests.imap.test_session import CLEAN_HTML, CLEANED, HTML, MESSAGE, OPEN, literal, passes
from tests.imap.test_telling import CLEAN_TOP, FILM_PART, LINE, PART, TOP, flows
from tests.imap.test_telling import CLEANED as BIG_CLEANED
from tests.imap.test_telling import MESSAGE as BIG

from sluis.imap import room

LONG = MESSAGE + b"<p>x</p>\r\n" * 5_000
LONG_CLEANED = CLEANED + LONG[len(MESSAGE) :]
PAGE = MESSAGE + b"<p>x</p>\r\n" * 19_000
SAID = b"* 1 FETCH (BODY[] %s)\r\n"
ASKED = b"a FETCH 1 BODY[]\r\n"
NO_ROOM = b"a NO [UNAVAILABLE] there is no room to clean it just now\r\n"


async def keeps(played: Stage, octets: int) -> None:
    """A session whose server has announced so many octets and goes no further."""
    client, server = await played.pair()
    before = played.gate.room.left
    await passes(client, server, ASKED)
    await server.says(b"* 1 FETCH (BODY[TEXT] {%d}\r\n" % octets)
    await until(lambda: played.gate.room.left < before)


async def until(true: Callable[[], bool]) -> None:
    for _ in range(int(PATIENCE / 0.01)):
        if true():
            return
        await asyncio.sleep(0.01)
    raise TimeoutError


async def test_who_does_not_read_keeps_nobody_from_clean_mail() -> None:
    """All sessions that there may be but one are sent mail that is not read."""
    async with stage(memory_limit=600_000, max_connections=4) as played:
        hogs = [socket.socket() for _ in range(3)]
        for small in hogs:
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            small.setblocking(False)
            await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", played.gate.endpoint.port))
            server = await played.server()
            server.writer.write(GREETING + SAID % literal(PAGE) * 40)
        await until(lambda: played.gate.room.left < 190_000)
        client, server = await played.pair()
        for _ in range(3):
            await passes(client, server, ASKED)
            said, heard = SAID % literal(LONG), SAID % literal(LONG_CLEANED)
            await passes(server, client, said + b"a OK done\r\n", heard + b"a OK done\r\n")
        assert played.count("sluis_originals_passed_total") == 0
        assert played.count("sluis_refused_total", reason="memory") == 0
        for small in hogs:
            small.close()


async def test_what_there_is_no_room_for_is_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command ends with a NO, and whatever else was asked for is told."""
    monkeypatch.setattr(room, "PATIENCE", 0.05)
    async with stage(memory_limit=800_000) as played:
        await keeps(played, 150_000)
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1:2 (FLAGS BODY[TEXT])\r\n", b"a FETCH 1:2 (UID RFC822.SIZE)\r\n")
        await server.says(b"a NO\r\n")
        await server.hears(b"a FETCH 1:2 (FLAGS BODY[TEXT] BODY.PEEK[])\r\n")
        await server.says(b"* 1 FETCH (FLAGS (a) BODY[TEXT] %s BODY[] %s)\r\n" % (literal(HTML), literal(PAGE)))
        await server.says(b"* 2 FETCH (FLAGS (a) BODY[TEXT] %s BODY[] %s)\r\n" % (literal(HTML), literal(MESSAGE)))
        await client.hears(b"* 2 FETCH (FLAGS (a) BODY[TEXT] %s)\r\n" % literal(CLEAN_HTML))
        await passes(server, client, b"a OK done\r\n", NO_ROOM)
        assert played.count("sluis_refused_total", reason="memory", edge="imap") == 1
        assert played.count("sluis_originals_passed_total") == 0
        await passes(client, server, b"b NOOP\r\n")
        await passes(server, client, b"b OK done\r\n")


async def test_of_commands_that_are_sent_ahead_the_one_that_it_is_of_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", 0.05)
    async with stage(memory_limit=800_000) as played:
        await keeps(played, 150_000)
        client, server = await played.pair()
        await passes(client, server, b"x NOOP\r\na UID FETCH 1 BODY[]\r\nb FETCH 2 BODY[]\r\n")
        await server.says(SAID % literal(PAGE) + b"x OK done\r\na OK [X] done\r\n")
        await client.hears(b"x OK done\r\n" + NO_ROOM)
        said = b"* 2 FETCH (BODY[] %s)\r\nb OK done\r\n"
        await passes(server, client, said % literal(MESSAGE), said % literal(CLEANED))


async def test_who_has_heard_the_beginning_hears_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attachment has flowed by before the text came that there is no room for: no octet of it is told."""
    monkeypatch.setattr(room, "PATIENCE", 0.05)
    film = b"--b\r\n" + FILM_PART + LINE * 5000 + b"\r\n"
    raw = TOP + film + b"--b\r\n" + PART + PAGE + b"--b--\r\n"
    async with stage(memory_limit=1_200_000) as played:
        await keeps(played, 150_000)
        client, server = await played.pair()
        await passes(client, server, ASKED)
        server.writer.write(SAID % literal(raw))
        heard = await client.ends()
        assert heard.startswith(b"* 1 FETCH (BODY[] {%d}\r\n" % len(raw) + CLEAN_TOP + film[:1000])
        assert OPEN not in heard
        assert played.count("sluis_originals_passed_total") == 0


async def test_an_attachment_needs_no_room() -> None:
    """Though the message would be held if there were any."""
    raw = TOP + b"--b\r\n" + PART + HTML + b"--b\r\n" + FILM_PART + LINE * 3000 + b"--b--\r\n"
    clean = raw.replace(TOP, CLEAN_TOP).replace(HTML, CLEAN_HTML)
    async with stage(memory_limit=600_000, max_connections=2) as played:
        await keeps(played, 260_000)
        client, server = await played.pair()
        for _ in range(2):
            await passes(client, server, ASKED)
            await passes(server, client, SAID % literal(raw) + b"a OK\r\n", SAID % literal(clean) + b"a OK\r\n")


async def test_more_than_a_session_can_ever_have_goes_on_as_it_came() -> None:
    async with stage(memory_limit=30_000) as played:
        client, server = await played.pair()
        await passes(client, server, ASKED)
        await passes(server, client, SAID % literal(LONG) + b"a OK done\r\n")
        assert played.count("sluis_originals_passed_total") == 1
        assert played.count("sluis_failures_total") == 0
        await passes(server, client, SAID % literal(MESSAGE), SAID % literal(CLEANED))  # it was given back


async def test_one_that_flows_by_needs_room_for_its_texts_alone() -> None:
    async with stage(memory_limit=400_000) as played:
        client, server = await played.pair()
        await flows(server, client, SAID % literal(BIG), SAID % literal(BIG_CLEANED))
        assert played.count("sluis_originals_passed_total") == 0


async def test_a_message_waits_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", 60.0)
    async with stage(memory_limit=260_000) as played:
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
