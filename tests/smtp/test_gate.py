"""The gate closes and is renewed without dropping what is under way."""

import asyncio
import ssl
from dataclasses import replace
from pathlib import Path

import pytest
from tests.integration.certificate import certificate
from tests.smtp.stage import RULES, Player, Stage, stage

from sluis.config import TlsSection
from sluis.envelope import Envelope
from sluis.policy import Policy
from sluis.report import Cleaned, Report, Verdict
from sluis.rules.table import Rules
from sluis.smtp import GateError

MESSAGE = b"Subject: x\r\n\r\nbody\r\n"


def telling(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
    """A cleaner that writes how many examples its rules have."""
    return Cleaned(b"%d\r\n" % len(rules.examples) + raw, Report(Verdict.CLEANED, None, 1, 1))


async def delivered(client: Player, server: Player) -> bytes:
    """What the server behind hears of a message in an open transaction."""
    await client.asks("DATA")
    await client.sends(MESSAGE + b".\r\n")
    assert await server.hears() == "DATA"
    await server.says("354 Go")
    message = await server.message()
    await server.says("250 Ok")
    assert (await client.reply())[:3] == "250"
    return message


async def shown(playing: Stage) -> bytes:
    """The certificate that a client is shown."""
    reader, writer = await asyncio.open_connection(playing.gate.endpoint.host, playing.gate.endpoint.port)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    await reader.readline()
    writer.write(b"STARTTLS\r\n")
    assert (await reader.readline()).startswith(b"220")
    await writer.start_tls(context)
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return found


async def test_a_gate_that_closes_finishes_what_is_under_way() -> None:
    async with stage() as playing:
        idle = await playing.client()
        assert (await idle.reply())[:3] == "220"
        client, server = await playing.open()
        await client.asks("DATA")
        await client.sends(MESSAGE + b".\r\n")
        assert await server.hears() == "DATA"
        closing = asyncio.create_task(playing.gate.close())
        assert (await idle.reply())[:3] == "421"
        with pytest.raises(ConnectionError):
            await playing.client()
        await server.says("354 Go")
        assert await server.message() == MESSAGE
        await server.says("250 2.0.0 Taken")
        assert await client.reply() == "250 2.0.0 Taken"
        assert (await client.is_left())[:4] == b"421 "  # or its next command would meet a closed door (RFC 5321 §3.8)
        assert await server.hears() == "QUIT"
        await server.says("221 Bye")
        await closing


async def test_a_message_that_is_being_sent_is_let_finish() -> None:
    async with stage() as playing:
        client, server = await playing.open()
        await client.asks("DATA")
        await client.sends(MESSAGE)
        await playing.client()  # so that the first piece has been read
        closing = asyncio.create_task(playing.gate.close())
        await asyncio.sleep(0)
        await client.sends(b".\r\n")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        assert await server.message() == MESSAGE
        await server.says("250 2.0.0 Taken")
        assert await client.reply() == "250 2.0.0 Taken"
        server.closes()
        await closing


async def test_new_rules_hold_from_the_next_message_of_the_same_session() -> None:
    async with stage(clean=telling) as playing:
        client, server = await playing.open()
        playing.gate.renew(replace(RULES, examples=()))
        assert await delivered(client, server) == b"0\r\n" + MESSAGE


async def test_a_certificate_is_renewed_and_no_session_dropped(tmp_path: Path) -> None:
    first, second = certificate(tmp_path, "localhost"), certificate(tmp_path, "second")
    tls = TlsSection(certificate=first.certificate, key=first.key)
    async with stage(tls=tls) as playing:
        client, server = await playing.open()
        before = await shown(playing)
        first.certificate.write_bytes(second.certificate.read_bytes())
        with pytest.raises(GateError):
            playing.gate.renew(RULES)  # its key is still another's
        assert await shown(playing) == before
        first.key.write_bytes(second.key.read_bytes())
        playing.gate.renew(RULES)
        assert await shown(playing) == ssl.PEM_cert_to_DER_cert(second.certificate.read_text()) != before
        assert await delivered(client, server) == MESSAGE
