"""Cleaning for readers: at once if it is short work, in another process if it is long, and never to another length."""

from sluis.envelope import Envelope
from sluis.report import Cleaned, Verdict
from sluis.smtp.pool import CleaningError, Pool, Work

_NOBODY = Envelope()  # a mailbox says who read a message last, not for whom it was sent


class Cleaner:
    """Cleans with `work` below `offload` octets, and in `pool` from there on; both must keep lengths."""

    def __init__(self, work: Work, pool: Pool, offload: int) -> None:
        self._work = work
        self._pool = pool
        self._offload = offload

    async def __call__(self, raw: bytes) -> Cleaned:
        """`raw`, a message or a header, cleaned to the same length. Raises CleaningError."""
        cleaned = await self._pool(raw, _NOBODY) if len(raw) >= self._offload else self._here(raw)
        if cleaned.report.verdict is Verdict.FAILED:
            raise CleaningError("clean", cleaned.report.reason or "internal-error")
        if len(cleaned.raw) != len(raw):
            raise CleaningError("clean", "length")
        return cleaned

    def _here(self, raw: bytes) -> Cleaned:
        try:
            return self._work(raw, _NOBODY)
        except Exception as error:
            raise CleaningError("clean", "internal-error") from error

    def close(self) -> None:
        """End the processes."""
        self._pool.close()
