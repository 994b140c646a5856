"""Whatever either side says: nothing breaks, nothing is made up or held, and the session has a clear end."""

import asyncio
import random

import pytest
from structlog.testing import capture_logs
from tests.imap.stage import Player, stage
from tests.imap.test_telling import little_memory

from sluis.imap.command import Command, ask, tells
from sluis.imap.wire import Framer, Line

SERVER = [
    b"* 1 FETCH (",
    b"BODY[] ",
    b"BODY[1]<0> ",
    b"UID 7",
    b"{3}\r\n",
    b"{0}\r\n",
    b"abc",
    b'"a\\"b"',
    b" ",
    b")\r\n",
]
SERVER += [
    b"* OK {3}\r\n",
    b"a OK done\r\n",
    b"+ \r\n",
    b"* CAPABILITY X BINARY\r\n",
    b"(",
    b'"',
    b"\0\xff",
    b"\r\n",
    b"\n",
]
CLIENT = [
    b"a ",
    b"UID ",
    b"FETCH ",
    b"1:* ",
    b"(BODY[1]",
    b" BODY[]<0.9>",
    b")",
    b"\r\n",
    b"{3}\r\n",
    b"{3+}\r\n",
    b"abc",
]
CLIENT += [
    b"IDLE\r\n",
    b"DONE\r\n",
    b"AUTHENTICATE PLAIN\r\n",
    b"STARTTLS",
    b"URLFETCH ",
    b"\n",
    b"\0\xff",
    b"a NOOP\r\n",
]


def streams(words: list[bytes]) -> list[bytes]:
    chance = random.Random(20261123)
    return [b"".join(chance.choices(words, k=chance.randint(1, 40))) for _ in range(60)]


async def heard(speaker: Player, hearer: Player, stream: bytes) -> bytes:
    """What the one hears of all that the other says before it leaves."""
    await speaker.says(stream)
    speaker.leaves()
    return await hearer.ends()


async def test_servers() -> None:
    async with stage() as played:
        with capture_logs() as logs:
            for stream in streams(SERVER):
                client, server = await played.pair()
                out = await heard(server, client, stream)
                shown, hidden = b"CAPABILITY X", b"CAPABILITY X BINARY"
                assert stream.replace(hidden, shown).startswith(out.replace(hidden, shown)) or b"FETCH" in stream
                assert len(out) <= len(stream) + 8 * stream.count(b'"')  # a quoted text may come as a literal
        assert [entry for entry in logs if entry["event"] == "a session broke"] == []


async def test_clients() -> None:
    async with stage() as played:
        with capture_logs() as logs:
            for stream in streams(CLIENT):
                client, server = await played.pair()
                await client.says(stream)
                server.leaves()
                await client.ends()
        assert [entry for entry in logs if entry["event"] == "a session broke"] == []
    assert played.count("sluis_sessions") == 0


ODD = [b"a ", b"a  ", b'b"x ', b"+ ", b"\t", b" ", b"UID ", b"FETCH ", b"FETCH 1 ", b"1 ", b"(", b")", b"FLAGS"]
ODD += [b"BODY[1]", b"BODY[ 1 ]", b"BODY[01]", b"BINARY[1]", b"RFC822.TEXT", b"BODY[HEADER.FIELDS ({3}\r\nabc)]"]
ODD += [b"\r\n", b"\r\n", b"\n", b"{3+}\r\nabc", b"{2}\r\n\0\n", b"NOTIFY ", b"COMPRESS DEFLATE", b"PARTIAL 1 "]
ODD += [b"a IDLE\r\n", b"a AUTHENTICATE PLAIN\r\n", b"DONE\r\n", b"a LOGIN u p\r\n", b"a FETCH 1 (BODY[1] "]


async def serves(server: Player) -> list[bytes]:
    """Ends every command as soon as it is there, and asks for every literal; how the commands begin."""
    framer, begun = Framer(server=False), []
    while octets := await server.reader.read(65_536):
        framer.feed(octets)
        while event := framer.next():
            if isinstance(event, Line) and event.first:
                begun.append(event.octets)
            if isinstance(event, Line) and event.literal and event.literal.waits:
                await server.says(b"+ go\r\n")
            elif isinstance(event, Line) and event.last:
                await server.says(begun[-1].split(b" ")[0] + b" OK done\r\n")
    return begun


async def test_what_reaches_the_server_is_commands_to_the_letter() -> None:
    async with stage() as played:
        for stream in streams(ODD):
            client, server = await played.pair()
            serving = asyncio.create_task(serves(server))
            await client.says(stream + b"\r\nz LOGOUT\r\n")
            client.writer.write_eof()
            await client.ends()
            for line in await serving:
                if line.strip():
                    letter(line)


def letter(line: bytes) -> None:
    command = Command.read(line)
    assert command
    assert command.verb not in {b"COMPRESS", b"PARTIAL"}
    if command.verb == b"FETCH" and tells(line):
        asked = ask(line, command.at)
        assert asked
        assert not asked.binary
        assert asked.whole or not asked.rests


@pytest.mark.parametrize(
    "word", [b'* 1 FETCH (BODY[] "', b"* 1 FETCH (", b"* 1 FETCH ((", b"* 1 FETCH (BODY[1] {1}\r\nx "]
)
async def test_what_never_closes_ends_at_the_limit(word: bytes) -> None:
    async with stage(message_size_limit=300_000) as played:
        client, server = await played.pair()
        stream = word + b"(" * 500_000
        assert stream.startswith(await heard(server, client, stream))
        assert played.count("sluis_originals_passed_total") <= 1


GIGABYTE = b"{1073741824}\r\n"
FLOOD = b"x" * 20_000_000


async def pours(speaker: Player, hearer: Player, octets: bytes, most: int) -> None:
    """What the one says the other hears as it was said, but for the last `most` octets, which may be waited with."""

    async def pour() -> None:
        for start in range(0, len(octets), 65_536):
            await speaker.says(octets[start : start + 65_536])

    pouring, position = asyncio.create_task(pour()), 0
    while position < len(octets) - most:
        heard = await hearer.reader.read(65_536)
        assert heard
        assert octets.startswith(heard, position)
        position += len(heard)
    await pouring


@pytest.mark.parametrize(
    "word", [b"* 1 FETCH (BODY[] ", b"* 1 FETCH (BODY[1] ", b"* 1 FETCH (UID 7 RFC822.HEADER ", b"* LIST () NIL "]
)
async def test_a_gigabyte_that_is_announced_is_not_waited_for(word: bytes) -> None:
    async with stage(message_size_limit=100_000) as played:
        client, server = await played.pair()
        said = word + GIGABYTE + FLOOD
        with little_memory():
            await pours(server, client, said, 0)
        server.leaves()
        assert await client.ends() == b""


@pytest.mark.parametrize("word", [b'a LOGIN "', b"a APPEND box ", b"a APPEND box {1073741824+}\r\n"])
async def test_a_client_that_never_ends_a_line_is_not_held(word: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        said = word + FLOOD
        with little_memory():
            await pours(client, server, said, 100_000)


@pytest.mark.parametrize("word", [b"a FETCH 1 (", b"a NOTIFY ", b"", b"a FETCH 1 {1073741824+}\r\n"])
async def test_what_must_be_read_whole_is_not_held_either(word: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        with little_memory():
            await client.says(word)
            for start in range(0, len(FLOOD), 65_536):
                await client.says(FLOOD[start : start + 65_536])
        client.leaves()
        assert await server.ends() == b""


async def test_commands_that_nobody_answers_wait() -> None:
    async with stage() as played:
        client, server = await played.pair()
        noops = b"a NOOP\r\n" * 256
        await client.says(noops + b"b NOOP\r\n" * 10_000)
        await server.hears(noops)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await server.reader.read(1)
        await server.says(b"a OK done\r\n")
        await server.hears(b"b NOOP\r\n")


@pytest.mark.parametrize(
    "answer",
    [
        b"* %d FETCH (UID %d RFC822.SIZE 999999)\r\n",
        b"* 1 FETCH (UID %d RFC822.SIZE 9 X-%d {20000}\r\n" + b"x" * 20_000 + b")\r\n",
        b"* %d FETCH (UID %d X " + b"(" * 20_000 + b"\r\n",
    ],
)
async def test_answers_that_never_end_are_not_held(answer: bytes) -> None:
    async with stage(message_size_limit=100_000) as played:
        client, server = await played.pair()
        await client.says(b"a FETCH 1:* BODY[1]\r\n")
        await server.hears(b"a FETCH 1:* (UID RFC822.SIZE)\r\n")
        with little_memory(3_000_000):
            for number in range(1, min(5000, 20_000_000 // len(answer))):
                await server.says(answer % (number * 2, number * 2))
            await server.says(b"a OK done\r\n")
            await server.hears(b"a FETCH 1:* (BODY[1] BODY.PEEK[])\r\n")
