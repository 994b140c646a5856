"""What all sessions of readers share: the server behind, how messages are cleaned, and the operator's limits."""

import ssl
import time
from dataclasses import dataclass, field, replace

from sluis.config import ImapSection
from sluis.edge.admission import Admission
from sluis.edge.guests import Guests
from sluis.imap.cleaning import Cleaner
from sluis.imap.known import Shelf
from sluis.imap.reader import Reader
from sluis.imap.room import Room
from sluis.imap.upstream import Upstream
from sluis.message.fields import fields
from sluis.metrics import Metrics
from sluis.report import Cleaned, Report, Verdict

EDGE = "imap"


@dataclass(frozen=True, slots=True)
class Service:
    """One gate's means. `starttls` is there if a client has to begin TLS before it may log in.

    `closed`: what cannot be cleaned is not told.
    """

    imap: ImapSection
    upstream: Upstream
    cleaner: Cleaner
    metrics: Metrics
    starttls: ssl.SSLContext | None
    admission: Admission
    shelf: Shelf
    room: Room
    closed: bool = False
    guests: Guests = field(default_factory=Guests)
    reader: Reader = field(default_factory=Reader)

    def of(self, reader: Reader) -> "Service":
        """The same for one reader's session."""
        return replace(self, reader=reader)

    @property
    def largest(self) -> int:
        """Octets of a message that are held at most."""
        return min(self.imap.message_size_limit, self.room.most)

    async def clean(self, raw: bytes, *, more: bool = False) -> Cleaned:
        """`raw`, a message or a header, cleaned for its reader; `more`: others wait behind it. Raises CleaningError."""
        return await self.cleaner(raw, self.reader.envelope, more=more)

    def remembered(self, raw: bytes) -> Cleaned | None:
        """The message `raw` cleaned, and counted, if that needs no cleaning."""
        started = time.perf_counter()
        cleaned = self.cleaner.remembered(raw, self.reader.envelope)
        if cleaned:
            self.count(raw, cleaned.report, time.perf_counter() - started)
        return cleaned

    async def clean_message(self, raw: bytes, *, more: bool = False) -> Cleaned:
        """The message `raw` cleaned, and counted; `more`: others wait behind it. Raises CleaningError."""
        started = time.perf_counter()
        cleaned = await self.clean(raw, more=more)
        self.count(raw, cleaned.report, time.perf_counter() - started)
        return cleaned

    def count(self, raw: bytes, report: Report, seconds: float) -> None:
        """Count a message that was cleaned, be it in part, of which `raw` has the header at least."""
        self.metrics.message(EDGE, report, _sender(raw), seconds)
        if report.verdict is Verdict.FAILED:
            self.metrics.failure(EDGE, "clean")
            self.metrics.original_passed(EDGE)


def _sender(raw: bytes) -> str:
    """The reverse-path that final delivery wrote into the message (RFC 5321 §4.4)."""
    header, _, _ = fields(raw, 0, len(raw))
    path = next((raw[slice(*field.value)] for field in header if field.name == b"return-path"), b"")
    return path[:1000].decode("latin-1").strip("<> \t\r\n")
