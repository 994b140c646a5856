"""Sessions of the IMAP gate without a network: who says what in which order is fuzzed, on one side or on both.

The cleaner makes `spy` of any length-keeping change `xxx`, so that it is seen what of a message was told uncleaned.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import cast
from unittest.mock import patch

from structlog.testing import capture_logs

from sluis.config import ImapSection
from sluis.edge.admission import Admission
from sluis.edge.pool import Pool
from sluis.envelope import Envelope
from sluis.imap import room
from sluis.imap.cleaning import Cleaner
from sluis.imap.command import REFUSED, Command, ask, tag, tells
from sluis.imap.exchange import Exchange
from sluis.imap.fetch import answer
from sluis.imap.known import Known, Shelf
from sluis.imap.link import Gone, Link
from sluis.imap.replies import Replies
from sluis.imap.requests import Requests
from sluis.imap.room import Portion, Room
from sluis.imap.service import Service
from sluis.imap.upstream import Upstream
from sluis.imap.wire import Framer, Line
from sluis.metrics import Metrics
from sluis.report import Cleaned, Report, Verdict

SWITCH = b"\x01"
"""Stands between what one side says and what the other says then."""

_METRICS = Metrics(edges=("imap",))


@dataclass(frozen=True, slots=True)
class Heard:
    """What came to whom of a dialogue, and the session's state behind it."""

    client: bytes
    server: bytes
    left: int


class _Wire(asyncio.Transport):
    """A connection that takes all at once."""

    def __init__(self) -> None:
        super().__init__({"peername": ("192.0.2.1", 1)})
        self.octets = bytearray()

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.octets += data

    def get_write_buffer_size(self) -> int:
        return 0

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def abort(self) -> None:
        pass


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def _cleaned(raw: bytes, envelope: Envelope) -> Cleaned:
    if b"fail" in raw:
        raise ValueError
    clean = raw.replace(b"spy", b"xxx")
    return Cleaned(clean, Report(Verdict.CLEAN, None, len(raw), len(clean)))


@cache
def _section(limit: int) -> ImapSection:
    return ImapSection(message_size_limit=limit)


def played(turns: list[tuple[bool, bytes]], *, closed: bool, scarce: bool, limit: int) -> Heard:
    """The dialogue `turns`, in each of which the server speaks or the client; `scarce`: there is little room."""
    with capture_logs(), patch.object(room, "PATIENCE", 0.0):
        return _loop().run_until_complete(_played(turns, closed=closed, scarce=scarce, limit=limit))


async def _played(turns: list[tuple[bool, bytes]], *, closed: bool, scarce: bool, limit: int) -> Heard:
    there = Room(4096 if scarce else 1 << 30, 4)
    service = Service(
        imap=_section(limit),
        upstream=cast("Upstream", None),
        cleaner=Cleaner(_cleaned, cast("Pool", None), 1 << 30, 1 << 16, whole=closed),
        metrics=_METRICS,
        starttls=None,
        admission=Admission(1, 1),
        shelf=Shelf(1 << 16),
        room=there,
        closed=closed,
    )
    left = there.left
    exchange = Exchange(Known(service.shelf), Portion(there, "ann"))
    client, server = Link(60.0, server=False), Link(60.0, server=True)
    wires = _Wire(), _Wire()
    for link, wire in zip((client, server), wires, strict=True):
        link.connection_made(wire)
    replies = Replies(service, exchange, server, client, "session")
    requests = Requests(service, exchange, server, client, replies)
    works = [asyncio.create_task(replies.run()), asyncio.create_task(requests.run())]
    for from_server, octets in turns:
        (server if from_server else client).data_received(octets)
        await _settled()
    assert len(exchange._pending) <= 256
    server.connection_lost(None)
    await _settled()
    client.connection_lost(None)
    await _settled()
    for work in works:
        work.cancel()
    for end in await asyncio.gather(*works, return_exceptions=True):
        assert isinstance(end, Gone | OSError | asyncio.CancelledError), end
    assert len(asyncio.all_tasks()) == 1
    return Heard(bytes(wires[0].octets), bytes(wires[1].octets), there.left - left)


async def _settled() -> None:
    """Return when nobody has anything to do but wait for what comes in."""
    loop = asyncio.get_running_loop()
    idle = 0
    while idle < 3:
        await asyncio.sleep(0)
        idle = 0 if loop._ready else idle + 1  # type: ignore[attr-defined]


def responses(said: bytes) -> Iterator[bytes]:
    """The responses that came to their end, each whole."""
    framer, response = Framer(server=True), bytearray()
    framer.feed(said)
    while event := framer.next():
        response += event.octets
        if isinstance(event, Line) and event.last:
            yield bytes(response)
            response.clear()


def telling(data: bytes) -> None:
    """A server speaks to a client who asks for nothing: what has nothing to be cleaned in it passes to the octet."""
    head, said = data[:1] or b"\0", data[1:]
    closed, scarce, cut = bool(head[0] & 1), bool(head[0] & 2), 1 + (head[0] >> 2) * 8
    turns = [(True, said[start : start + cut]) for start in range(0, len(said), cut)]
    heard = played(turns, closed=closed, scarce=scarce, limit=1 << 20)
    assert heard.left == 0
    assert heard.server == b""
    clean = not (closed or scarce)
    if clean and b"spy" not in said and b"capability" not in said.lower():
        whole = b"".join(responses(said))
        assert said.startswith(heard.client)
        assert heard.client.startswith(whole)
    if closed:
        _no_spy(heard.client)


def _no_spy(heard: bytes) -> None:
    """What cannot be cleaned is not told: no message that comes to its end has it."""
    for response in responses(heard):
        found = answer(response)
        for item, section in found.texts() if found else ():
            assert not (section.whole and b"spy" in item.octets(response)), response


def dialogue(data: bytes) -> None:
    """Both sides speak by turns: no answer is made up, and what goes to the server is commands to the letter."""
    head, said = data[:1] or b"\0", data[1:]
    closed, scarce, small = bool(head[0] & 1), bool(head[0] & 2), bool(head[0] & 4)
    turns = [(bool(index % 2), octets) for index, octets in enumerate(said.split(SWITCH))]
    asked, told = (b"".join(octets for side, octets in turns if side is who) for who in (False, True))
    heard = played(turns, closed=closed, scarce=scarce, limit=64 if small else 1 << 20)
    assert heard.left == 0
    ends = {response.rstrip(b"\r\n") for response in responses(told)}
    tags = {tag(line) for line in asked.split(b"\n")}
    for response in responses(heard.client):
        if response[:1] not in b"*+" and b"apability" not in response.lower():
            assert response.rstrip(b"\r\n") in ends or tag(response) in tags, response
    if closed:
        _no_spy(heard.client)
    upper = asked.upper()
    if b"{" not in asked and b"AUTHENTICATE" not in upper and b"IDLE" not in upper:
        for line in heard.server.split(b"\n")[:-1]:
            _letter(line + b"\n")
    if heard.client == told and not any(word in upper for word in (b"FETCH", b"NOTIFY", b"IDLE")):
        assert asked.startswith(heard.server)


def _letter(line: bytes) -> None:
    command = Command.read(line)
    assert command or not line.strip(), line
    assert not command or command.verb not in REFUSED
    if command and command.verb == b"FETCH" and tells(line):
        asked = ask(line, command.at)
        assert asked
        assert not asked.binary
