"""Many clients that hardly send: others are served as if they were not there, and in the end they are parted from.

`SLUIS_SLOW=1000` asks for so many at an octet in ten seconds each, until the least rate parts them, and holds how long
others wait against the same without them; in every run there are fewer, and no clock is asked.
"""

import asyncio
import os
import smtplib
import time
from pathlib import Path

import psutil
from tests.chaos.crowd import BODY
from tests.integration.gate import Gate, gate
from tests.integration.process import Server
from tests.smtp.stage import Player

from sluis.config import Endpoint
from sluis.smtp.server import DRIP_TIMEOUT

LONG = "SLUIS_SLOW" in os.environ
SLOW = int(os.environ.get("SLUIS_SLOW", "250"))
PAUSE = 10.0 if LONG else 1.0  # seconds between two octets of a slow client
ALLOWED = DRIP_TIMEOUT if LONG else 6.0  # seconds until it is parted from
GOOD = 200 if LONG else 30  # messages of the good client
EACH = 131_072  # octets of memory for a slow client, whatever it sends


async def slow(port: int) -> Player:
    """A client within a message."""
    client = await Player.connect(Endpoint("127.0.0.1", port))
    assert (await client.reply())[:3] == "220"
    for line, code in (("EHLO slow.example", "250"), ("MAIL FROM:<a@sender.example>", "250")):
        assert (await client.asks(line))[:3] == code
    assert (await client.asks("RCPT TO:<b@reader.example>"))[:3] == "250"
    assert (await client.asks("DATA"))[:3] == "354"
    return client


async def drips(client: Player) -> bytes:
    """Send an octet now and then; what is said before the gate has left."""
    leaving = asyncio.create_task(client.is_left(ALLOWED + 30))
    while not leaving.done():
        try:
            await client.sends(b"x")
        except ConnectionError:
            break
        await asyncio.wait([leaving], timeout=PAUSE)
    return await leaving


def good(port: int) -> list[float]:
    """Seconds that each message of one client took, from MAIL to the last reply; each is taken."""
    took: list[float] = []
    with smtplib.SMTP("127.0.0.1", port, timeout=60) as client:
        client.sendmail("a@sender.example", ["b@reader.example"], BODY)
        for _ in range(GOOD):
            began = time.perf_counter()
            client.sendmail("a@sender.example", ["b@reader.example"], BODY)
            took.append(time.perf_counter() - began)
    return sorted(took)


def held(front: Gate) -> int:
    """Octets of memory that the gate has."""
    return int(psutil.Process(front.server.pid).memory_info().rss)


async def test_slow_clients_hold_up_nobody_and_are_parted_from(keeper: tuple[Server, int, Path]) -> None:
    _, port, _ = keeper
    many = {"max_connections": SLOW + 10, "max_connections_per_address": SLOW + 10}
    if not LONG:
        many["data_timeout"] = int(ALLOWED)
    with gate(f"smtp://127.0.0.1:{port}", many) as front:
        alone, before = await asyncio.to_thread(good, front.port), held(front)
        crowd = [asyncio.create_task(drips(await slow(front.port))) for _ in range(SLOW)]
        among, after = await asyncio.to_thread(good, front.port), held(front)
        there = sum(not each.done() for each in crowd)
        farewells = await asyncio.gather(*crowd)
    assert {farewell[:4] for farewell in farewells} == {b"421 "}
    assert after - before < SLOW * EACH
    p99 = [each[int(len(each) * 0.99)] * 1000 for each in (alone, among)]
    print(
        f"{SLOW} slow: p99 {p99[0]:.1f} ms alone, {p99[1]:.1f} among them; {(after - before) // SLOW} octets for each"
    )
    if LONG:
        assert there == SLOW  # until the good one had done
        assert p99[1] < 2 * p99[0]
