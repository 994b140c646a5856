"""Whatever is said to the gate, no session breaks, and the next server is served."""

import asyncio
from contextlib import suppress

import structlog
from hypothesis import given
from hypothesis import strategies as st
from tests.milter.stage import POSTFIX, stage, told

from sluis.milter.packet import Field, Packet

HEADER, BODY = [Field(b"Return-Receipt-To", b" a@b.example")], b"Good morning.\r\n"
COMMANDS = st.sampled_from(
    [b"O", b"D", b"C", b"H", b"M", b"R", b"T", b"L", b"N", b"B", b"E", b"A", b"K", b"U", b"Q", b"?"]
)
DATA = st.binary(max_size=20) | st.sampled_from(
    [POSTFIX.data, b"a\0b\0", b"a\0\r\n\0", b":\0 \0", b"<a@b>\0", b"\r\n", b""]
)
SAID = st.lists(
    st.builds(lambda command, data: Packet(command, data).wire(), COMMANDS, DATA)
    | st.sampled_from([POSTFIX.wire(), b"".join(packet.wire() for packet in told(HEADER, BODY))])
    | st.binary(max_size=6),
    max_size=12,
)


@given(SAID, st.booleans())
def test_nothing_that_is_said_breaks_a_session(said: list[bytes], begun: bool) -> None:
    async def play() -> None:
        async with stage(message_size_limit=200, memory_limit=2000) as played:
            server = await played.stranger()
            with suppress(ConnectionError):  # it may have left in the middle
                await server.sends(b"".join([POSTFIX.wire()] * begun + said))
                server.writer.write_eof()
            while await server.hears():
                pass
            fields, body = await (await played.server()).asks(HEADER, BODY)
            assert (fields, body) == ([Field(b"X-Sluis", b" cleaned; receipts=1")], BODY)

    with structlog.testing.capture_logs() as logs:
        asyncio.run(play())
    assert "a session broke" not in {entry["event"] for entry in logs}
