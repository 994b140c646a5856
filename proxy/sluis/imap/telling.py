"""Responses that tell of a message: its octets go to the client clean, and all else in the response as it came.

A response is gathered whole before a word of it goes on, and while it is cleaned the next may be gathered. Octets that
are too many to be held flow by; what stands before and behind them is told as two responses of which the client sees
one. What is not understood, or is too long and cannot flow, goes on as it came, and is counted.
"""

import re
from collections.abc import Coroutine
from functools import partial

from sluis.edge.memory import Share
from sluis.edge.pool import CleaningError
from sluis.imap.cleaning import SHORT
from sluis.imap.exchange import Exchange, Hear
from sluis.imap.fetch import HEAD, answer, without_whole
from sluis.imap.gathered import Gathered
from sluis.imap.items import Items, Seen, tells
from sluis.imap.link import Link
from sluis.imap.outbox import Outbox
from sluis.imap.passage import Passage, PiecePassage, WholePassage
from sluis.imap.section import Section
from sluis.imap.service import Service
from sluis.imap.wire import Line, Octets

PATIENCE = 10.0  # seconds for others to give room back, before a message goes on as it came
HELD = 262_144  # octets of a literal that are held; more of them flow by if they can
_END = b")\r\n"
_LONGEST_NAME = 256
_ANNOUNCED = re.compile(rb"[( ]([A-Za-z0-9.]++(?:\[[^\]\r\n]*+\])?(?:<[0-9]++>)?) ~?\{[0-9]++\}\r?\n\Z")


class Telling:
    """Passes on what `server` tells of messages to `client`."""

    def __init__(self, service: Service, exchange: Exchange, server: Link, client: Link, session: str) -> None:
        self._service = service
        self._exchange = exchange
        self._server = server
        self._client = client
        self._items = Items(service, exchange, session)
        self._limit = service.imap.message_size_limit
        self._outbox = Outbox(client)

    async def __call__(self, line: Line) -> None:
        """Pass on the FETCH response that `line` begins. Raises Gone, ConnectionError, TimeoutError."""
        if self._exchange.step and self._exchange.step.hear:
            await self._overhear(line, self._exchange.step.hear)
        elif line.last and not tells(line.octets):
            self._exchange.sizes.hear(line.octets)
            if self._outbox.idle:
                await self._client.write(line.octets)
            else:
                await self._outbox.put(line.octets, Share(self._service.memory))
        else:
            await self._tell(line)

    async def told(self) -> None:
        """Return once the client was told all of it. Raises ConnectionError, TimeoutError."""
        await self._outbox.empty()

    async def close(self) -> None:
        """Tell no more."""
        await self._outbox.close()

    async def _tell(self, line: Line) -> None:
        told = Gathered(Share(self._service.memory))
        waits = False
        try:
            await self._read(told, line)
            waits = not told.passing and await self._send(told)
        finally:
            if not waits:
                told.share.hold(0)

    async def _read(self, told: Gathered, line: Line) -> None:
        """Take in the response that `line` begins."""
        event: Line | Octets = line
        while True:
            octets = told.joins(event.octets) if isinstance(event, Line) else event.octets
            size = event.literal.size if isinstance(event, Line) and event.literal else 0
            if not (size and await self._flows(told, octets, size)):
                await self._gather(told, octets, size)
            if isinstance(event, Line) and event.last:
                return
            event = await self._server.next(whole=0 if told.passing else HELD)

    async def _send(self, told: Gathered) -> bool:
        """Tell the client a response that is held, or whether it waits to be clean while the next may come in."""
        plain = told.plain and not self._exchange.plan
        more = self._server.framer.held > 0 or not self._outbox.idle
        made: bytes | Coroutine[None, None, bytes]
        if plain and (known := self._service.remembered(told.pieces[1])):
            made = b"".join((told.pieces[0], known.raw, told.pieces[2]))
        else:
            made = self._message_alone(told, more=more) if plain else self._response(told, more=more)
        if self._outbox.idle and (isinstance(made, bytes) or not more or told.octets < SHORT):
            await self._client.write(made if isinstance(made, bytes) else await made)
            return False
        await self._outbox.put(made, told.share)
        return True

    async def _message_alone(self, told: Gathered, *, more: bool) -> bytes:
        """A response that is one message, clean, or as it came where that fails."""
        head, raw, tail = told.pieces
        try:
            raw = (await self._service.clean_message(raw, more=more)).raw
        except CleaningError as error:
            self._items.passed(error.stage, error.reason)
        return b"".join((head, raw, tail))

    async def _response(self, told: Gathered, *, more: bool) -> bytes:
        """A response, clean, so far as the client has not heard it."""
        return told.untold(await self._items.cleaned(told.flat, told.seen, more=more))

    async def _gather(self, told: Gathered, octets: bytes, size: int) -> None:
        """Keep `octets`, behind which a literal of `size` comes, or let them pass if that is too much to keep."""
        held = told.octets + len(octets)
        if not told.passing and (reason := await self._too_much(told, held, size)):
            await self.told()
            told.passing = True
            self._items.passed("size", reason)
            await self._client.write(told.untold(told.flat))
        if told.passing:
            await self._client.write(octets)
        else:
            told.gathers(octets)

    async def _too_much(self, told: Gathered, held: int, size: int) -> str | None:
        """Why a response cannot be held, which has so many octets with a literal of `size` to come; None if it can."""
        if held + size > self._limit:
            return "message"
        room = await told.share.wait(held + (size if size <= HELD else 0), PATIENCE)
        return None if room else "memory"

    async def _flows(self, told: Gathered, octets: bytes, size: int) -> bool:
        """Let the literal flow by that `octets` announce, if it is long and its item can do without the others."""
        if told.passing or (size <= HELD and told.octets + len(octets) + size <= self._limit):
            return False
        flat = told.flat + octets
        announced = _ANNOUNCED.search(flat, max(0, len(flat) - _LONGEST_NAME))
        section = Section.read(announced[1]) if announced else None
        if not announced or not section:
            return False
        await self.told()
        plan = self._exchange.plan
        if section.whole and plan and plan.ours:
            return await self._flows_unheard(told, flat, size)
        start = announced.start() + announced[0].startswith(b"(")
        before = flat[:start] + _END
        piece = self._piece(before, section)
        if not (section.whole or piece) or (section.whole and self._awaits(before)):
            return False
        before = (await self._items.cleaned(before, told.seen)).removesuffix(_END)
        await self._client.write(told.untold(before) + flat[start:])
        if piece:
            await self._pass(piece, size, heard=True)
        else:
            await self._message(size, heard=True)
        head = HEAD.match(flat)
        told.lead = head[0] if head else b""
        told.begins(told.lead)
        told.opened, told.owed = True, b""
        return True

    async def _flows_unheard(self, told: Gathered, flat: bytes, size: int) -> bool:
        """Let the message flow by that we asked for, and take its item out of the response."""
        kept = without_whole(flat)
        if kept is None:
            return False
        told.begins(kept)
        told.opened = kept.endswith(b"(")
        told.seen = Seen((await self._message(size, heard=False)).places())
        return True

    def _piece(self, before: bytes, section: Section) -> PiecePassage | None:
        """How a piece of a message flows, if the message is known."""
        found = answer(before)
        over = self._items.known(found) if found and section.rests else None
        begin = over.begins.get(section.name, None if over.changes else 0) if over else None
        return PiecePassage(over, begin + (section.origin or 0)) if over and begin is not None else None

    @staticmethod
    def _awaits(before: bytes) -> bool:
        """Whether pieces of the message stand before it, which cannot be told before it was seen."""
        found = answer(before)
        return found is not None and any(section.rests for _, section in found.texts())

    async def _message(self, size: int, *, heard: bool) -> WholePassage:
        """Let a message flow by, to the client if it is to be `heard`."""
        with self._service.memory.share() as share:
            passage = WholePassage(self._service.clean, self._limit, partial(share.wait, patience=PATIENCE))
            await self._pass(passage, size, heard=heard)
        if report := passage.account():
            self._service.count(passage.header, report, passage.seconds)
        return passage

    async def _pass(self, passage: Passage, size: int, *, heard: bool) -> None:
        left = size
        while left:
            octets = (await self._server.next()).octets
            left -= len(octets)
            out = await passage.feed(octets)
            if heard and out:
                await self._client.write(out)
        out = await passage.end()
        if heard:
            await self._client.write(out)
            if passage.failure:
                self._items.passed(passage.failure.stage, passage.failure.reason)

    async def _overhear(self, line: Line, hear: Hear) -> None:
        """Keep an answer to a question of our own from the client, but for flags that came along."""
        await self.told()
        flat, whole = bytearray(), True
        event: Line | Octets = line
        with self._service.memory.share() as share:
            while True:
                held = len(flat) + len(event.octets)
                whole = whole and held <= self._limit and await share.wait(held, PATIENCE)
                flat += event.octets if whole else b""
                if isinstance(event, Line) and event.last:
                    break
                event = await self._server.next()
            found = answer(bytes(flat)) if whole else None
            if found:
                hear(found)
                await self._client.write(found.news())
