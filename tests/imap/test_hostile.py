"""Whatever either side says: nothing breaks, nothing is made up, and the session has a clear end."""

import random

import pytest
from structlog.testing import capture_logs
from tests.imap.stage import Player, stage

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


@pytest.mark.parametrize(
    "word", [b'* 1 FETCH (BODY[] "', b"* 1 FETCH (", b"* 1 FETCH ((", b"* 1 FETCH (BODY[1] {1}\r\nx "]
)
async def test_what_never_closes_ends_at_the_limit(word: bytes) -> None:
    async with stage(message_size_limit=300_000) as played:
        client, server = await played.pair()
        stream = word + b"(" * 500_000
        assert stream.startswith(await heard(server, client, stream))
        assert played.count("sluis_originals_passed_total") <= 1
