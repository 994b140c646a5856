"""Cleaning for readers: in another process if it is long work, or if more waits behind it, and never to another length.

One message is cleaned at once in the gate's own process, which takes a few milliseconds. Of many that are fetched in a
row the next could come in meanwhile and the last go out, so those are cleaned in the pool, as soon as its processes are
there: the first such message has them start, and until then the gate does it itself.
"""

from sluis.edge.pool import CleaningError, Pool, Work
from sluis.envelope import Envelope
from sluis.imap.results import Results, digest
from sluis.report import Cleaned, Verdict

_NOBODY = Envelope()
SHORT = 8192  # octets below which the work is shorter than the way to another process


class Cleaner:
    """Cleans with `work` below `offload` octets, and in `pool` from there on; keeps `limit` octets of results.

    `whole`: a message of which only a part comes clean counts as none that does.
    """

    def __init__(self, work: Work, pool: Pool, offload: int, limit: int, *, whole: bool = False) -> None:
        self._work = work
        self._pool = pool
        self._offload = offload
        self._results = Results(limit)
        self._whole = whole

    async def __call__(self, raw: bytes, envelope: Envelope = _NOBODY, *, more: bool = False) -> Cleaned:
        """`raw`, a message or a header, cleaned to the same length for whom `envelope` names. Raises CleaningError.

        `more`: others wait behind it, so that it is better cleaned in another process even if it is short work.
        """
        key = digest(raw, envelope)
        if known := self._results.get(key, raw):
            return known
        cleaned = await self._anew(raw, envelope, more=more)
        self._results.put(key, raw, cleaned)
        return cleaned

    def remembered(self, raw: bytes, envelope: Envelope = _NOBODY) -> Cleaned | None:
        """`raw` cleaned, if that is known."""
        return self._results.get(digest(raw, envelope), raw)

    async def _anew(self, raw: bytes, envelope: Envelope, *, more: bool) -> Cleaned:
        away = len(raw) >= self._offload or (more and len(raw) >= SHORT and self._pool.warm())
        cleaned = await self._pool(raw, envelope) if away else self._here(raw, envelope)
        if cleaned.report.verdict is Verdict.FAILED and (self._whole or not cleaned.report.edited):
            raise CleaningError("clean", cleaned.report.reason or "internal-error")
        if len(cleaned.raw) != len(raw):
            raise CleaningError("clean", "length")
        return cleaned

    def _here(self, raw: bytes, envelope: Envelope) -> Cleaned:
        try:
            return self._work(raw, envelope)
        except Exception as error:
            raise CleaningError("clean", "internal-error") from error

    def renew(self, work: Work) -> None:
        """Clean with `work` from the next message on, and remember nothing of what the last did."""
        self._work = work
        self._pool.renew()
        self._results.clear()

    def close(self) -> None:
        """End the processes."""
        self._pool.close()
