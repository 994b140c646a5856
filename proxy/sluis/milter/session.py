"""One mail server's connection: it tells message after message, and hears at the end of each what to change.

Nothing is answered before that, so a message comes in one flight. Whatever goes wrong with one message concerns that
one; what is not the protocol ends the connection, and the server does as its own configuration has it for a filter that
fails (Postfix: `milter_default_action`).
"""

import asyncio
import secrets
import time
from collections.abc import Iterable
from itertools import chain

import structlog

from sluis.edge.account import account, logged
from sluis.edge.memory import Share
from sluis.edge.pool import CleaningError
from sluis.milter.changes import changes
from sluis.milter.collected import Collected, NoRoomError
from sluis.milter.packet import CONTINUE, TEMPFAIL, Field, Framer, Packet, ProtocolError, Terms, agreed, inserted
from sluis.milter.service import EDGE, Service
from sluis.report import Cleaned, Verdict

_READ = 65_536  # octets

_log = structlog.get_logger()


class Session:
    """A connection from its first packet to its end."""

    def __init__(self, service: Service, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._service = service
        self._reader = reader
        self._writer = writer
        self._id = secrets.token_hex(4)
        self._framer = Framer()
        self._terms = Terms()
        self._message = self._none()
        self._end = 0.0  # on the loop's clock, for a message that the server has begun to tell
        self._leaving = False

    def turn_out(self) -> None:
        """Part as soon as the message under way is answered, at once where none is."""
        self._leaving = True
        if not self._message.open:
            self._writer.close()  # whoever reads from it hears the end

    async def run(self) -> None:
        """Serve the mail server to its end. Never raises, but for being cancelled."""
        service, metrics = self._service, self._service.metrics
        self._writer.transport.set_write_buffer_limits(0)  # what was said was heard, before we part
        peer = self._writer.get_extra_info("peername")
        address = str(peer[0]) if peer else ""  # one that is gone already has none
        with metrics.session(EDGE), service.admission.admit(address) as full, service.memory.share() as share:
            try:
                if full:
                    metrics.refused(EDGE, full)
                else:
                    await self._converse(share)
            except ProtocolError as error:
                metrics.refused(EDGE, "syntax")
                _log.warning("a mail server was not understood", edge=EDGE, session=self._id, reason=str(error))
            except NoRoomError:
                metrics.refused(EDGE, "memory")
            except TimeoutError:
                metrics.refused(EDGE, "timeout")
            except (OSError, EOFError):
                pass  # nobody is left to tell
            except Exception:
                _log.exception("a session broke", edge=EDGE, session=self._id)
            finally:
                self._writer.transport.abort()

    async def _converse(self, share: Share) -> None:
        self._terms = agreed(await self._packet(share))
        await self._say([self._terms.packet()])
        while not self._leaving or self._message.open:
            told = await self._packet(share)
            if told.command == b"Q":
                return
            await self._hear(told)

    async def _packet(self, share: Share) -> Packet:
        """The next packet. Raises ProtocolError, NoRoomError, TimeoutError, and EOFError where there is none."""
        while (told := self._framer.next()) is None:
            self._hold(share)
            async with asyncio.timeout_at(self._patience()):
                octets = await self._reader.read(_READ)
            if not octets:
                raise EOFError
            self._framer.feed(octets)
        return told

    def _patience(self) -> float:
        """Until when more must have come: a client may be slow with MAIL and RCPT, the server with nothing."""
        milter, now = self._service.milter, asyncio.get_running_loop().time()
        if self._end:
            return self._end
        return now + (milter.message_timeout if self._framer.held else milter.idle_timeout)

    def _hold(self, share: Share) -> None:
        """Count what is held; where there is no room for it the message goes, and if that is not enough, the server.

        What is half a packet is no more than is read at once, unless a server makes longer ones.
        """
        half = max(0, self._framer.held - _READ)
        if share.hold(half + self._message.cost):
            return
        self._message.drop(NoRoomError())
        if not share.hold(half):
            raise NoRoomError

    async def _hear(self, told: Packet) -> None:
        match told.command:
            case b"M":
                self._message = self._none()
                self._message.hear(told)
            case b"R":
                self._message.hear(told)
            case b"L" | b"B":
                self._begin()
                self._message.hear(told)
            case b"E":
                self._message.hear(told)
                await self._say(await self._answer())
                self._message = self._none()
            case b"A" | b"K":
                self._message = self._none()
            case b"D" | b"C" | b"H" | b"T" | b"N" | b"U":
                pass  # macros, and steps that tell us nothing
            case _:
                raise ProtocolError("no such command")
        if self._terms.owed(told.command):
            await self._say([CONTINUE])

    def _none(self) -> Collected:
        self._end = 0.0
        return Collected(self._service.milter.message_size_limit)

    def _begin(self) -> None:
        """The server tells what lies in its queue, which no client can delay."""
        self._end = self._end or asyncio.get_running_loop().time() + self._service.milter.message_timeout

    async def _say(self, packets: Iterable[Packet]) -> None:
        async with asyncio.timeout(self._service.milter.message_timeout):
            for each in packets:
                self._writer.write(each.wire())
                await self._writer.drain()

    async def _answer(self) -> Iterable[Packet]:
        """The packets that answer the end of a message: what to change, and the verdict."""
        began = time.perf_counter()
        message, service, raw = self._message, self._service, b""
        cleaned: Cleaned | None
        orders: Iterable[Packet] = ()
        try:
            raw = message.take()
            cleaned = await service.cleaner(raw, message.envelope)
            orders = changes(message.fields, raw, cleaned.raw)
        except NoRoomError:
            service.metrics.refused(EDGE, "memory")
            return [TEMPFAIL]
        except CleaningError as error:
            cleaned = service.failing.passed(raw, error, self._id)
        if not cleaned:
            return [TEMPFAIL]
        self._count(cleaned, time.perf_counter() - began)
        return chain(orders, self._account(cleaned), [CONTINUE])

    def _account(self, cleaned: Cleaned) -> list[Packet]:
        if not self._service.milter.trace:
            return []
        name, _, value = account(cleaned.report).removesuffix(b"\r\n").partition(b":")
        return [inserted(Field(name, value))]

    def _count(self, cleaned: Cleaned, seconds: float) -> None:
        """Count the message, and log it without a word of it."""
        message, metrics, report = self._message, self._service.metrics, cleaned.report
        metrics.message(EDGE, report, message.domain, seconds)
        metrics.relayed(EDGE, seconds)
        if report.verdict is Verdict.FAILED:
            metrics.original_passed(EDGE)
        _log.info(
            "message judged",
            edge=EDGE,
            session=self._id,
            sender=message.domain,
            recipients=len(message.recipients),
            **logged(report, seconds),
        )
