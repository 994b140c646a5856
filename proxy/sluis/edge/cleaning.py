"""Cleaning for gates that mail passes: at once if it is short work, in another process if it is long.

`clean` keeps the loop from everything else while it runs: a millisecond or two for a newsletter, seconds for the
biggest message. So size decides where it runs. What cannot be cleaned raises `CleaningError`; `Failing` has what the
operator wants then.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import structlog

from sluis.edge.pool import CleaningError, Pool, Work
from sluis.envelope import Envelope
from sluis.metrics import Metrics
from sluis.report import Cleaned, Report, Verdict

_log = structlog.get_logger()


class Cleaner:
    """Cleans with `work` below `offload` octets, and in `pool` from there on; `flaw` says what may not go on."""

    def __init__(self, work: Work, pool: Pool, offload: int, flaw: Callable[[bytes], object]) -> None:
        self._work = work
        self._pool = pool
        self._offload = offload
        self._flaw = flaw

    async def __call__(self, raw: bytes, envelope: Envelope) -> Cleaned:
        """`raw` cleaned, fit to go on. Raises CleaningError."""
        cleaned = await self._pool(raw, envelope) if len(raw) >= self._offload else self._here(raw, envelope)
        if cleaned.raw is not raw and self._flaw(cleaned.raw):
            raise CleaningError("clean", "bare-newline")  # an edit of ours must not open what the framing shut
        if cleaned.report.verdict is Verdict.FAILED:
            raise CleaningError("clean", cleaned.report.reason or "internal-error", cleaned)
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


@dataclass(frozen=True, slots=True)
class Failing:
    """What becomes at the gate `edge` of a message that cannot be cleaned: `open`, it goes on; `closed`, not."""

    edge: str
    fail: Literal["open", "closed"]
    metrics: Metrics

    def passed(self, raw: bytes, error: CleaningError, session: str) -> Cleaned | None:
        """`raw` as far as it is clean, at worst as it came, reported as failed; None where it is not to go on.

        The failure is counted and logged.
        """
        self.metrics.failure(self.edge, error.stage)
        _log.warning(
            "a message could not be cleaned",
            edge=self.edge,
            session=session,
            stage=error.stage,
            reason=error.reason,
            octets=len(raw),
        )
        if self.fail == "closed":
            return None
        return error.cleaned or Cleaned(raw, Report(Verdict.FAILED, error.reason, len(raw), len(raw)))
