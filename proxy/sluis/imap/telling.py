"""Responses that tell of a message: its octets go to the client clean, and all else in the response as it came.

A response is gathered whole before a word of it goes on, and while it is cleaned the next may be gathered. Octets that
are too many to be held flow by; what stands before and behind them is told as two responses of which the client sees
one. What is not understood, or is too long and cannot flow, goes on as it came, and is counted, if the operator wants
that (`fail: open`). What there is no room for does not: it is withheld, and the command ends with a NO.
"""

from collections.abc import Coroutine

from sluis.edge.pool import CleaningError
from sluis.imap.cleaning import SHORT
from sluis.imap.exchange import Exchange, Hear
from sluis.imap.fetch import answer
from sluis.imap.flow import END, Flow
from sluis.imap.gathered import Gathered
from sluis.imap.items import Items, WithheldError, tells
from sluis.imap.link import Link
from sluis.imap.outbox import Outbox
from sluis.imap.room import Share
from sluis.imap.service import Service
from sluis.imap.wire import Line, Octets

HELD = 262_144  # octets of a literal that are held; more of them flow by if they can
_TAIL = 1024  # octets that may follow a literal without a need for more room


class Telling:
    """Passes on what `server` tells of messages to `client`."""

    def __init__(self, service: Service, exchange: Exchange, server: Link, client: Link, session: str) -> None:
        self._service = service
        self._exchange = exchange
        self._server = server
        self._client = client
        self._items = Items(service, exchange, session)
        self._limit = service.largest
        self._outbox = Outbox(client)
        self._flow = Flow(service, exchange, server, client, self._items)

    async def __call__(self, line: Line) -> None:
        """Pass on the FETCH response that `line` begins. Raises Gone, ConnectionError, TimeoutError."""
        if self._exchange.step and self._exchange.step.hear:
            await self._overhear(line, self._exchange.step.hear)
        elif line.last and not tells(line.octets):
            self._exchange.sizes.hear(line.octets)
            if self._outbox.idle:
                await self._client.write(line.octets)
            else:
                await self._outbox.put(line.octets, Share(self._exchange.portion))
        else:
            await self._tell(line)

    async def told(self) -> None:
        """Return once the client was told all of it. Raises ConnectionError, TimeoutError."""
        await self._outbox.empty()
        self._items.keep()

    async def close(self) -> None:
        """Tell no more."""
        await self._outbox.close()

    async def _tell(self, line: Line) -> None:
        told = Gathered(Share(self._exchange.portion))
        waits = False
        try:
            await self._read(told, line)
            waits = not told.passing and await self._send(told)
        except WithheldError as error:
            told.share.hold(0)
            await self._withhold(told, error)
        finally:
            if not waits:
                told.share.hold(0)

    async def _read(self, told: Gathered, line: Line) -> None:
        """Take in the response that `line` begins."""
        event: Line | Octets = line
        while True:
            told.ended = isinstance(event, Line) and event.last
            octets = told.joins(event.octets) if isinstance(event, Line) else event.octets
            size = event.literal.size if isinstance(event, Line) and event.literal else 0
            if not (size and await self._too_long(told, octets, size) and await self._flow(told, octets, size)):
                await self._gather(told, octets, size)
            if told.ended:
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
            try:
                self._items.passed(error.stage, error.reason)
            except WithheldError as withheld:
                return self._without(told, withheld)
        return b"".join((head, raw, tail))

    async def _response(self, told: Gathered, *, more: bool) -> bytes:
        """A response, clean, so far as the client has not heard it."""
        try:
            return told.untold(await self._items.cleaned(told.flat, told.seen, more=more))
        except WithheldError as withheld:
            return self._without(told, withheld)

    def _without(self, told: Gathered, withheld: WithheldError) -> bytes:
        """What of a response is told without the message: its end, if the client has heard its beginning, or flags."""
        self._exchange.withhold(withheld.why)
        found = answer(told.flat) if told.ended and not told.lead else None
        return END if told.lead else found.news() if found else b""

    async def _withhold(self, told: Gathered, withheld: WithheldError) -> None:
        """Let the rest of a response come to nothing; where the client waits for it, part from it."""
        await self.told()
        if told.within:
            raise ConnectionAbortedError("a message could not be told to its end")
        while not told.ended:
            event = await self._server.next()
            told.ended = isinstance(event, Line) and event.last
        await self._client.write(self._without(told, withheld))

    async def _gather(self, told: Gathered, octets: bytes, size: int) -> None:
        """Keep `octets`, behind which a literal of `size` comes, or let them pass if that is too much to keep."""
        held = told.octets + len(octets)
        if not told.passing and held + size > self._limit:
            await self.told()
            self._items.passed("size", "message")
            told.passing = True
            await self._client.write(told.untold(told.flat))
        if told.passing:
            await self._client.write(octets)
        else:
            await self._items.room(told.share, held + (size + _TAIL if size <= HELD else 0))
            told.gathers(octets)

    async def _too_long(self, told: Gathered, octets: bytes, size: int) -> bool:
        """Whether the literal that `octets` announce is better not held, be it for want of room just now."""
        held = told.octets + len(octets) + size
        may = not told.passing and size <= HELD and held <= self._limit
        if told.passing or (may and told.share.hold(held + _TAIL)):
            return False
        await self.told()  # all else that this session has is given back then
        self._exchange.known.drop()
        return not (may and told.share.hold(held + _TAIL))

    async def _overhear(self, line: Line, hear: Hear) -> None:
        """Keep an answer to a question of our own from the client, but for flags that came along."""
        await self.told()
        flat, whole = bytearray(), True
        event: Line | Octets = line
        with self._exchange.portion.share() as share:
            while True:
                held = len(flat) + len(event.octets)
                whole = whole and held <= self._limit and await share.wait(held)
                flat += event.octets if whole else b""
                if isinstance(event, Line) and event.last:
                    break
                event = await self._server.next()
            found = answer(bytes(flat)) if whole else None
            if found:
                hear(found)
                await self._client.write(found.news())
