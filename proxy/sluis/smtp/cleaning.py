"""Cleaning for the relay: at once if it is short work, in another process if it is long.

`clean` keeps the loop from everything else while it runs: a millisecond or two for a newsletter, seconds for the
biggest message. So size decides where it runs. What cannot be cleaned raises `CleaningError`; what to do then (the
operator's `fail`) is the relay's to know.
"""

from sluis.edge.pool import CleaningError, Pool, Work
from sluis.envelope import Envelope
from sluis.report import Cleaned, Verdict
from sluis.smtp.framing import flaw


class Cleaner:
    """Cleans with `work` below `offload` octets, and in `pool` from there on."""

    def __init__(self, work: Work, pool: Pool, offload: int) -> None:
        self._work = work
        self._pool = pool
        self._offload = offload

    async def __call__(self, raw: bytes, envelope: Envelope) -> Cleaned:
        """`raw` cleaned, fit to be sent over SMTP. Raises CleaningError."""
        cleaned = await self._pool(raw, envelope) if len(raw) >= self._offload else self._here(raw, envelope)
        if cleaned.report.verdict is Verdict.FAILED:
            raise CleaningError("clean", cleaned.report.reason or "internal-error")
        if cleaned.raw is not raw and flaw(cleaned.raw):
            raise CleaningError("clean", "bare-newline")  # an edit of ours must not open what the framing shut
        return cleaned

    def _here(self, raw: bytes, envelope: Envelope) -> Cleaned:
        try:
            return self._work(raw, envelope)
        except Exception as error:
            raise CleaningError("clean", "internal-error") from error

    def renew(self, work: Work) -> None:
        """Clean with `work` from the next message on, and have each process prepare anew."""
        self._work = work
        self._pool.renew()

    def close(self) -> None:
        """End the processes."""
        self._pool.close()
