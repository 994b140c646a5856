"""Logins pass through to the server behind, which alone decides; the dialogues themselves are among `scenarios/`.

What is held here: a login is only asked for where nobody else can read it, it belongs to one client on one connection,
and what it says is written nowhere.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.smtp.stage import Player, stage

SECRET = "AHNhbm5lAHNsdWlz"
ELSEWHERE = "XCLIENT NAME=client.example ADDR=192.0.2.1"
HERE = ("127.0.0.1/32",)


async def logged_in(client: Player, server: Player) -> None:
    """Play a login that succeeds."""
    await client.says(f"AUTH PLAIN {SECRET}")
    assert await server.hears() == f"AUTH PLAIN {SECRET}"
    await server.says("235 2.7.0 Welcome")
    assert await client.reply() == "235 2.7.0 Welcome"


async def test_no_login_from_another_machine_without_tls() -> None:
    async with stage(auth="offered", xclient_from=HERE) as playing:
        client, _ = await playing.met("AUTH PLAIN")
        assert (await client.asks(ELSEWHERE)).startswith("220 ")
        await client.says("EHLO client.example")
        server = await playing.behind.player()
        await server.says("220 mx.example ESMTP")
        await server.hears()
        await server.says("250-mx.example", "250 AUTH PLAIN")
        assert "AUTH" not in await client.reply()
        assert await client.asks(f"AUTH PLAIN {SECRET}") == "538 5.7.11 Issue STARTTLS before you log in"


async def test_whoever_is_announced_anew_is_logged_in_no_more() -> None:
    async with stage(auth="required", xclient_from=HERE) as playing:
        client, server = await playing.met("AUTH PLAIN")
        await logged_in(client, server)
        assert (await client.asks(ELSEWHERE)).startswith("220 ")
        assert await server.hears() == "QUIT"
        await client.says("EHLO client.example")
        server = await playing.behind.player()
        await server.says("220 mx.example ESMTP")
        await server.hears()
        await server.says("250-mx.example", "250 AUTH PLAIN")
        await client.reply()
        assert await client.asks("MAIL FROM:<a@sender.example>") == "530 5.7.0 Log in first"


@pytest.mark.parametrize("late", ["a transaction", "before the greeting"])
async def test_a_login_has_its_place(late: str) -> None:
    async with stage(auth="offered") as playing:
        if late == "a transaction":
            client, _ = await playing.open("AUTH PLAIN")
            assert (await client.asks(f"AUTH PLAIN {SECRET}")).startswith("503 5.5.1 A transaction is open")
        else:
            client = await playing.client()
            await client.reply()
            assert (await client.asks(f"AUTH PLAIN {SECRET}")).startswith("503 5.5.1 Send EHLO")


async def test_challenges_without_an_end_come_to_one() -> None:
    async with stage(auth="offered") as playing:
        client, server = await playing.met("AUTH PLAIN")
        await client.says("AUTH PLAIN")
        for _ in range(16):
            await server.hears()
            await server.says("334 bW9yZQ==")
            assert await client.reply() == "334 bW9yZQ=="
            await client.says("bW9yZQ==")
        await server.hears()
        await server.says("334 bW9yZQ==")
        assert (await client.reply()).startswith("454 4.7.0 ")
        assert await server.is_left() == b""


@pytest.mark.parametrize("reply", ["250 2.0.0 Ok", "221 2.0.0 Bye", "354 Go", "\x00"])
async def test_what_is_no_answer_to_a_login_is_no_login(reply: str) -> None:
    async with stage(auth="required") as playing:
        client, server = await playing.met("AUTH PLAIN")
        await client.says(f"AUTH PLAIN {SECRET}")
        await server.hears()
        await server.says(reply)
        assert (await client.reply()).startswith("454 4.7.0 ")
        assert await client.asks("MAIL FROM:<a@sender.example>") == "530 5.7.0 Log in first"


async def test_a_client_that_goes_within_a_login_leaves_nobody_behind() -> None:
    async with stage(auth="offered") as playing:
        client, server = await playing.met("AUTH PLAIN")
        await client.says("AUTH PLAIN")
        await server.hears()
        await server.says("334 ")
        assert await client.reply() == "334 "
        client.resets()
        assert await server.is_left() == b""


@given(st.binary(max_size=200).filter(lambda octets: b"\n" not in octets))
async def test_an_answer_of_any_octets_is_one_line_of_base64_or_none(octets: bytes) -> None:
    async with stage(auth="offered") as playing:
        client, server = await playing.met("AUTH PLAIN")
        await client.says("AUTH PLAIN")
        await server.hears()
        await server.says("334 ")
        await client.reply()
        await client.sends(octets + b"\r\n")
        heard = await server.hears()
        assert heard == "*" or heard.encode() == octets.removesuffix(b"\r")
        await server.says("535 5.7.8 Wrong")
        assert await client.reply() == "535 5.7.8 Wrong"


async def test_guessing_comes_to_an_end() -> None:
    async with stage(auth="offered") as playing:
        client, server = await playing.met("AUTH PLAIN")
        for _ in range(20):
            await client.says("AUTH PLAIN AA==")
            await server.hears()
            await server.says("535 5.7.8 Wrong")
            assert await client.reply() == "535 5.7.8 Wrong"
        await client.says("AUTH PLAIN AA==")
        await server.hears()
        await server.says("535 5.7.8 Wrong")
        assert await client.reply() == "421 4.7.0 Too many errors, closing"


async def test_a_login_is_counted_and_never_written_down(capsys: pytest.CaptureFixture[str]) -> None:
    async with stage(auth="required") as playing:
        client, server = await playing.met("AUTH PLAIN")
        await client.asks("MAIL FROM:<a@sender.example>")
        await logged_in(client, server)
        await client.says("MAIL FROM:<a@sender.example>")
        await server.hears()
        server.resets()
        assert (await client.reply()).startswith("451 ")
        assert playing.count("sluis_upstream_replies_total", edge="smtp", command="auth", reply="2xx") == 1
        assert playing.count("sluis_refused_total", edge="smtp", reason="login-required") == 1
    assert SECRET not in capsys.readouterr().out


async def test_a_message_that_is_refused_costs_no_login() -> None:
    async with stage(auth="required", message_size_limit=10) as playing:
        client, server = await playing.met("AUTH PLAIN", "PIPELINING")
        await logged_in(client, server)
        for line in ("MAIL FROM:<a@sender.example>", "RCPT TO:<b@reader.example>"):
            await client.says(line)
            assert await server.hears() == line
            await server.says("250 Ok")
            await client.reply()
        await client.asks("DATA")
        await client.says("more than ten octets", ".")
        assert await server.hears() == "RSET"
        await server.says("250 Ok")
        assert (await client.reply()).startswith("552 ")
        await client.says("MAIL FROM:<a@sender.example>")
        assert await server.hears() == "MAIL FROM:<a@sender.example>"


async def test_what_came_is_told_as_logged_in() -> None:
    async with stage(auth="offered", received=True) as playing:
        client, server = await playing.met("AUTH PLAIN")
        await logged_in(client, server)
        for line in ("MAIL FROM:<a@sender.example>", "RCPT TO:<b@reader.example>"):
            await client.says(line)
            await server.hears()
            await server.says("250 Ok")
            await client.reply()
        await client.asks("DATA")
        await client.says("Subject: x", "", ".")
        await server.hears()
        await server.says("354 Go")
        assert b" with ESMTPA id " in await server.message()
