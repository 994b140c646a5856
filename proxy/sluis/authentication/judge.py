"""The edge of judging: DNS, threads and the clock, and a budget that no message waits longer than.

The mechanisms run side by side. Each is asked, and asked again with what it wanted from DNS, until it knows or the time
is up; then it is a `temperror`, and counted. Hashing runs in threads, of which there are few.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

import structlog

from sluis.authentication import arc, dkim, dmarc, results, spf
from sluis.authentication.question import Answer, Known, Question, Wanting
from sluis.authentication.verdict import Chain, Result, Signature, Spf, Verdicts
from sluis.message.author import author
from sluis.message.fields import fields
from sluis.metrics import Metrics

Ask = Callable[[Question], Awaitable[Answer]]

_MOST = 200  # answers that one mechanism may want for one message
_THREADS = 2
SEALING = 1.0  # seconds for a seal whatever verdicts took: it asks nobody, and takes milliseconds

T = TypeVar("T")
_log = structlog.get_logger()


class Judge:
    """Judges messages in the name of `name` (the authserv-id), each within `budget` seconds, by the DNS of `ask`.

    With a `sealer` chains are judged too, and can be sealed.
    """

    def __init__(
        self, name: str, budget: float, ask: Ask, metrics: Metrics, edge: str, sealer: arc.Sealer | None = None
    ) -> None:
        self.name = name
        self._budget = budget
        self._ask = ask
        self._metrics = metrics
        self._edge = edge
        self._sealer = sealer
        self._threads = ThreadPoolExecutor(_THREADS, "sluis-authentication")

    async def judge(self, message: bytes, client: str, helo: str, reverse_path: str) -> Verdicts:
        """What is found of `message` as the client at the address `client` sent it.

        The `reverse_path` is '' for the null sender. It takes no longer than the budget, and nothing that a message or
        DNS holds makes it raise.
        """
        end = time.monotonic() + self._budget
        domain = _author_domain(message)
        late: tuple[Signature, ...] = (Signature(Result.TEMPERROR, reason="no answer in time"),)
        sent, signed, policy, chain = await asyncio.gather(
            self._found("spf", partial(spf.judged, client, helo, reverse_path), end, Spf(Result.TEMPERROR)),
            self._found("dkim", partial(dkim.judged, message, int(time.time())), end, late),
            self._found("dmarc", partial(dmarc.published, domain), end, None),
            self._found("arc", partial(arc.judged, message), end, Chain(Result.TEMPERROR)) if self._sealer else _no(),
        )
        verdicts = Verdicts(sent, signed, dmarc.judged(domain, policy, sent, signed), chain)
        self._count(verdicts)
        return verdicts

    def marked(self, message: bytes, verdicts: Verdicts) -> bytes:
        """`message` with the `verdicts` on top, and without what others wrote in our name."""
        return results.marked(message, self.name, verdicts)

    async def sealed(self, message: bytes, verdicts: Verdicts, spent: float = 0) -> bytes:
        """`message`, as it is to go on, with a seal on top where one can be made (see `results.marked`).

        That may take what is left of the budget, of which so many seconds are `spent`, and `SEALING` where DNS has left
        less; then it goes without.
        """
        if not self._sealer or not verdicts.arc or message.startswith(results.NO_FIELD):
            return message
        findings = results.findings(self.name, verdicts)
        work = partial(arc.seal, message, verdicts.arc, findings, self._sealer, int(time.time()))
        try:
            async with asyncio.timeout(max(self._budget - spent, SEALING)):
                return await asyncio.get_running_loop().run_in_executor(self._threads, work) + message
        except TimeoutError:
            self._metrics.overrun(self._edge, "arc")
        except ValueError:
            pass  # what was put on top has made the header too long
        return message

    def close(self) -> None:
        """Judge no more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _found(self, mechanism: str, work: Callable[[Known], T], end: float, otherwise: T) -> T:
        """What `work` comes to until `end` on the monotonic clock; `otherwise` where it comes to nothing."""
        try:
            async with asyncio.timeout(end - time.monotonic()):
                return await self._answered(work)
        except TimeoutError:
            self._metrics.overrun(self._edge, mechanism)
        except Exception as error:
            _log.error("a verdict failed", edge=self._edge, mechanism=mechanism, reason=type(error).__name__)
        return otherwise

    async def _answered(self, work: Callable[[Known], T]) -> T:
        """What `work` comes to once it knows what it wants. Raises LookupError if it wants too much."""
        known: dict[Question, Answer] = {}
        while True:
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, work, known)
            except Wanting as wanting:
                questions = wanting.questions
            if len(known) + len(questions) > _MOST:
                raise LookupError("too much is wanted from DNS")
            known |= zip(questions, await asyncio.gather(*map(self._ask, questions)), strict=True)

    def _count(self, verdicts: Verdicts) -> None:
        self._metrics.verdict(self._edge, "spf", verdicts.spf.result)
        for result in [each.result for each in verdicts.dkim] or [Result.NONE]:
            self._metrics.verdict(self._edge, "dkim", result)
        self._metrics.verdict(self._edge, "dmarc", verdicts.dmarc.result)
        if verdicts.arc:
            self._metrics.verdict(self._edge, "arc", verdicts.arc.result)


def _author_domain(message: bytes) -> str | None:
    """The domain of the one author."""
    header, _, _ = fields(message, 0, len(message))
    who = author(header, message)
    return who.rpartition("@")[2] if who else None


async def _no() -> None:
    """No verdict, where none is wanted."""
