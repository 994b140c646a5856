"""The server's side of a session: every response goes to the client as it came, but for messages, which come clean.

A response that tells of a message's text is gathered whole before a word of it goes on; all others flow through. What
cannot be gathered (longer than the operator's limit) or not understood goes on as it came, and is counted.
"""

import asyncio
import ssl
import time

import structlog

from sluis.edge.pool import CleaningError
from sluis.imap.capability import BEFORE_TLS, offered
from sluis.imap.exchange import Exchange
from sluis.imap.fetch import HEAD, Answer, Item, answer, without_whole
from sluis.imap.link import Link
from sluis.imap.overlay import Overlay, Places, overlay
from sluis.imap.section import Section
from sluis.imap.service import EDGE, Service
from sluis.imap.wire import Line, Octets
from sluis.message.fields import fields
from sluis.report import Cleaned, Report, Verdict

_log = structlog.get_logger()


class Replies:
    """Passes on what `server` says to `client`."""

    def __init__(self, service: Service, exchange: Exchange, server: Link, client: Link, session: str) -> None:
        self._service = service
        self._exchange = exchange
        self._server = server
        self._client = client
        self._session = session
        self._speaking = asyncio.Lock()  # held while one response is told
        self._ours: tuple[bytes, ...] = BEFORE_TLS if service.starttls else ()

    async def run(self) -> None:
        """Pass on response after response. Raises Gone, ConnectionError, TimeoutError."""
        while True:
            line = await self._server.next()
            assert isinstance(line, Line)  # noqa: S101 (`response` leaves no literal behind)
            async with self._speaking:
                await self.response(line)

    async def say(self, response: bytes) -> None:
        """Tell the client something of our own, between two responses of the server."""
        async with self._speaking:
            await self._client.write(response)

    async def start_tls(self, response: bytes, context: ssl.SSLContext) -> None:
        """Tell the client that TLS begins, and begin it; nothing of the server's comes in between."""
        async with self._speaking:
            self._ours = ()
            await self._client.write(response)
            await self._client.start_tls(context)

    async def response(self, line: Line) -> None:
        """Pass on the response that `line` begins. Raises Gone, ConnectionError, TimeoutError."""
        if HEAD.match(line.octets):
            await self._message(line)
            return
        await self._client.write(offered(line.octets, self._ours) if line.last else line.octets)
        event: Line | Octets = line
        while not (isinstance(event, Line) and event.last):
            event = await self._server.next()
            await self._client.write(event.octets)
        self._exchange.heard(line.octets)
        self._client.framer.opaque = self._exchange.opaque is not None

    async def _message(self, line: Line) -> None:
        if line.last and not _tells(line.octets):
            await self._client.write(line.octets)
        elif (flat := await self._gathered(line)) is not None:
            await self._client.write(await self._cleaned(flat))

    async def _gathered(self, line: Line) -> bytes | None:
        """The whole response that `line` begins; None if it was too long and has gone on as it came.

        The message itself, if it is there because we asked for it, is left out where it does not fit: it was not for
        the client.
        """
        limit, plan = self._service.imap.message_size_limit, self._exchange.plan
        flat, passing, opened = bytearray(), False, False
        event: Line | Octets = line
        while True:
            octets, size = event.octets, 0
            if isinstance(event, Line):
                octets = octets.removeprefix(b" ") if opened else octets
                size, opened = event.literal.size if event.literal else 0, False
            if passing or len(flat) + len(octets) + size > limit:
                if plan and plan.ours and size and (kept := without_whole(octets)) is not None:
                    await self._skip(size)
                    octets, opened = kept, kept.endswith(b"(")
                elif not passing:
                    passing = True
                    self._passed("size")
                    await self._client.write(bytes(flat))
            if passing:
                await self._client.write(octets)
            else:
                flat += octets
            if isinstance(event, Line) and event.last:
                return None if passing else bytes(flat)
            event = await self._server.next()

    async def _skip(self, size: int) -> None:
        """Leave out a literal."""
        while size:
            size -= len((await self._server.next()).octets)

    async def _cleaned(self, flat: bytes) -> bytes:
        """The response with what it tells of a message cleaned."""
        found = answer(flat)
        if not found:
            if _tells(flat):
                self._passed("parse")
            return flat
        whole = next((item for item, section in found.texts() if section.whole), None)
        if whole:
            return await self._with_message(found, whole)
        texts = {item: await self._alone(found, item, section) for item, section in found.texts()}
        return found.with_texts(texts)

    async def _with_message(self, found: Answer, whole: Item) -> bytes:
        """The answer, with the whole message in it, which is left out again if it was not asked for."""
        plan, raw = self._exchange.plan, whole.octets(found.flat)
        ours = whole if plan and plan.ours else None
        cleaned = await self._clean_message(raw)
        if not cleaned:
            self._learn(found, None)
            return found.with_texts({}, ours)
        over = overlay(raw, cleaned.raw)
        self._learn(found, over)
        texts = await self._pieces(found, Places(raw, over), cleaned.report) if plan or len(found.items) > 1 else {}
        return found.with_texts(texts | {whole: cleaned.raw}, ours)

    async def _pieces(self, found: Answer, places: Places, report: Report) -> dict[Item, bytes]:
        """The items of an answer, each cleaned as within the message that is in the answer too."""
        texts: dict[Item, bytes] = {}
        for item, section in found.texts():
            octets = item.octets(found.flat)
            clean: bytes | None = octets
            if section.whole or section.rests or section.name == b"HEADER":
                clean = places.clean(section, octets)
            elif section.header and report.verdict is not Verdict.SKIPPED:
                clean = await self._header(octets)
            if clean is None:
                self._passed("parse")
            texts[item] = octets if clean is None else clean
        return texts

    def _learn(self, answer: Answer, over: Overlay | None) -> None:
        """Remember what cleaning changes in a message that was asked for piece by piece; None if it cannot be known."""
        plan = self._exchange.plan
        if plan and plan.uid and answer.uid:
            self._exchange.known.put(answer.uid, over)

    async def _alone(self, found: Answer, item: Item, section: Section) -> bytes:
        """The octets of an item cleaned without its message at hand."""
        octets = item.octets(found.flat)
        if section.header and not section.origin:
            return await self._header(octets)
        if not (section.rests or section.header):
            return octets  # MIME headers, and headers of attached messages
        plan = self._exchange.plan
        if plan and plan.ours:
            self._learn(found, None)  # the message was asked for, and was too long
        over = self._exchange.known.get(found.uid) if plan and plan.uid else None
        clean = (over.piece(section, octets) if over.changes else octets) if over else None
        if clean is None and octets:
            self._passed("parse" if over or not plan else "size")
        return octets if clean is None else clean

    async def _header(self, octets: bytes) -> bytes:
        """A header, or some fields of one, without requests for receipts."""
        try:
            return (await self._service.clean(octets)).raw
        except CleaningError as error:
            self._passed(error.stage)
            return octets

    async def _clean_message(self, raw: bytes) -> Cleaned | None:
        started = time.perf_counter()
        try:
            cleaned = await self._service.clean(raw)
        except CleaningError as error:
            self._passed(error.stage, error.reason)
            return None
        self._service.metrics.message(EDGE, cleaned.report, _sender(raw), time.perf_counter() - started)
        return cleaned

    def _passed(self, stage: str, reason: str | None = None) -> None:
        """Octets of a message go on as they came."""
        if stage != "size":
            self._service.metrics.failure(EDGE, stage)
        self._service.metrics.original_passed(EDGE)
        _log.warning("a message was passed as it came", edge=EDGE, session=self._session, stage=stage, reason=reason)


def _tells(line: bytes) -> bool:
    """Whether a FETCH response may tell octets of a message."""
    upper = line.upper()
    return b" BODY[" in upper or b"(BODY[" in upper or b"RFC822" in upper


def _sender(raw: bytes) -> str:
    """The reverse-path that final delivery wrote into the message (RFC 5321 §4.4)."""
    header, _, _ = fields(raw, 0, len(raw))
    path = next((raw[slice(*field.value)] for field in header if field.name == b"return-path"), b"")
    return path[:1000].decode("latin-1").strip("<> \t\r\n")
