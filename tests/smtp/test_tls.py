"""STARTTLS on both sides: what was said in the clear is forgotten when TLS begins (RFC 3207 §4.2); 1.2 is the floor.

Whoever stands between can say things in the clear, behind the STARTTLS of one side or the 220 of the other, in the hope
that they are taken for what comes over TLS.
"""

import asyncio
import ssl

import pytest
from tests.integration.certificate import Certificate, certificate
from tests.smtp.stage import Player, Stage, stage

from sluis.config import Endpoint, TlsSection, UpstreamTimeoutSection, UpstreamTlsSection
from sluis.edge.opening import server_context as server_side
from sluis.smtp.connector import Identity, SmtpConnector

pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")

OLD = ssl.TLSVersion.TLSv1_1
ANYBODY = UpstreamTlsSection(mode="required", verify=False)
INJECTED = (
    ("EHLO mallory.example", "MAIL FROM:<mallory@sender.example>", "RCPT TO:<b@reader.example>", "DATA", "evil", "."),
    ("RSET", "NOOP", "QUIT"),
    ("AUTH PLAIN AGEAYg==",),
    ("\0" * 1000,),
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture
def ours(pair: Certificate) -> TlsSection:
    return TlsSection(certificate=pair.certificate, key=pair.key)


def client_context(latest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """A client that takes any certificate, and speaks TLS 1.0 too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, latest
    return context


def server_context(pair: Certificate, latest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
    """A server that speaks TLS 1.0 too."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version, context.maximum_version = ssl.TLSVersion.TLSv1, latest
    return context


async def offering(playing: Stage) -> tuple[Player, Player]:
    """A client that has not greeted, and a server behind that is about to be asked for TLS."""
    client = await playing.client()
    assert (await client.reply())[:3] == "220"
    await client.says("EHLO client.example")
    server = await playing.behind.player()
    await server.says("220 mx.example ESMTP")
    assert await server.hears() == "EHLO gate.example"
    await server.says("250-mx.example", "250 STARTTLS")
    assert await server.hears() == "STARTTLS"
    return client, server


@pytest.mark.parametrize("injected", INJECTED)
async def test_what_comes_behind_the_clients_starttls_is_dropped(ours: TlsSection, injected: tuple[str, ...]) -> None:
    async with stage(tls=ours, auth="offered") as playing:
        client, server = await playing.met("AUTH PLAIN")
        assert await client.asks("STARTTLS", *injected) == "220 Ready to start TLS"
        await client.secures(client_context())
        await client.says("MAIL FROM:<a@sender.example>")
        assert await client.reply() == "503 5.5.1 Send EHLO or HELO first"  # and no other reply before it
        await client.says("EHLO client.example")
        assert (await client.reply()).startswith("250-gate.example")
        await client.says("MAIL FROM:<a@sender.example>")
        assert await server.hears() == "MAIL FROM:<a@sender.example>"  # the first that the server behind hears


async def test_a_transaction_in_the_clear_ends_with_it(ours: TlsSection) -> None:
    """And what is said while the server behind is told so is dropped as well."""
    async with stage(tls=ours) as playing:
        client, server = await playing.open()
        await client.says("STARTTLS")
        assert await server.hears() == "RSET"
        await client.says("EHLO mallory.example", "MAIL FROM:<mallory@sender.example>")
        await playing.client()  # so that it has come
        await server.says("250 Ok")
        assert (await client.reply())[:3] == "220"
        await client.secures(client_context())
        await client.says("EHLO client.example")
        await client.reply()
        assert await client.asks("DATA") == "503 5.5.1 Send MAIL first"


@pytest.mark.parametrize(
    "injected", ["250 Ok", "250-mx.example\r\n250 XCLIENT ADDR", "421 Bye", "250 2.0.0 Taken\r\n" * 20]
)
async def test_what_comes_behind_the_servers_220_is_never_heard(injected: str) -> None:
    async with stage(upstream_tls=ANYBODY) as playing:
        client, server = await offering(playing)
        await server.says("220 Go", injected)
        assert await server.is_left() == b""  # not even TLS is begun
        assert (await client.reply()).startswith("250-")
        await client.says("MAIL FROM:<a@sender.example>")
        server = await playing.behind.player()  # anew, from the beginning
        await server.says("220 mx.example ESMTP")
        assert await server.hears() == "EHLO gate.example"


async def test_what_comes_between_the_220_and_tls_is_never_heard(pair: Certificate) -> None:
    """In a packet of its own, before the first octet of TLS."""
    async with stage(upstream_tls=ANYBODY) as playing:
        client, server = await offering(playing)
        await server.says("220 Go")
        await asyncio.sleep(0.05)
        await server.says("250-mx.example", "250 SIZE 7")
        await server.is_left()
        assert "SIZE 7" not in await client.reply()


async def test_what_was_offered_in_the_clear_does_not_count(pair: Certificate) -> None:
    async with stage(upstream_tls=ANYBODY) as playing:
        client = await playing.client()
        await client.reply()
        await client.says("EHLO client.example")
        server = await playing.behind.player()
        await server.says("220 mx.example ESMTP")
        await server.hears()
        await server.says("250-mx.example", "250-SIZE 7", "250-SMTPUTF8", "250 STARTTLS")
        assert await server.hears() == "STARTTLS"
        await server.says("220 Go")
        await server.secures(server_context(pair))
        assert await server.hears() == "EHLO gate.example"
        await server.says("250-mx.example", "250 DSN")
        offered = (await client.reply()).split("\n")
        assert "250 DSN" in offered
        assert not {"250-SMTPUTF8", "250-SIZE 7"} & {*offered}


def test_the_floor_is_asked_for(ours: TlsSection) -> None:
    """Not only what OpenSSL happens to refuse."""
    behind = SmtpConnector(Endpoint("127.0.0.1", 25), "a", ANYBODY, UpstreamTimeoutSection(), Identity("none"))
    for context in (server_side("smtp.tls", ours), behind._context):
        assert context
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2


async def test_no_client_comes_in_with_an_old_tls(ours: TlsSection) -> None:
    async with stage(tls=ours) as playing:
        for latest, comes in ((OLD, False), (ssl.TLSVersion.TLSv1_2, True)):
            client = await playing.client()
            await client.reply()
            assert (await client.asks("STARTTLS"))[:3] == "220"
            if comes:
                await client.secures(client_context(latest))
                assert await client.asks("NOOP") == "250 2.0.0 Ok"
            else:
                with pytest.raises((ssl.SSLError, ConnectionError)):
                    await client.secures(client_context(latest))


@pytest.mark.parametrize("mode", ["required", "opportunistic"])
async def test_no_server_is_gone_to_with_an_old_tls(pair: Certificate, mode: str) -> None:
    async with stage(upstream_tls=UpstreamTlsSection(mode=mode, verify=False)) as playing:
        client, server = await offering(playing)
        await server.says("220 Go")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await server.secures(server_context(pair, OLD))
        if mode == "opportunistic":  # whoever stands between could as well hide the offer
            server = await playing.behind.player()
            await server.says("220 mx.example ESMTP")
            assert await server.hears() == "EHLO gate.example"
            await server.says("250 mx.example")
        assert (await client.reply()).startswith("250-")
        assert playing.behind.unmet == 0
