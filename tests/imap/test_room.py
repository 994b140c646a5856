"""The room of all sessions: each has its own, nobody takes more of the rest than is left, the first come is served."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.imap import room
from sluis.imap.room import Portion, Room, Share


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "PATIENCE", 60.0)


def portions(number: int, limit: int = 2000, sessions: int = 10) -> tuple[Room, list[Portion]]:
    """Some sessions, each on an account of its own; 100 octets are each one's, 1000 are in common."""
    there = Room(limit, sessions)
    return there, [Portion(there, number) for number in range(number)]


def test_nobody_takes_what_is_anothers_own() -> None:
    there, (hog, *others) = portions(10)
    assert hog.take(there.most)
    assert not hog.take(1)
    for _ in range(100):
        assert all([other.take(1) for other in others])  # noqa: C419 (each takes)
    while any([other.take(1) for other in others]):  # noqa: C419 (each takes)
        pass
    assert there.left == 50
    assert there.most == 600


def test_each_leaves_as_much_as_it_has() -> None:
    there, (one, two, three) = portions(3)
    assert one.take(100 + 500)
    assert not two.take(100 + 251)
    assert two.take(100 + 250)
    assert three.take(100 + 125)
    assert there.left == 125
    for portion, octets in ((one, 600), (two, 350), (three, 225)):
        assert portion.take(-octets)
    assert there.left == 1000


def test_the_sessions_of_one_account_are_one() -> None:
    there, (one, two, other) = portions(3)
    for portion in (one, two):
        assert portion.take(50)
        portion.belongs("ann")
    assert one.take(50 + 300)
    assert not two.take(50 + 201)
    assert two.take(50 + 200)
    assert other.take(100 + 250)
    one.belongs("bob")
    assert there.left == 250
    assert one.take(0)
    assert not one.take(1)
    assert two.take(20)  # who has 220 now, and leaves 230


async def test_who_came_first_is_served_first() -> None:
    there, (one, *others) = portions(4)
    assert one.take(600)
    served: list[int] = []

    async def waits(index: int, octets: int) -> None:
        assert await others[index].wait(octets)
        served.append(index)

    waiting = [asyncio.create_task(waits(index, octets)) for index, octets in enumerate((400, 300, 350))]
    await asyncio.sleep(0)
    assert not Portion(there, "new").take(101)  # though there is room for it
    assert Portion(there, "new").take(100)
    one.take(-100)
    await asyncio.sleep(0.01)
    assert served == [0]
    one.take(-500)
    await asyncio.gather(*waiting)
    assert served == [0, 1, 2]


async def test_its_own_nobody_waits_for_in_line() -> None:
    _, (one, two, three) = portions(3)
    assert one.take(600)
    assert two.take(100)
    first = asyncio.create_task(three.wait(400))
    await asyncio.sleep(0)
    second = asyncio.create_task(two.wait(50))
    await asyncio.sleep(0)
    assert not second.done()
    two.take(-60)
    assert await second
    assert not first.done()
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert two.take(110)  # nobody waits any more


async def test_who_waits_too_long_makes_way(monkeypatch: pytest.MonkeyPatch) -> None:
    there, (one, two, three) = portions(3)
    assert one.take(600)
    monkeypatch.setattr(room, "PATIENCE", 0.05)
    first = asyncio.create_task(two.wait(500))
    await asyncio.sleep(0)
    monkeypatch.setattr(room, "PATIENCE", 60.0)
    assert await three.wait(300)
    assert not await first
    for portion, octets in ((one, 600), (three, 300)):
        portion.take(-octets)
    assert there.left == 1000


async def test_who_leaves_as_he_is_served_takes_nothing_along() -> None:
    there, (one, two) = portions(2)
    assert one.take(600)
    waiting = asyncio.create_task(two.wait(500))
    await asyncio.sleep(0)
    one.take(-600)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert there.left == 1000


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 120))))
def test_never_more_than_the_limit_is_held(wishes: list[tuple[int, int]]) -> None:
    there, owners = portions(4, limit=200, sessions=4)
    shares = [Share(owner) for owner in owners]
    for index, octets in wishes:
        held = [share.held for share in shares]
        assert shares[index].hold(octets) or octets > 25
        assert [share.held for share in shares] in (held, [*held[:index], octets, *held[index + 1 :]])
        assert there.left == 100 - sum(max(0, share.held - 25) for share in shares) >= 0
