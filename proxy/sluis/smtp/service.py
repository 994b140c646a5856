"""What all client sessions share: where mail goes, how it is cleaned, and the operator's limits."""

import asyncio
import ssl
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sluis.config import SmtpSection
from sluis.edge.admission import Admission
from sluis.edge.cleaning import Cleaner, Failing
from sluis.edge.memory import Memory
from sluis.metrics import Metrics
from sluis.smtp.reach import Reach

if TYPE_CHECKING:
    from sluis.authentication.judge import Judge  # of the extra `auth`

EDGE = "smtp"

T = TypeVar("T")


class Guest(Protocol):
    """A client session, for the gate that closes."""

    def turn_out(self) -> asyncio.Task[None]:
        """Part as soon as the command under way is answered; what is returned is done when the session is over."""


@dataclass(frozen=True, slots=True)
class Service:
    """One gate's means. `name` is this host's in greeting and trace.

    Without a `judge` nobody looks at who sent a message.
    """

    smtp: SmtpSection
    name: str
    connect: Reach
    cleaner: Cleaner
    failing: Failing
    metrics: Metrics
    tls: ssl.SSLContext | None
    admission: Admission
    memory: Memory
    judge: "Judge | None" = None
    sessions: set["Guest"] = field(default_factory=set)
    unfinished: set[asyncio.Task[Any]] = field(default_factory=set)

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run `work` to its end, whoever it was for may go before; the gate waits for it when it closes."""
        task = asyncio.get_running_loop().create_task(work)
        self.unfinished.add(task)
        task.add_done_callback(self.unfinished.discard)
        return task
