"""Responses under way: told in order however long each takes, no more than there is room for, and no end hidden."""

import asyncio
from typing import cast

import pytest

from sluis.imap.link import Link
from sluis.imap.outbox import Outbox
from sluis.imap.room import Portion, Room, Share


class Client:
    """Takes what it is told, until it is `gone`."""

    def __init__(self) -> None:
        self.told: list[bytes] = []
        self.gone = False

    async def write(self, octets: bytes) -> None:
        if self.gone:
            raise ConnectionResetError
        self.told.append(octets)

    def drop(self) -> None:
        self.gone = True


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.fixture
def outbox(client: Client) -> Outbox:
    return Outbox(cast("Link", client))


ROOM = Portion(Room(4_000_000, 1), None)


def room(octets: int) -> Share:
    share = Share(ROOM)
    assert share.hold(octets)
    return share


async def after(event: asyncio.Event, octets: bytes) -> bytes:
    await event.wait()
    return octets


async def test_what_is_ready_waits_for_what_is_not(client: Client, outbox: Outbox) -> None:
    event = asyncio.Event()
    await outbox.put(after(event, b"one"), room(3))
    await outbox.put(b"two", room(3))
    assert not outbox.idle
    assert client.told == []
    event.set()
    await outbox.empty()
    assert client.told == [b"one", b"two"]
    await outbox.put(b"three", room(5))
    await outbox.empty()
    assert client.told == [b"one", b"two", b"three"]


async def test_who_brings_too_much_waits(client: Client, outbox: Outbox) -> None:
    event = asyncio.Event()
    await outbox.put(after(event, b"one"), room(500_000))
    more = asyncio.create_task(outbox.put(b"two", room(500_000)))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert not more.done()
    event.set()
    await more
    assert client.told[0] == b"one"


async def test_many_short_ones_are_too_much_as_well(client: Client, outbox: Outbox) -> None:
    async def flood() -> None:
        for _ in range(2000):
            await outbox.put(b"x", room(1))

    event = asyncio.Event()
    await outbox.put(after(event, b"one"), room(3))
    flooding = asyncio.create_task(flood())
    for _ in range(10):
        await asyncio.sleep(0)
    assert not flooding.done()
    event.set()
    await flooding
    await outbox.empty()
    assert client.told == [b"one"] + [b"x"] * 2000


async def test_a_client_that_is_gone_is_told_of_to_who_waits(client: Client, outbox: Outbox) -> None:
    event = asyncio.Event()
    await outbox.put(after(event, b"one"), room(3))
    client.gone = True
    event.set()
    with pytest.raises(ConnectionResetError):
        await outbox.empty()
    await outbox.close()


async def test_nothing_is_left_behind(client: Client, outbox: Outbox) -> None:
    event = asyncio.Event()
    await outbox.put(after(event, b"one"), room(3))
    await outbox.close()
    event.set()
    assert outbox.idle
    assert client.told == []
    assert room(3_000_000).held  # all of it was given back
    assert len(asyncio.all_tasks()) == 1
