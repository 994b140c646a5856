"""The 2xx rule: the client hears 2xx for a message only after the server behind said it for that very transaction."""

import asyncio
from collections.abc import Callable
from itertools import combinations

import pytest
from tests.smtp.stage import LONG, SHORT, Player, failing, halting, stage

from sluis.report import Cleaned

MESSAGE = b"Subject: x\r\n\r\n..dots\r\nbody\r\n"
TROUBLE = ["closes", "resets", "garbage", "half a reply", "silence"]
POINTS = ["MAIL", "RCPT", "DATA", "dot"]


async def make(trouble: str, server: Player) -> None:
    """The server behind fails in one of the ways servers do."""
    if trouble == "closes":
        server.closes()
    elif trouble == "resets":
        server.resets()
    elif trouble == "garbage":
        await server.says("\x00 what?")
    elif trouble == "half a reply":
        await server.sends(b"250-2.0.0 O")
        server.closes()


async def dialogue(client: Player, server: Player, point: str, trouble: str) -> list[str]:
    """What the client hears for each of its commands when the server fails at `point`."""
    heard = []
    for name, line in [("MAIL", "MAIL FROM:<a@b.example>"), ("RCPT", "RCPT TO:<c@d.example>"), ("DATA", "DATA")]:
        await client.says(line)
        if name != "DATA":
            assert await server.hears() == line
            if point == name:
                await make(trouble, server)
                return [*heard, await client.reply()]
            await server.says("250 2.1.0 Ok")
        heard.append(await client.reply())
    await client.sends(MESSAGE + b".\r\n")
    assert await server.hears() == "DATA"
    if point == "dot":
        await server.says("354 Go")
        assert await server.message() == MESSAGE
    await make(trouble, server)
    return [*heard, await client.reply()]


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("trouble", TROUBLE)
@pytest.mark.parametrize("offer", ["ENHANCEDSTATUSCODES", "PIPELINING"])
async def test_no_trouble_behind_becomes_a_2xx(offer: str, point: str, trouble: str) -> None:
    async with stage(upstream_timeout=SHORT if trouble == "silence" else LONG) as playing:
        client, server = await playing.met(offer)
        heard = await dialogue(client, server, point, trouble)
        assert heard[-1].startswith(("451 ", "421 "))
        assert playing.count("sluis_failures_total", edge="smtp", stage="upstream") >= 1


@pytest.mark.parametrize("reply", ["250 2.0.0 queued as 1", "451 4.3.0 later", "550 5.7.1 no", "552 5.2.2 full"])
async def test_the_final_reply_is_the_servers_own(reply: str) -> None:
    async with stage() as playing:
        client, server = await playing.open("ENHANCEDSTATUSCODES")
        assert (await client.asks("DATA")).startswith("354 ")
        await client.sends(MESSAGE + b".\r\n")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        assert await server.message() == MESSAGE
        await server.says(reply)
        assert await client.reply() == reply


async def test_a_cleaner_that_fails_passes_the_original_on() -> None:
    async with stage(clean=failing) as playing:
        client, server = await playing.open()
        await client.asks("DATA")
        await client.sends(MESSAGE + b".\r\n")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        assert (await server.message()).endswith(MESSAGE)
        await server.says("250 Ok")
        assert (await client.reply()).startswith("250 ")
        assert playing.count("sluis_originals_passed_total", edge="smtp") == 1


async def test_a_cleaner_that_does_a_part_of_its_work_passes_that_on_and_is_counted() -> None:
    async with stage(clean=halting) as playing:
        client, server = await playing.open()
        await client.asks("DATA")
        await client.sends(MESSAGE + b".\r\n")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        assert (await server.message()).endswith(b"X" + MESSAGE[1:])
        await server.says("250 Ok")
        assert (await client.reply()).startswith("250 ")
        assert playing.count("sluis_originals_passed_total", edge="smtp") == 1
        assert playing.count("sluis_failures_total", edge="smtp", stage="clean") == 1


@pytest.mark.parametrize("cleaner", [failing, halting])
async def test_a_cleaner_that_fails_may_be_made_to_refuse(cleaner: Callable[..., Cleaned]) -> None:
    async with stage(clean=cleaner, fail="closed") as playing:
        client, _ = await playing.open()
        await client.asks("DATA")
        await client.sends(MESSAGE + b".\r\n")
        assert (await client.reply()).startswith("451 ")


async def test_a_client_that_leaves_before_the_dot_delivers_nothing() -> None:
    async with stage() as playing:
        client, server = await playing.open()
        await client.asks("DATA")
        await client.sends(MESSAGE)
        client.closes()
        assert b"DATA" not in await server.is_left()


@pytest.mark.parametrize("way", ["closes", "resets", "stays silent"])
async def test_a_server_that_waits_for_a_message_is_told_nothing_else(way: str) -> None:
    """It has heard DATA already: QUIT would be a line of the message, and a dot its end."""
    async with stage(data_timeout=0.5) as playing:
        client, server = await playing.open("PIPELINING")
        await client.says("DATA")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        await client.sends(MESSAGE)
        if way == "closes":
            client.closes()
        elif way == "resets":
            client.resets()
        assert await server.is_left() == b""
        assert playing.count("sluis_failures_total", edge="smtp", stage="upstream") == 0


@pytest.mark.parametrize("early", ["250 2.0.0 Taken", "421 4.4.2 Timeout", "550 5.7.1 No"])
async def test_what_is_said_before_a_message_comes_is_no_yes_to_it(early: str) -> None:
    async with stage() as playing:
        client, server = await playing.open("PIPELINING")
        await client.says("DATA")
        assert await server.hears() == "DATA"
        await server.says("354 Go", early)
        await client.sends(MESSAGE + b".\r\n")
        assert (await client.reply()).startswith("354 ")
        assert (await client.reply()).startswith("451 ")
        assert await server.is_left() == b""


async def test_a_message_that_cannot_be_cleaned_is_not_begun() -> None:
    async with stage(clean=failing, fail="closed") as playing:
        client, server = await playing.open("PIPELINING")
        await client.says("DATA")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        await client.sends(MESSAGE + b".\r\n")
        assert (await client.reply()).startswith("354 ")
        assert (await client.reply()).startswith("451 ")
        assert await server.is_left() == b""


async def test_a_client_that_leaves_after_the_dot_undoes_nothing() -> None:
    async with stage() as playing:
        client, server = await playing.open()
        await client.asks("DATA")
        await client.sends(MESSAGE + b".\r\n")
        assert await server.hears() == "DATA"
        client.resets()
        await asyncio.sleep(0)
        await server.says("354 Go")
        assert await server.message() == MESSAGE
        await server.says("250 Ok")


@pytest.mark.parametrize(
    "body", [b"a\rb\r\n.\r\n", b"a\nb\r\n.\r\n", b"a\n.\r\n", b"a\r\n.\n\r\n.\r\n", b"a\0b\r\n.\r\n"]
)
async def test_what_smuggling_needs_is_refused(body: bytes) -> None:
    async with stage() as playing:
        client, server = await playing.open()
        await client.asks("DATA")
        await client.sends(body)
        assert (await client.reply()).startswith("550 ")
        assert await server.hears() == "QUIT"


EXTENSIONS = ("8BITMIME", "SMTPUTF8", "DSN", "SIZE 1000000")
MAIL = "MAIL FROM:<a@sender.example>"
PARAMETERS = {
    "8BITMIME": (MAIL, " BODY=8BitMime"),
    "SMTPUTF8": (MAIL, " SmtpUtf8"),
    "DSN": (MAIL, " RET=hdrs ENVID=Qq+2B314"),
    "SIZE 1000000": (MAIL, " SIZE=0200"),
    "DSN at RCPT": ("RCPT TO:<B@Reader.example>", " notify=SUCCESS,Failure ORCPT=rfc822;A+2Bb@Reader.example"),
}


@pytest.mark.parametrize("offered", [mix for count in range(5) for mix in combinations(EXTENSIONS, count)], ids=str)
async def test_a_parameter_passes_verbatim_where_it_is_offered_and_else_is_refused(offered: tuple[str, ...]) -> None:
    """All sixteen mixes; a size alone is not for the server behind to know of, as the gate has a limit of its own."""
    async with stage() as playing:
        client, server = await playing.met(*offered)
        for name, (command, parameter) in PARAMETERS.items():
            if command != MAIL:
                await passes(client, server, MAIL)
            if name.removesuffix(" at RCPT") in offered:
                await passes(client, server, command + parameter)
            elif name.startswith("SIZE"):
                await passes(client, server, command + parameter, command)
            else:
                assert await client.asks(command + parameter) == "555 5.5.4 Parameter not offered"
                continue
            await passes(client, server, "RSET")


async def passes(client: Player, server: Player, line: str, heard: str | None = None) -> None:
    """The server behind hears a command, as it was said if nothing else is expected, and agrees."""
    await client.says(line)
    assert await server.hears() == (heard or line)
    await server.says("250 Ok")
    assert await client.reply() == "250 Ok"


async def test_parameters_and_odd_paths_pass_verbatim() -> None:
    async with stage() as playing:
        client, server = await playing.met("DSN", "SIZE 1000000", "8BITMIME", "SMTPUTF8")
        for line in (
            "MAIL FROM:<> RET=HDRS ENVID=Qq+2B314 BODY=8BITMIME SIZE=200 SMTPUTF8",
            'RCPT TO:<"a b"@reader.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;A@Reader.example',
        ):
            await client.says(line)
            assert await server.hears() == line
            await server.says("250 Ok")
            assert await client.reply() == "250 Ok"
