"""Who the client is, written for a server and read from a peer."""

import asyncio
from dataclasses import replace

import pytest
from aiosmtpd.proxy_protocol import get_proxy
from hypothesis import given
from hypothesis import strategies as st

from sluis.config.address import network
from sluis.smtp.client import XCLIENT, Client, announced, commands, header, told

CLIENT = Client("192.0.2.7", 40_000, "198.51.100.1", 25, "mail.example", name="mail.example")


async def read(octets: bytes, client: Client) -> Client | None:
    """What `client` is after `octets` have come from it."""
    reader = asyncio.StreamReader()
    reader.feed_data(octets)
    reader.feed_eof()
    return announced(client, await get_proxy(reader))


@pytest.mark.parametrize(
    ("client", "offered", "expected"),
    [
        (
            CLIENT,
            XCLIENT,
            [
                (
                    b"NAME=mail.example ADDR=192.0.2.7 PORT=40000 PROTO=ESMTP HELO=mail.example LOGIN=[UNAVAILABLE] "
                    b"DESTADDR=198.51.100.1 DESTPORT=25"
                )
            ],
        ),
        (CLIENT, ["ADDR", "FUTURE"], [b"ADDR=192.0.2.7"]),
        (CLIENT, [], []),
        (
            Client("2001:db8::1"),
            ["NAME", "ADDR", "PORT"],
            [b"NAME=[UNAVAILABLE] ADDR=IPV6:2001:db8::1 PORT=[UNAVAILABLE]"],
        ),
        (Client("::ffff:192.0.2.7", extended=False), ["ADDR", "PROTO"], [b"ADDR=192.0.2.7 PROTO=SMTP"]),
        (Client("local", helo="two words"), ["ADDR", "HELO"], [b"ADDR=[UNAVAILABLE] HELO=[UNAVAILABLE]"]),
        (Client("192.0.2.7", login="a+b=c d\u00e9"), ["LOGIN"], [b"LOGIN=a+2Bb+3Dc+20d+C3+A9"]),
    ],
)
def test_a_server_is_told_what_it_asks_for(client: Client, offered: list[str], expected: list[bytes]) -> None:
    assert list(commands(client, offered)) == expected


def test_a_long_introduction_takes_several_commands() -> None:
    client = Client("192.0.2.7", helo="h" * 255, login="l" * 255, name="n" * 255)
    lines = list(commands(client, XCLIENT))
    assert len(lines) == 3
    assert all(len(line) <= 512 for line in lines)
    after = Client("127.0.0.1")
    for line in lines:
        after = told(after, line) or after
    assert after == client


@pytest.mark.parametrize(
    ("argument", "expected"),
    [
        (b"ADDR=192.0.2.9", replace(CLIENT, address="192.0.2.9")),
        (b"addr=IPv6:2001:DB8::2 port=7", replace(CLIENT, address="2001:db8::2", port=7)),
        (b"NAME=[UNAVAILABLE] HELO=[UNAVAILABLE]", replace(CLIENT, name="[UNAVAILABLE]")),
        (b"PROTO=SMTP LOGIN=a+20b", replace(CLIENT, extended=False, login="a b")),
        (b"ADDR=nobody", None),
        (b"ADDR=127.1", None),
        (b"PORT=65536", None),
        (b"PORT=-1", None),
        (b"COLOUR=blue", None),
        (b"NAME", None),
        (b"HELO=a+0D+0Ab", None),
    ],
)
def test_a_peer_is_read_or_refused(argument: bytes, expected: Client | None) -> None:
    assert told(CLIENT, argument) == expected


@given(st.binary(max_size=60))
def test_nothing_a_peer_says_raises(argument: bytes) -> None:
    told(CLIENT, argument)
    told(CLIENT, b"NAME=" + argument)
    told(CLIENT, b"ADDR=" + argument)


addresses = st.ip_addresses().map(str)
clients = st.builds(Client, addresses, st.integers(1, 65_535), addresses, st.integers(1, 65_535))


@given(clients)
def test_a_proxy_header_is_read_as_it_was_meant(client: Client) -> None:
    """By aiosmtpd, which others wrote; two families in one header are IPv6 with one address mapped."""
    after = asyncio.run(read(header(client), Client("127.0.0.1")))
    assert after is not None
    assert (after.port, after.to_port) == (client.port, client.to_port)
    assert after.within([network(client.address)])
    assert Client(after.to_address).within([network(client.to_address)])


def test_the_octets_of_a_proxy_header() -> None:
    signature = b"\r\n\r\n\x00\r\nQUIT\n"
    assert header(None) == signature + b"\x20\x00\x00\x00"
    assert header(Client("local")) == signature + b"\x20\x00\x00\x00"
    assert (
        header(CLIENT) == signature + b"\x21\x11\x00\x0c" + bytes([192, 0, 2, 7, 198, 51, 100, 1]) + b"\x9c\x40\x00\x19"
    )


@pytest.mark.parametrize(
    ("octets", "address"),
    [
        (b"PROXY TCP4 192.0.2.7 198.51.100.1 40000 25\r\n", "192.0.2.7"),
        (b"PROXY TCP6 2001:db8::1 2001:db8::2 40000 25\r\n", "2001:db8::1"),
        (b"PROXY UNKNOWN\r\n", "127.0.0.1"),
        (header(None), "127.0.0.1"),
        (b"PROXY TCP4 192.0.2.7\r\n", None),
        (b"EHLO sender.example\r\n", None),
        (header(CLIENT)[:20], None),
    ],
)
async def test_a_balancer_says_for_whom_it_connects(octets: bytes, address: str | None) -> None:
    client = await read(octets, Client("127.0.0.1"))
    assert (client and client.address) == address


@pytest.mark.parametrize(
    ("address", "networks", "inside"),
    [
        ("127.0.0.1", ["127.0.0.0/8"], True),
        ("::ffff:127.0.0.1", ["127.0.0.1"], True),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("2001:db8::1", ["::ffff:0:0/96", "192.0.2.0/24"], False),
        ("local", ["0.0.0.0/0", "::/0"], False),
    ],
)
def test_a_network_holds_an_address_however_it_is_written(address: str, networks: list[str], inside: bool) -> None:
    assert Client(address).within(map(network, networks)) is inside
