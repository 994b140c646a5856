"""STARTTLS on both sides: what was said in the clear before is forgotten when TLS begins (RFC 9051 §6.2.1)."""

import asyncio
import ssl

import pytest
from tests.imap.stage import GREETING, Player, stage
from tests.integration.certificate import Certificate, certificate

from sluis.config import ImapTlsSection, ImapUpstreamTlsSection

HELLO = b"* OK [CAPABILITY IMAP4rev1 IDLE STARTTLS LOGINDISABLED] hello\r\n"


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


def ours(pair: Certificate) -> ImapTlsSection:
    return ImapTlsSection(certificate=pair.certificate, key=pair.key, mode="starttls")


async def secured(player: Player, pair: Certificate) -> Player:
    """The same connection with TLS, as the client."""
    context = ssl.create_default_context(cafile=pair.certificate)
    await player.writer.start_tls(context, server_hostname="localhost")
    return player


async def test_nothing_but_tls_comes_first(pair: Certificate) -> None:
    async with stage(tls=ours(pair)) as played:
        client, server = await played.client(), await played.server()
        await server.says(GREETING)
        await client.hears(HELLO)
        for command in (b"LOGIN u p", b"AUTHENTICATE PLAIN AHUAcA==", b"SELECT INBOX", b"LOGIN {3+}\r\nabc {1+}\r\np"):
            await client.says(b"a " + command + b"\r\n")
            await client.hears(b"a NO [PRIVACYREQUIRED] begin TLS first\r\n")
        assert played.count("sluis_refused_total", reason="tls-required") == 4
        for line in (b'a"b LOGIN u p', b"a  LOGIN u p", b"AHUAcA==", b"a {5+}\r\nLOGIN u p", b"\tLOGIN u p"):
            await client.says(line + b"\r\n")
            assert b" BAD no command" in await client.line()
        await client.says(b"b NOOP\r\n")
        await server.hears(b"b NOOP\r\n")  # and nothing of what was refused


async def test_commands_sent_ahead_of_tls_are_forgotten(pair: Certificate) -> None:
    async with stage(tls=ours(pair)) as played:
        client, server = await played.client(), await played.server()
        await server.says(GREETING)
        await client.hears(HELLO)
        await client.says(b"a STARTTLS\r\nb LOGIN mallory x\r\nc APPEND box {9")
        await client.hears(b"a OK begin TLS\r\n")
        await secured(client, pair)
        await client.says(b"d CAPABILITY\r\n")
        await server.hears(b"d CAPABILITY\r\n")
        await server.says(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN STARTTLS\r\nd OK\r\n")
        await client.hears(b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\nd OK\r\n")
        await client.says(b"e STARTTLS\r\n")
        await client.hears(b"e BAD TLS is not to be had here, or is there already\r\n")


def theirs(pair: Certificate, **options: bool) -> ImapUpstreamTlsSection:
    return ImapUpstreamTlsSection(mode="required", ca=pair.certificate, **options)


UNAVAILABLE = b"* BYE [UNAVAILABLE] the mail server cannot be reached\r\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"sluis OK go\r\n* PREAUTH welcome\r\n",  # somebody between speaks for the server
        b"sluis NO\r\n",
        b"sluis BAD what\r\n",
        b"* OK so?\r\n" * 30,
        b"sluis OK go\r\nno TLS at all" + b"\0" * 100,
        b"",
    ],
)
async def test_a_server_without_tls_gets_no_client(pair: Certificate, answer: bytes) -> None:
    async with stage(upstream_tls=theirs(pair), connect_timeout=0.5) as played:
        client, server = await played.client(), await played.server()
        await server.says(b"* PREAUTH welcome\r\n")
        await server.hears(b"sluis STARTTLS\r\n")
        await server.says(answer)
        await client.hears(UNAVAILABLE)
        assert played.count("sluis_failures_total", stage="upstream-connect") == 1


@pytest.mark.parametrize("greeting", [b"220 mail.example ESMTP\r\n", b"* OK {5}", b"\r\n", b"x" * 200_000, b""])
async def test_what_is_no_imap_server_gets_no_client(greeting: bytes) -> None:
    async with stage(connect_timeout=0.5) as played:
        client, server = await played.client(), await played.server()
        await server.says(greeting)
        await client.hears(UNAVAILABLE)


async def test_a_greeting_in_the_clear_counts_for_nothing(pair: Certificate) -> None:
    """Neither what a server may do without a login, nor that it is one for this client."""
    async with stage(upstream_tls=theirs(pair)) as played:
        client, server = await played.client(), await played.server()
        await server.says(b"* PREAUTH [CAPABILITY IMAP4rev1 X-FAKE] welcome\r\n")
        await server.hears(b"sluis STARTTLS\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        await server.says(b"sluis OK go\r\n")
        await upgraded(server, context)
        await client.hears(b"* OK IMAP4rev1 server ready\r\n")
        await client.says(b"a NOOP\r\n")
        await server.hears(b"a NOOP\r\n")


async def upgraded(player: Player, context: ssl.SSLContext) -> None:
    """TLS on this connection, as the server."""
    loop, reader = asyncio.get_running_loop(), asyncio.StreamReader()
    protocol = asyncio.StreamReaderProtocol(reader)
    transport = await loop.start_tls(player.writer.transport, protocol, context, server_side=True)
    assert transport
    protocol.connection_made(transport)
    below = player.writer
    player.reader, player.writer = reader, asyncio.StreamWriter(transport, protocol, reader, loop)
    player.writer.below = below  # type: ignore[attr-defined]
