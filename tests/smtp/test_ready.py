"""Connections that are ready before a client comes: none is had by two who must not share it, and none is needed."""

import asyncio
from collections.abc import Callable

import pytest
from tests.smtp.stage import RULES, SHORT, Player, Stage, greet, stage

from sluis.smtp import ready

HERE = ("127.0.0.1/32",)
MAIL = "MAIL FROM:<a@sender.example>"
RCPT = "RCPT TO:<b@reader.example>"


async def comes(playing: Stage) -> Player:
    """A client that has greeted, to whom what is offered was not said yet."""
    client = await playing.client()
    assert (await client.reply()).startswith("220 ")
    await client.says("EHLO client.example")
    return client


async def welcomed(playing: Stage) -> Player:
    """The same, where a connection was ready: the server behind says nothing for it."""
    client = await comes(playing)
    assert (await client.reply()).startswith("250-")
    return client


async def says_yes(client: Player, server: Player, *lines: str) -> None:
    for line in lines:
        await client.says(line)
        assert await server.hears() == line
        await server.says("250 2.0.0 Ok")
        assert await client.reply() == "250 2.0.0 Ok"


async def sends(client: Player, server: Player) -> None:
    """A whole transaction."""
    await says_yes(client, server, MAIL, RCPT)
    await client.asks("DATA")
    await client.says("Subject: x", "", ".")
    assert await server.hears() == "DATA"
    await server.says("354 Go")
    assert await server.message() == b"Subject: x\r\n\r\n"
    await server.says("250 2.0.0 Taken")
    assert await client.reply() == "250 2.0.0 Taken"


async def parts(client: Player) -> None:
    assert (await client.asks("QUIT")).startswith("221 ")
    assert await client.is_left() == b""


async def is_left(server: Player) -> None:
    """The gate takes leave of it."""
    assert await server.hears() == "QUIT"
    await server.says("221 2.0.0 Bye")
    assert await server.is_left() == b""


def origins(playing: Stage) -> dict[str, float]:
    names = ("new", "ready", "kept", "lost")
    found = {name: playing.count("sluis_upstream_connections_total", edge="smtp", origin=name) for name in names}
    return {name: value for name, value in found.items() if value}


async def settled(playing: Stage) -> None:
    """Wait until the gate has done with every session that is over."""
    await until(lambda: not playing.gate._service.unfinished)


async def until(condition: Callable[[], bool]) -> None:
    while not condition():  # noqa: ASYNC110 (the gate tells nobody)
        await asyncio.sleep(0)


def waiting(playing: Stage) -> list[bool]:
    """Whether those that wait are alive."""
    return [hop.alive for hop, _ in playing.gate._reach._connect._waiting]  # type: ignore[attr-defined]


@pytest.fixture(autouse=True)
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection has waited too long, however busy the machine is; and none is made ahead but where it is wanted."""
    monkeypatch.setattr(ready, "WAITING", 600.0)
    monkeypatch.setattr(ready.Ready, "_ahead", lambda *_, **__: None)


@pytest.fixture
def ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    monkeypatch.setattr(ready, "WAITING", 600.0)


async def test_a_connection_serves_one_client_after_the_other() -> None:
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met("SIZE 1000", "DSN")
        await sends(client, server)
        await parts(client)
        await settled(playing)
        client = await welcomed(playing)
        await sends(client, server)
        await parts(client)
        await settled(playing)
        assert playing.behind.unmet == 0
        assert origins(playing) == {"new": 1, "kept": 1}


async def test_its_own_offers_are_offered() -> None:
    async with stage(upstream_ready=2) as playing:
        client, _ = await playing.met("SIZE 1000", "DSN")
        await parts(client)
        await settled(playing)
        client = await comes(playing)
        assert await client.reply() == "250-gate.example\n250-PIPELINING\n250-SIZE 1000\n250 DSN"


async def test_a_transaction_left_open_is_given_up_before_another_comes() -> None:
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met()
        await says_yes(client, server, MAIL, RCPT)
        await parts(client)
        assert await server.hears() == "RSET"
        await server.says("250 2.0.0 Forgotten")
        await settled(playing)
        client = await welcomed(playing)
        await sends(client, server)


@pytest.mark.parametrize("reply", ["500 What?", "421 Bye", "354 Go", "? what"])
async def test_one_that_cannot_give_it_up_serves_nobody_else(reply: str) -> None:
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met()
        await says_yes(client, server, MAIL, RCPT)
        await parts(client)
        assert await server.hears() == "RSET"
        await server.says(reply, *["221 Bye"] * reply.endswith(("What?", "Bye")))
        assert await server.is_left() in {b"", b"QUIT\r\n"}
        await settled(playing)
        await comes(playing)
        assert await playing.behind.player()


@pytest.mark.parametrize("line", [MAIL, RCPT])
@pytest.mark.parametrize("reply", ["450 4.7.1 Later", "550 5.7.1 No"])
async def test_one_that_was_refused_something_serves_nobody_else(line: str, reply: str) -> None:
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met()
        await says_yes(client, server, *[MAIL] * (line == RCPT))
        await client.says(line)
        assert await server.hears() == line
        await server.says(reply)
        assert await client.reply() == reply
        await client.says("QUIT")
        await is_left(server)


async def test_one_that_was_logged_in_on_serves_nobody_else() -> None:
    async with stage(upstream_ready=2, auth="offered") as playing:
        client, server = await playing.met("AUTH PLAIN")
        await client.says("AUTH PLAIN AA==")
        assert await server.hears() == "AUTH PLAIN AA=="
        await server.says("235 2.7.0 Welcome")
        await client.reply()
        await sends(client, server)
        await client.says("QUIT")
        await is_left(server)


async def test_one_that_was_told_where_mail_came_from_serves_nobody_else() -> None:
    async with stage(upstream_ready=2, xclient_from=HERE) as playing:
        client, server = await playing.met("XFORWARD NAME ADDR")
        await says_yes(client, server, "XFORWARD ADDR=192.0.2.1")
        await client.says("QUIT")
        await is_left(server)


async def lost(server: Player) -> None:
    server.closes()


async def reset(server: Player) -> None:
    server.resets()


async def dismissed(server: Player) -> None:
    await server.says("421 4.4.2 Idle for too long")


async def out_of_step(server: Player) -> None:
    await server.says("250 2.0.0 Ok")


WAYS = [lost, reset, dismissed, out_of_step]


@pytest.mark.parametrize("way", WAYS)
async def test_one_that_is_gone_before_a_client_comes_is_another(way: Callable[..., object]) -> None:
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met()
        await parts(client)
        await settled(playing)
        await way(server)  # type: ignore[misc]
        assert await server.is_left() == b""
        await until(lambda: waiting(playing) == [False])
        client, server = await playing.met()
        await sends(client, server)
        assert origins(playing) == {"new": 2, "lost": 1}
        assert playing.count("sluis_failures_total", edge="smtp", stage="upstream") == 0


@pytest.mark.parametrize("way", [lost, reset, dismissed])
async def test_one_that_goes_as_mail_comes_is_another(way: Callable[..., object]) -> None:
    """It was alive when the client greeted, and had gone when there was something to say: nobody is told."""
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met("PIPELINING")
        await parts(client)
        await settled(playing)
        client = await welcomed(playing)
        await client.says(MAIL, RCPT)
        assert [await server.hears(), await server.hears()] == [MAIL, RCPT]
        await way(server)  # type: ignore[misc]
        server = await playing.behind.player()
        await greet(server, "PIPELINING")
        assert [await server.hears(), await server.hears()] == [MAIL, RCPT]
        await server.says("250 2.1.0 One", "250 2.1.5 Two")
        assert [await client.reply(), await client.reply()] == ["250 2.1.0 One", "250 2.1.5 Two"]


async def test_one_that_has_answered_and_goes_is_no_other() -> None:
    """What the server behind has taken of a transaction it may have kept."""
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met()
        await parts(client)
        await settled(playing)
        client = await welcomed(playing)
        await says_yes(client, server, MAIL)
        await client.says(RCPT)
        assert await server.hears() == RCPT
        server.closes()
        assert (await client.reply()).startswith("451 ")
        assert playing.behind.unmet == 0


async def test_one_that_is_silent_is_not_tried_twice() -> None:
    async with stage(upstream_ready=2, upstream_timeout=SHORT) as playing:
        client, server = await playing.met()
        await parts(client)
        await settled(playing)
        client = await welcomed(playing)
        await client.says(MAIL)
        assert await server.hears() == MAIL
        assert (await client.reply()).startswith("451 ")
        assert playing.behind.unmet == 0


async def told_of(server: Player, address: str) -> None:
    """Hear by XCLIENT for whom it is."""
    heard = await server.hears()
    assert heard.startswith("XCLIENT ")
    assert f"ADDR={address}" in heard
    await server.says("220 mx.example ESMTP")
    assert (await server.hears()).startswith("EHLO ")
    await server.says("250-mx.example", "250 XCLIENT ADDR")


async def announced(playing: Stage, address: str) -> Player:
    """A client that a peer says is at `address`."""
    client = await playing.client()
    await client.reply()
    assert (await client.asks(f"XCLIENT NAME=client.example ADDR={address}")).startswith("220 ")
    await client.says("EHLO client.example")
    return client


@pytest.mark.usefixtures("ahead")
async def test_whom_one_connection_was_told_of_no_other_hears() -> None:
    """Whichever way connections come to clients: each hears of one client once, and serves no second."""
    async with stage(upstream_ready=2, upstream_identity="xclient", xclient_from=HERE) as playing:
        addresses = [f"192.0.2.{number}" for number in range(1, 6)]
        servers: list[Player] = []
        for number, address in enumerate(addresses):
            client = await announced(playing, address)
            if not servers:
                servers.append(await playing.behind.player())
                await greet(servers[0], "XCLIENT ADDR")
            server = servers.pop()
            await told_of(server, address)
            assert (await client.reply()).startswith("250-")
            await sends(client, server)
            await client.says("QUIT")
            await is_left(server)
            if number:  # from the second client on they follow on each other, so another is made ahead
                servers.append(await playing.behind.player())
                await greet(servers[0], "XCLIENT ADDR")
                await until(lambda: waiting(playing) == [True])
        assert origins(playing) == {"new": 2, "ready": 3}


@pytest.mark.usefixtures("ahead")
async def test_none_is_made_ahead_for_a_client_that_comes_alone() -> None:
    async with stage(upstream_ready=2, upstream_identity="xclient", xclient_from=HERE) as playing:
        client = await announced(playing, "192.0.2.1")
        server = await playing.behind.player()
        await greet(server, "XCLIENT ADDR")
        await told_of(server, "192.0.2.1")
        await client.reply()
        await client.says("QUIT")
        await is_left(server)
        await settled(playing)
        assert playing.behind.unmet == 0


async def test_who_cannot_be_told_by_address_is_not_told_at_all() -> None:
    async with stage(upstream_ready=2, upstream_identity="xclient") as playing:
        client = await comes(playing)
        server = await playing.behind.player()
        await greet(server, "XCLIENT NAME HELO")
        assert await server.is_left() == b""
        assert (await client.reply()).startswith("250-")
        await client.says(MAIL)
        server = await playing.behind.player()
        await greet(server, "XCLIENT NAME HELO")
        assert (await client.reply()).startswith("451 ")


@pytest.mark.parametrize("end", ["renew", "close"])
async def test_none_outlives_a_gate_or_what_it_goes_by(end: str) -> None:
    async with stage(upstream_ready=2) as playing:
        one, first = await playing.met()
        two, second = await playing.met()
        await parts(one)
        await settled(playing)
        closing = None
        if end == "renew":
            playing.gate.renew(RULES)
        else:
            closing = asyncio.create_task(playing.gate.close())
            assert (await two.reply()).startswith("421 ")
        assert await first.hears() == "QUIT"
        await first.says("221 Bye")
        if end == "renew":
            await two.says("QUIT")  # in use meanwhile, and not kept
        assert await second.hears() == "QUIT"
        await second.says("221 Bye")
        if closing:
            await closing


async def test_no_more_wait_than_may() -> None:
    async with stage(upstream_ready=1) as playing:
        one, first = await playing.met()
        two, second = await playing.met()
        await parts(one)
        await settled(playing)
        await two.says("QUIT")
        await is_left(second)
        await welcomed(playing)
        first.closes()


@pytest.mark.parametrize(("limit", "value"), [("OLDEST", 0.0), ("MOST", 1)])
async def test_none_is_kept_for_ever(monkeypatch: pytest.MonkeyPatch, limit: str, value: float) -> None:
    monkeypatch.setattr(ready, limit, value)
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met()
        await client.says("QUIT")
        await is_left(server)


async def test_one_that_nobody_comes_for_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ready, "WAITING", 0.05)
    async with stage(upstream_ready=2) as playing:
        client, server = await playing.met()
        await client.says("QUIT")
        await is_left(server)


async def test_over_lmtp_too() -> None:
    async with stage(upstream_ready=2, lmtp=True) as playing:
        client, server = await playing.met()
        await sends(client, server)
        await parts(client)
        await settled(playing)
        client = await welcomed(playing)
        await sends(client, server)
