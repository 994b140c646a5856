"""Octets of a message that flow by in a response: to the client, clean, or past it, if the gate has asked for them.

What stands before and behind them is told as two responses of which the client sees one. The first of them it hears
with the first octets that are clean, so that until then it can be told that there will be none.
"""

import re
from functools import partial

from sluis.imap.exchange import Exchange
from sluis.imap.fetch import HEAD, answer, without_whole
from sluis.imap.gathered import Gathered
from sluis.imap.items import Items, Seen
from sluis.imap.link import Link
from sluis.imap.passage import Passage, PiecePassage, WholePassage
from sluis.imap.section import Section
from sluis.imap.service import Service

END = b")\r\n"
_LONGEST_NAME = 256
_ANNOUNCED = re.compile(rb"[( ]([A-Za-z0-9.]++(?:\[[^\]\r\n]*+\])?(?:<[0-9]++>)?) ~?\{[0-9]++\}\r?\n\Z")


class Flow:
    """Lets octets from `server` flow to `client`, who has been told all before them."""

    def __init__(self, service: Service, exchange: Exchange, server: Link, client: Link, items: Items) -> None:
        self._service = service
        self._exchange = exchange
        self._server = server
        self._client = client
        self._items = items

    async def __call__(self, told: Gathered, octets: bytes, size: int) -> bool:
        """Let the literal of `size` flow by that `octets` announce, if its item can do without the others.

        Raises WithheldError, and what the connections raise.
        """
        flat = told.flat + octets
        announced = _ANNOUNCED.search(flat, max(0, len(flat) - _LONGEST_NAME))
        section = Section.read(announced[1]) if announced else None
        if not announced or not section:
            return False
        plan = self._exchange.plan
        if section.whole and plan and plan.ours:
            return await self._unheard(told, flat, size)
        start = announced.start() + announced[0].startswith(b"(")
        before = flat[:start] + END
        piece = self._piece(before, section)
        if not (section.whole or piece) or (section.whole and self._awaits(before)):
            return False
        before = (await self._items.cleaned(before, told.seen)).removesuffix(END)
        opening = told.untold(before) + flat[start:]
        if piece:
            await self._pass(told, piece, size, opening)
        else:
            await self._message(told, size, opening)
        head = HEAD.match(flat)
        told.lead = head[0] if head else b""
        told.begins(told.lead)
        told.opened, told.owed, told.within = True, b"", False
        return True

    async def _unheard(self, told: Gathered, flat: bytes, size: int) -> bool:
        """Let the message flow by that we asked for, and take its item out of the response."""
        kept = without_whole(flat)
        if kept is None:
            return False
        told.begins(kept)
        told.opened = kept.endswith(b"(")
        told.seen = Seen((await self._message(told, size, None)).places())
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

    async def _message(self, told: Gathered, size: int, opening: bytes | None) -> WholePassage:
        """Let a message flow by; without an `opening` the client does not hear it."""
        with self._exchange.portion.share() as share:
            passage = WholePassage(self._service.clean, self._service.largest, partial(self._items.room, share))
            await self._pass(told, passage, size, opening)
        if report := passage.account():
            self._service.count(passage.header, report, passage.seconds)
        return passage

    async def _pass(self, told: Gathered, passage: Passage, size: int, opening: bytes | None) -> None:
        left, failed = size, False
        while True:
            octets = (await self._server.next()).octets if left else b""
            left -= len(octets)
            out = await (passage.feed(octets) if octets else passage.end())
            if passage.failure and opening is not None and not failed:
                failed = True
                self._items.passed(passage.failure.stage, passage.failure.reason)
            if out and opening is not None:
                await self._client.write(out if told.within else opening + out)
                told.within = True
            if not octets:
                return
