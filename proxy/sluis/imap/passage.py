"""Octets that are too many to be held, cleaned on their way to the client: a message as it is read, or a piece of one.

A message gives what cleaning must see to the cleaner as soon as a part comes that nobody reads, and that part flows by.
So no more is held than the texts, and what went on came out as it does in `clean` of the whole. Where that ends, since
there is too much text or the cleaner fails, the rest goes on as it came, and `failure` says why.
"""

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from sluis.clean import reads
from sluis.edge.pool import CleaningError
from sluis.imap.overlay import Change, Overlay, overlay
from sluis.imap.places import AtHand, Places
from sluis.message.skim import Skim
from sluis.report import Cleaned, Report

Clean = Callable[[bytes], Awaitable[Cleaned]]
Room = Callable[[int], Awaitable[None]]


async def _endless(octets: int) -> None:
    pass


class Passage(Protocol):
    """A literal under way. What it gives, put end to end, is as long as what it was given."""

    failure: CleaningError | None

    async def feed(self, octets: bytes) -> bytes:
        """Go on with `octets`; what may be told of them and of those before."""

    async def end(self) -> bytes:
        """Nothing follows: what was not told yet."""


class WholePassage:
    """The way of a whole message, of which up to `limit` octets are held; `room` raises where it has none for them."""

    def __init__(self, clean: Clean, limit: int, room: Room = _endless) -> None:
        self._report: Report | None = None
        self.header = b""
        """What of the message has its header in it, once there is a report."""
        self.seconds = 0.0
        """How long cleaning took."""
        self.failure: CleaningError | None = None
        self._clean = clean
        self._limit = limit
        self._room = room
        self._skim = Skim(reads)
        self._done = 0  # octets of what is kept that were told
        self._passed = 0
        self._gaps = [(0, 0)]  # from which octet of what is kept on how many have passed before it
        self._changes: list[Change] = []

    async def feed(self, octets: bytes) -> bytes:
        """See Passage."""
        if self.failure:
            return octets
        passing = self._skim.feed(octets)
        out = await self._settle(self._skim.settled, passing) if passing else b""
        if len(self._skim.kept) > self._limit:
            self.failure = CleaningError("size", "message")
        elif not self.failure:
            await self._room(len(self._skim.kept))
        return out + self._rest() if self.failure else out

    async def end(self) -> bytes:
        """See Passage."""
        if self.failure:
            return b""
        passing = self._skim.end()
        return await self._settle(len(self._skim.kept), passing)

    async def _settle(self, end: int, passing: bytes) -> bytes:
        """What was kept up to `end`, clean, and what passes behind it."""
        out = await self._cleaned(bytes(self._skim.kept[:end])) if end > self._done else b""
        self._done = end
        self._passed += len(passing)
        if self._gaps[-1][0] == end:
            self._gaps.pop()
        self._gaps.append((end, self._passed))
        return out + passing

    async def _cleaned(self, raw: bytes) -> bytes:
        before = after = raw[self._done :]
        started = time.perf_counter()
        try:
            cleaned = await self._clean(raw)
        except CleaningError as error:
            self.failure = error
        else:
            self.seconds += time.perf_counter() - started
            self._report, after = cleaned.report, cleaned.raw[self._done :]
            self.header = self.header or raw
            begin = self._done + self._passed
            self._changes += [replace(each, start=begin + each.start) for each in overlay(before, after).changes]
        return after

    def _rest(self) -> bytes:
        """What is held, as it came."""
        rest = bytes(self._skim.kept[self._done :]) + self._skim.end()
        self._skim.kept.clear()
        return rest

    def account(self) -> Report | None:
        """What was done to the message, its octets counted whole; None if nothing was."""
        report, passed = self._report, self._passed
        return report and replace(report, bytes_in=report.bytes_in + passed, bytes_out=report.bytes_out + passed)

    def places(self) -> Places | None:
        """Where its sections are, and what was changed; None if the message did not come clean to its end."""
        if self.failure:
            return None
        return Places(AtHand(bytes(self._skim.kept), self._gaps), Overlay(tuple(self._changes)))


class PiecePassage:
    """The way of a piece that begins at `start` of a message of which is known what cleaning changes."""

    def __init__(self, over: Overlay, start: int) -> None:
        self.failure: CleaningError | None = None
        self._over = over
        self._position = start

    async def feed(self, octets: bytes) -> bytes:
        """See Passage."""
        clean = None if self.failure else self._over.over(octets, self._position)
        self._position += len(octets)
        if clean is None:
            self.failure = CleaningError("parse", "place")
        return octets if clean is None else clean

    async def end(self) -> bytes:
        """See Passage."""
        return b""
