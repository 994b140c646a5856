"""What a response tells of a message, cleaned item by item: with the message at hand, or by what is known of it."""

import re
from dataclasses import dataclass

import structlog

from sluis.clean import silent
from sluis.edge.pool import CleaningError
from sluis.imap.exchange import Exchange
from sluis.imap.fetch import Answer, Item, answer
from sluis.imap.overlay import Overlay, overlay
from sluis.imap.places import AtHand, Places
from sluis.imap.room import Share
from sluis.imap.section import Section
from sluis.imap.service import EDGE, Service
from sluis.report import Report, Verdict

_NO_ROOM = b"[UNAVAILABLE] there is no room to clean it just now"
_CANNOT = b"[CANNOT] it cannot be cleaned"
_TELLING = re.compile(rb"[ (](?:BODY\[|BINARY\[|RFC822(?!\.SIZE))", re.IGNORECASE)

_log = structlog.get_logger()


class WithheldError(Exception):
    """Octets of a message are not told, and `why` is how the command ends then."""

    def __init__(self, why: bytes) -> None:
        super().__init__("a message was withheld")
        self.why = why


@dataclass(frozen=True, slots=True)
class Seen:
    """The message flowed by; `places` tells where its sections are, None if it could not be cleaned."""

    places: Places | None


class Items:
    """Cleans what the responses of one session tell."""

    def __init__(self, service: Service, exchange: Exchange, session: str) -> None:
        self._service = service
        self._exchange = exchange
        self._session = session
        self._fetched: tuple[int, int, Places] | None = None

    async def cleaned(self, flat: bytes, seen: Seen | None = None, *, more: bool = False) -> bytes:
        """The response `flat` with what it tells of a message cleaned; without the message, if that was ours to ask.

        `more`: others wait behind it.
        """
        found = answer(flat)
        if not found:
            if tells(flat):
                self.passed("parse")
            return flat
        if any(item.text and not item.section and tells(b" " + item.name) for item in found.items):
            self.passed("parse")  # in a form that was not asked for
        whole = next((item for item, section in found.texts() if section.whole), None)
        if whole:
            return await self._with_message(found, whole, more=more)
        texts = {item: await self._alone(found, item, section, seen) for item, section in found.texts()}
        return found.with_texts(texts)

    def known(self, found: Answer) -> Overlay | None:
        """What is known of the message that is told of."""
        plan = self._exchange.plan
        return self._exchange.known.get(plan.uid_of(found)) if plan else None

    async def room(self, share: Share, octets: int) -> None:
        """Have `share` hold so many octets. Raises WithheldError where there is no room for them."""
        if not share.hold(octets):
            self._exchange.known.drop()
        if not await share.wait(octets):
            self._service.metrics.refused(EDGE, "memory")
            _log.warning("there is no room for a message", edge=EDGE, session=self._session)
            raise WithheldError(_NO_ROOM)

    def keep(self) -> None:
        """Have the last message at hand that was fetched for its pieces, if that is no more than the session's own."""
        fetched, self._fetched = self._fetched, None
        share = Share(self._exchange.portion)
        if not fetched:
            return
        uid, octets, places = fetched
        self._exchange.known.drop()
        if octets <= self._exchange.portion.spare and share.hold(octets):
            self._exchange.known.keep(uid, places, share)

    async def _with_message(self, found: Answer, whole: Item, *, more: bool) -> bytes:
        """The answer, with the whole message in it, which is left out again if it was not asked for."""
        plan, raw = self._exchange.plan, whole.octets(found.flat)
        ours = whole if plan and plan.ours else None
        try:
            cleaned = await self._service.clean_message(raw, more=more)
        except CleaningError as error:
            self._learn(found, None)
            self.passed(error.stage, error.reason)
            return found.with_texts({}, ours)
        texts: dict[Item, bytes] = {}
        if plan or sum(1 for _ in found.texts()) > 1:
            over = overlay(raw, cleaned.raw)
            self._learn(found, over)
            places = Places(AtHand(raw), over)
            texts = await self._pieces(found, raw, places, cleaned.report)
            uid = plan.uid_of(found) if plan and ours and over.changes else None
            self._fetched = (uid, len(raw), places) if uid else None
        return found.with_texts(texts | {whole: cleaned.raw}, ours)

    async def _pieces(self, found: Answer, raw: bytes, places: Places, report: Report) -> dict[Item, bytes]:
        """The items of an answer, each cleaned as within the message `raw` that is in the answer too."""
        texts: dict[Item, bytes] = {}
        for item, section in found.texts():
            octets = item.octets(found.flat)
            clean: bytes | None = octets
            if section.whole and octets != raw:
                clean = None  # two messages in one answer
            elif section.whole or section.rests or section.mime or section.name == b"HEADER":
                clean = places.clean(section, octets)
            elif section.header and report.verdict is not Verdict.SKIPPED:
                clean = await self._header(octets)
            if clean is None:
                self.passed("parse")
            texts[item] = octets if clean is None else clean
        return texts

    def _learn(self, found: Answer, over: Overlay | None) -> None:
        """Remember what cleaning changes in a message that was asked for piece by piece; None if it cannot be known."""
        plan = self._exchange.plan
        uid = plan.uid_of(found) if plan else None
        if uid:
            self._exchange.known.put(uid, over)

    async def _alone(self, found: Answer, item: Item, section: Section, seen: Seen | None) -> bytes:
        """The octets of an item cleaned without its message at hand."""
        octets = item.octets(found.flat)
        if section.header and section.origin is None:
            return await self._header(octets)
        if section.mime and await self._header(octets) == octets:
            return octets
        if not (section.rests or section.header or section.mime):
            return octets  # headers of attached messages
        plan = self._exchange.plan
        places = seen.places if seen else plan.hand.get(plan.uid_of(found) or 0) if plan else None
        if seen:
            self._learn(found, places.over if places else None)
        over = places.over if places else None if seen else self.known(found)
        clean = places.clean(section, octets) if places else over.piece(section, octets) if over else None
        if clean is None and octets:
            self.passed("parse" if over or not plan else "size")
        return octets if clean is None else clean

    async def _header(self, octets: bytes) -> bytes:
        """A header, or some fields of one, without requests for receipts."""
        try:
            return octets if silent(octets) else (await self._service.clean(octets)).raw
        except CleaningError as error:
            self.passed(error.stage)
            return octets

    def passed(self, stage: str, reason: str | None = None) -> None:
        """Octets of a message go on as they came. Raises WithheldError where the operator does not want that."""
        if stage != "size":
            self._service.metrics.failure(EDGE, stage)
        closed = self._service.closed
        _log.warning(
            "a message was withheld" if closed else "a message was passed as it came",
            edge=EDGE,
            session=self._session,
            stage=stage,
            reason=reason,
        )
        if closed:
            raise WithheldError(_CANNOT)
        self._service.metrics.original_passed(EDGE)


def tells(line: bytes) -> bool:
    """Whether a FETCH response may tell octets of a message."""
    return _TELLING.search(line) is not None
