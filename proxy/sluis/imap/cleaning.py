"""Cleaning for readers: at once if it is short work, in another process if it is long, and never to another length.

A message that is read in parts, or by two clients, or again tomorrow, is the same octets each time, and cleaning is a
function of those alone. So what it made of the last ones is remembered, by a digest of the message and as the changes
that it made: whoever asks has the octets. Nothing is kept of a message in which nothing was changed but its report.
"""

from collections import OrderedDict
from hashlib import sha256

from sluis.edge.pool import CleaningError, Pool, Work
from sluis.envelope import Envelope
from sluis.imap.overlay import Overlay, overlay
from sluis.report import Cleaned, Report, Verdict

_NOBODY = Envelope()  # a mailbox says who read a message last, not for whom it was sent
_FINDING = 1024  # octets of memory for one finding, about


class Cleaner:
    """Cleans with `work` below `offload` octets, and in `pool` from there on; keeps `limit` octets of results."""

    def __init__(self, work: Work, pool: Pool, offload: int, limit: int) -> None:
        self._work = work
        self._pool = pool
        self._offload = offload
        self._limit = limit
        self._octets = 0
        self._results: OrderedDict[bytes, tuple[Overlay, Report]] = OrderedDict()

    async def __call__(self, raw: bytes) -> Cleaned:
        """`raw`, a message or a header, cleaned to the same length. Raises CleaningError."""
        digest = sha256(raw).digest()
        if digest in self._results:
            self._results.move_to_end(digest)
            over, report = self._results[digest]
            return Cleaned(over.message(raw), report)
        cleaned = await self._anew(raw)
        self._remember(digest, (overlay(raw, cleaned.raw), cleaned.report))
        return cleaned

    async def _anew(self, raw: bytes) -> Cleaned:
        cleaned = await self._pool(raw, _NOBODY) if len(raw) >= self._offload else self._here(raw)
        if cleaned.report.verdict is Verdict.FAILED and not cleaned.report.edited:
            raise CleaningError("clean", cleaned.report.reason or "internal-error")
        if len(cleaned.raw) != len(raw):
            raise CleaningError("clean", "length")
        return cleaned

    def _here(self, raw: bytes) -> Cleaned:
        try:
            return self._work(raw, _NOBODY)
        except Exception as error:
            raise CleaningError("clean", "internal-error") from error

    def _remember(self, digest: bytes, result: tuple[Overlay, Report]) -> None:
        if digest in self._results:
            return  # two asked at once
        self._results[digest] = result
        self._octets += _size(result)
        while self._octets > self._limit:
            _, oldest = self._results.popitem(last=False)
            self._octets -= _size(oldest)

    def renew(self, work: Work) -> None:
        """Clean with `work` from the next message on, and remember nothing of what the last did."""
        self._work = work
        self._pool.renew()
        self._results.clear()
        self._octets = 0

    def close(self) -> None:
        """End the processes."""
        self._pool.close()


def _size(result: tuple[Overlay, Report]) -> int:
    over, report = result
    return over.octets + _FINDING * len(report.findings)
