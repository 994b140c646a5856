"""Names of addresses, from the resolver of the machine."""

import socket

import pytest

from sluis.smtp import hostname
from sluis.smtp.client import UNKNOWN, UNKNOWN_FOR_NOW
from sluis.smtp.hostname import HostNames


class Resolver:
    """A resolver that knows one name for every address, and counts how often it is asked."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        monkeypatch.setattr(socket, "getnameinfo", self._name)
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(0, 0, 0, "", (self.asked[-1], 0))])

    def _name(self, address: tuple[str, int], _: int) -> tuple[str, str]:
        self.asked.append(address[0])
        return "client.example", "0"


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> Resolver:
    return Resolver(monkeypatch)


async def test_a_name_leads_back_to_its_address() -> None:
    name = await HostNames()("127.0.0.1")
    assert "127.0.0.1" in {entry[4][0] for entry in socket.getaddrinfo(name, None)}


@pytest.mark.parametrize("address", ["local", "192.0.2.1"])
async def test_what_has_no_name_is_said_to_have_none(address: str) -> None:
    assert await HostNames()(address) in {UNKNOWN, UNKNOWN_FOR_NOW}


async def test_a_name_that_leads_elsewhere_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getnameinfo", lambda *_: ("localhost", "0"))
    assert await HostNames()("192.0.2.1") == UNKNOWN


async def test_nobody_waits_long_for_a_resolver() -> None:
    assert await HostNames()("127.0.0.1", patience=0) == UNKNOWN_FOR_NOW


async def test_a_name_is_remembered_for_a_minute(resolver: Resolver) -> None:
    now = 100.0
    names = HostNames(lambda: now)
    assert [await names("192.0.2.1") for _ in range(3)] == ["client.example"] * 3
    now += 59
    await names("192.0.2.1")
    assert len(resolver.asked) == 1
    now += 1
    await names("192.0.2.1")
    assert len(resolver.asked) == 2


async def test_a_resolver_that_was_late_is_asked_again_sooner(resolver: Resolver) -> None:
    now = 100.0
    names = HostNames(lambda: now)
    assert await names("192.0.2.1", patience=0) == UNKNOWN_FOR_NOW
    assert await names("192.0.2.1") == UNKNOWN_FOR_NOW
    now += 10
    assert await names("192.0.2.1") == "client.example"


async def test_no_more_are_remembered_than_may(monkeypatch: pytest.MonkeyPatch, resolver: Resolver) -> None:
    monkeypatch.setattr(hostname, "MOST", 2)
    names = HostNames()
    for address in ("192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.3", "192.0.2.2", "192.0.2.1"):
        await names(address)
    assert resolver.asked == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"]
