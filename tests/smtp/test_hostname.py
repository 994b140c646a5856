"""Names of addresses, from the resolver of the machine."""

import socket

import pytest

from sluis.smtp import hostname
from sluis.smtp.client import UNKNOWN, UNKNOWN_FOR_NOW


async def test_a_name_leads_back_to_its_address() -> None:
    name = await hostname.host_name("127.0.0.1")
    assert "127.0.0.1" in {entry[4][0] for entry in socket.getaddrinfo(name, None)}


@pytest.mark.parametrize("address", ["local", "192.0.2.1"])
async def test_what_has_no_name_is_said_to_have_none(address: str) -> None:
    assert await hostname.host_name(address) in {UNKNOWN, UNKNOWN_FOR_NOW}


async def test_a_name_that_leads_elsewhere_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getnameinfo", lambda *_: ("localhost", "0"))
    assert await hostname.host_name("192.0.2.1") == UNKNOWN


async def test_nobody_waits_long_for_a_resolver() -> None:
    assert await hostname.host_name("127.0.0.1", patience=0) == UNKNOWN_FOR_NOW
