"""Sessions as transcripts: what a mail server tells, and what it hears to the octet."""

import asyncio
import tracemalloc

import pytest
from tests.milter.stage import AGREED, POSTFIX, RULES, stage, told

from sluis.clean import clean
from sluis.config import CleaningSection, Config, PolicySection
from sluis.envelope import Envelope
from sluis.milter.packet import Field, Packet
from sluis.policy import Policy
from sluis.report import Cleaned
from sluis.rules.table import Rules

PIXEL = b'<img src="https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D" width=1 height=1>'
RECEIPT = Field(b"Disposition-Notification-To", b" a@shop.example")
FIELDS = [
    Field(b"From", b" a@shop.example"),
    RECEIPT,
    Field(b"Subject", b" two\n lines"),
    Field(b"MIME-Version", b" 1.0"),
    Field(b"Content-Type", b" text/html"),
]
BODY = b"<p>Hello\xff</p>\r\n" + PIXEL + b"\r\n"
CLEAN_BODY = b"<p>Hello\xff</p>\r\n\r\n"
COUNTED = Packet(b"i", b"\0\0\0\x01X-Sluis\0 cleaned; pixels=1 receipts=1\0")
CLEAN = Packet(b"i", b"\0\0\0\x01X-Sluis\0 clean\0")
PLAIN = ([Field(b"Subject", b" x")], b"Good morning.\r\n")
GOES_ON, LATER = Packet(b"c"), Packet(b"t")


def failing(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
    """A cleaner that breaks at a word."""
    if b"broken" in raw:
        raise RuntimeError
    return clean(raw, policy, rules, envelope)


async def test_a_message_comes_clean_octet_for_octet() -> None:
    async with stage() as played:
        server = await played.server()
        await server.says(*told(FIELDS, BODY))
        assert await server.answer() == [
            Packet(b"m", b"\0\0\0\x01Disposition-Notification-To\0\0"),
            Packet(b"b", CLEAN_BODY),
            COUNTED,
            GOES_ON,
        ]
        assert played.counts("sluis_messages_total", "verdict") == {"cleaned": 1}
        assert played.counts("sluis_octets_total", "direction")["out"] > 0


async def test_what_needs_no_cleaning_is_not_sent_back() -> None:
    async with stage() as played:
        server = await played.server()
        await server.says(*told(*PLAIN))
        assert await server.answer() == [CLEAN, GOES_ON]


async def test_without_a_trace_nothing_is_added() -> None:
    async with stage(trace=False) as played:
        server = await played.server()
        await server.says(*told(*PLAIN))
        assert await server.answer() == [GOES_ON]


async def test_many_messages_in_a_session() -> None:
    async with stage() as played:
        server = await played.server()
        for _ in range(3):
            fields, body = await server.asks(FIELDS, BODY)
            assert body == CLEAN_BODY
            assert fields[1:] == [field for field in FIELDS if field != RECEIPT]
            assert await server.asks(*PLAIN) == ([Field(b"X-Sluis", b" clean"), *PLAIN[0]], PLAIN[1])
        await server.says(Packet(b"Q"))
        assert await server.hears() is None
        assert played.counts("sluis_messages_total", "verdict") == {"cleaned": 3, "clean": 3}
        assert played.counts("sluis_refused_total", "reason") == {}


async def test_what_was_given_up_is_forgotten() -> None:
    async with stage() as played:
        server = await played.server()
        for end in (Packet(b"A"), Packet(b"K"), Packet(b"M", b"<x@y.example>\0")):
            await server.says(*told(FIELDS, BODY)[:-1], end)
        await server.says(*told(*PLAIN))
        assert await server.answer() == [CLEAN, GOES_ON]


async def test_signed_mail_is_left_alone() -> None:
    kind = Field(b"Content-Type", b' multipart/signed; boundary=b; protocol="application/pgp-signature"')
    body = b"--b\r\nContent-Type: text/html\r\n\r\n" + BODY + b"--b\r\n\r\nsignature\r\n--b--\r\n"
    async with stage() as played:
        server = await played.server()
        await server.says(*told([*FIELDS[:-1], kind], body))
        *orders, trace, verdict = await server.answer()
        assert orders == []
        assert trace.data.startswith(b"\0\0\0\x01X-Sluis\0 skipped; reason=")
        assert verdict == GOES_ON


async def test_a_body_of_many_pieces() -> None:
    long = (b"x" * 76 + b"\r\n") * 3000
    body = long + BODY
    async with stage() as played:
        server = await played.server()
        _, cleaned = await server.asks(FIELDS, body)
        assert cleaned == long + CLEAN_BODY
        whole = b"".join(packet.wire() for packet in told(FIELDS, body))
        for start in range(0, len(whole), 1009):
            await server.sends(whole[start : start + 1009])
        pieces = [packet for packet in await server.answer() if packet.command == b"b"]
        assert [len(piece.data) for piece in pieces] == [65_535] * 3 + [len(cleaned) - 3 * 65_535]


async def test_a_server_that_waits_for_answers_gets_them() -> None:
    async with stage() as played:
        server = await played.stranger()
        await server.says(Packet(b"O", bytes.fromhex("00000006 000001ff 00100000")))
        assert await server.hears() == Packet(b"O", bytes.fromhex("00000006 00000013 00100000"))
        *steps, end = [Packet(b"C", b"host\0U"), Packet(b"H", b"host\0"), *told(*PLAIN)]
        for step in steps:
            await server.says(Packet(b"D", step.command), step)
            assert await server.hears() == GOES_ON
        await server.says(end)
        assert await server.answer() == [CLEAN, GOES_ON]


async def test_the_policy_is_that_of_the_recipient() -> None:
    config = Config(policies=(PolicySection(recipient="audit.example", policy="audit"),))
    async with stage(config=config) as played:
        server = await played.server()
        await server.says(*told(FIELDS, BODY, b"<a@b.example>\0", b"<x@audit.example>\0"))
        assert await server.answer() == [CLEAN, GOES_ON]
        await server.says(*told(FIELDS, BODY, b"<a@b.example>\0", b"<x@audit.example>\0", b"<y@c.example>\0"))
        assert COUNTED in await server.answer()


class TestFailures:
    async def test_what_cannot_be_cleaned_goes_on_as_it_came(self) -> None:
        async with stage(cleaner=failing) as played:
            server = await played.server()
            await server.says(*told(FIELDS, b"broken" + BODY))
            original = Packet(b"i", b"\0\0\0\x01X-Sluis\0 original; reason=internal-error\0")
            assert await server.answer() == [original, GOES_ON]
            assert (await server.asks(FIELDS, BODY))[1] == CLEAN_BODY
            assert played.counts("sluis_failures_total", "stage") == {"clean": 1}
            assert played.counts("sluis_originals_passed_total", "edge") == {"milter": 1}
            assert played.counts("sluis_messages_total", "verdict") == {"failed": 1, "cleaned": 1}

    async def test_or_is_to_come_again(self) -> None:
        async with stage(cleaner=failing, config=Config(fail="closed")) as played:
            server = await played.server()
            await server.says(*told(FIELDS, b"broken" + BODY))
            assert await server.answer() == [LATER]
            assert played.counts("sluis_originals_passed_total", "edge") == {}

    async def test_what_the_protocol_cannot_say_is_not_said(self) -> None:
        def adding(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
            return Cleaned(b"X-New: field\r\n" + raw, clean(raw, policy, rules, envelope).report)

        async with stage(cleaner=adding) as played:
            server = await played.server()
            await server.says(*told(*PLAIN))
            original = Packet(b"i", b"\0\0\0\x01X-Sluis\0 original; reason=unsayable-new-field\0")
            assert await server.answer() == [original, GOES_ON]

    @pytest.mark.parametrize(
        ("packets", "stage_", "reason"),
        [
            (told([Field(b"A", b"b\0c")], BODY), "parse", b"syntax"),
            (told(FIELDS, b"x" * 2001), "size", b"too-big"),
        ],
    )
    async def test_what_cannot_be_held_or_read_goes_on(self, packets: list[Packet], stage_: str, reason: bytes) -> None:
        async with stage(message_size_limit=2000) as played:
            server = await played.server()
            await server.says(*packets)
            original = Packet(b"i", b"\0\0\0\x01X-Sluis\0 original; reason=%b\0" % reason)
            assert await server.answer() == [original, GOES_ON]
            assert played.counts("sluis_failures_total", "stage") == {stage_: 1}
            assert (await server.asks(FIELDS, BODY))[1] == CLEAN_BODY

    async def test_a_message_that_hangs_in_a_process_fails_alone(self) -> None:
        config = Config(cleaning=CleaningSection(offload_octets=1, timeout=0.01, processes=1))
        async with stage(config=config) as played:
            server = await played.server()
            await server.says(*told(FIELDS, BODY))
            assert await server.answer() == [
                Packet(b"i", b"\0\0\0\x01X-Sluis\0 original; reason=timeout\0"),
                GOES_ON,
            ]


class TestLimits:
    async def test_with_too_much_mail_under_way_a_client_comes_again(self) -> None:
        async with stage(message_size_limit=30_000, memory_limit=60_000) as played:
            servers = [await played.stranger() for _ in range(3)]
            for server in servers:
                await server.has_shown(*told(FIELDS, b"x" * 25_000)[:-1])
            answers = []
            for server in servers:
                await server.says(Packet(b"E"))
                answers.append((await server.answer())[-1])
            assert sorted(answers, key=lambda packet: packet.command) == [GOES_ON, GOES_ON, LATER]
            assert await played.refused() == {"memory": 1}
            assert (await (await played.server()).asks(FIELDS, BODY))[1] == CLEAN_BODY

    async def test_what_never_becomes_a_packet_is_not_held(self) -> None:
        async with stage(message_size_limit=1000, memory_limit=50_000) as played:
            server = await played.server()
            await server.sends(b"\0\x0f\0\0B" + b"x" * 200_000)
            assert await server.hears() is None
            assert await played.refused() == {"memory": 1}
            assert (await (await played.server()).asks(FIELDS, BODY))[1] == CLEAN_BODY

    async def test_memory_is_bounded_whatever_is_told(self) -> None:
        """Pieces of one octet, each of which costs more than that."""
        async with stage(message_size_limit=1_000_000, memory_limit=4_000_000) as played:
            server = await played.server()
            await server.says(Packet(b"M", b"<>\0"))
            field = Packet(b"L", b"a\0\0").wire() * 1000
            tracemalloc.start()
            try:
                for _ in range(100):
                    await server.sends(field)
                await server.says(Packet(b"E"))
                assert await server.answer() == [LATER]
                assert tracemalloc.get_traced_memory()[1] < 16_000_000
            finally:
                tracemalloc.stop()

    async def test_connections(self) -> None:
        async with stage(max_connections=1) as played:
            first, second = await played.server(), await played.stranger()
            assert await second.hears() is None
            assert await played.refused() == {"connections": 1}
            assert (await first.asks(FIELDS, BODY))[1] == CLEAN_BODY

    @pytest.mark.parametrize("said", [[], [POSTFIX], [POSTFIX, *told(FIELDS, BODY)[:2]]])
    async def test_a_server_with_nothing_to_tell_is_not_waited_for_forever(self, said: list[Packet]) -> None:
        async with stage(idle_timeout=0.05) as played:
            server = await played.stranger()
            await server.says(*said)
            while (heard := await server.hears()) is not None:
                assert heard == AGREED
            assert await played.refused() == {"timeout": 1}

    async def test_nor_one_that_drips(self) -> None:
        """A message has a time in all, so that each octet does not buy another."""
        async with stage(message_timeout=0.3) as played:
            server = await played.server()
            await server.says(*told(FIELDS, BODY)[:-1])

            async def drip() -> None:
                while True:
                    await server.says(Packet(b"B", b"x"))
                    await asyncio.sleep(0.02)

            dripping = asyncio.create_task(drip())
            assert await server.hears() is None
            dripping.cancel()
            assert await played.refused() == {"timeout": 1}

    async def test_nor_one_that_does_not_listen(self) -> None:
        async with stage(message_timeout=1.5) as played:
            server = await played.server()
            server.hardly_listens()
            await server.says(*told(FIELDS, BODY + b"x" * 6_000_000))
            assert await played.refused() == {"timeout": 1}


class TestHostile:
    @pytest.mark.parametrize(
        "octets",
        [
            b"EHLO client.example\r\n",
            b"GET / HTTP/1.1\r\n\r\n",
            b"\0\0\0\0",
            b"\xff\xff\xff\xff",
            b"\0\0\0\x01Q",
            b"\0\0\0\x01O",
            POSTFIX.wire() + b"\0\0\0\x01?",
            POSTFIX.wire() + POSTFIX.wire(),
        ],
    )
    async def test_what_is_not_the_protocol_ends_the_connection(self, octets: bytes) -> None:
        async with stage() as played:
            server = await played.stranger()
            await server.sends(octets)
            while (heard := await server.hears()) is not None:
                assert heard == AGREED
            assert await played.refused() == {"syntax": 1}

    async def test_a_server_that_goes_takes_its_message_along(self) -> None:
        async with stage() as played:
            whole = b"".join(packet.wire() for packet in told(FIELDS, BODY))
            for end in range(0, len(whole) - 1, 37):
                server = await played.server()
                await server.sends(whole[:end])
                server.writer.close()
            assert (await (await played.server()).asks(FIELDS, BODY))[1] == CLEAN_BODY
            assert played.counts("sluis_messages_total", "verdict") == {"cleaned": 1}


class TestClosing:
    async def test_a_message_under_way_is_answered(self) -> None:
        async with stage() as played:
            busy, idle = await played.stranger(), await played.server()
            *before, end = told(FIELDS, BODY)
            await busy.has_shown(*before)
            closing = asyncio.create_task(played.gate.close())
            assert await idle.hears() is None
            await busy.says(end)
            assert (await busy.answer())[-1] == GOES_ON
            assert await busy.hears() is None
            await closing
            assert played.gate.not_ready() == "the milter gate is closed"

    async def test_one_that_does_not_end_is_not_waited_for_forever(self) -> None:
        async with stage() as played:
            server = await played.server()
            await server.says(*told(FIELDS, BODY)[:-1])
            await played.gate.close(grace=0.05)
            assert await server.hears() is None


async def test_rules_are_renewed_under_way() -> None:
    async with stage() as played:
        server = await played.server()
        played.gate.renew(RULES)
        assert (await server.asks(FIELDS, BODY))[1] == CLEAN_BODY
