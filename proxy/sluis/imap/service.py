"""What all sessions of readers share: the server behind, how messages are cleaned, and the operator's limits."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from sluis.config import ImapSection
from sluis.edge.admission import Admission
from sluis.imap.upstream import Upstream
from sluis.metrics import Metrics
from sluis.report import Cleaned

EDGE = "imap"


class Guest(Protocol):
    """A session, for the gate that closes."""

    def turn_out(self) -> None:
        """Part as soon as the commands under way are answered."""


@dataclass(frozen=True, slots=True)
class Service:
    """One gate's means. `starttls` is there if a client has to begin TLS before it may log in."""

    imap: ImapSection
    upstream: Upstream
    clean: Callable[[bytes], Awaitable[Cleaned]]
    metrics: Metrics
    starttls: ssl.SSLContext | None
    admission: Admission
    sessions: set[Guest] = field(default_factory=set)
    running: set[asyncio.Task[None]] = field(default_factory=set)
