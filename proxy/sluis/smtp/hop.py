"""The next hop, as the relay sees it: whatever mail goes on to, be it an SMTP server, an LMTP store or a Maildir.

One `Hop` is one connection. Its replies are the other side's own; where there was none worth the name, it raises
`HopError` and is of no further use.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sluis.smtp.client import Client
from sluis.smtp.reply import Reply

# What we can pass on if the hop has it. SIZE, PIPELINING and STARTTLS are between us and the client.
PASSED_ON = (b"8BITMIME", b"SMTPUTF8", b"DSN", b"ENHANCEDSTATUSCODES")


@dataclass(frozen=True, slots=True)
class Offers:
    """What a hop offers of what concerns us; `size` in octets, 0 for no limit, None if it does not speak of sizes.

    `xforward`: the attributes that it may be told of where a message came from (Postfix' XFORWARD_README).
    `mechanisms`: the ways to log in (RFC 4954) that can be passed on.
    """

    extensions: frozenset[bytes] = frozenset()
    size: int | None = None
    xforward: bytes = b""
    mechanisms: tuple[bytes, ...] = ()

    @property
    def parameters(self) -> frozenset[bytes]:
        """The extensions whose parameters MAIL and RCPT may have; SIZE is ours."""
        return self.extensions | {b"SIZE"} | ({b"AUTH"} if self.mechanisms else frozenset())

    def limit(self, ours: int) -> int:
        """The smaller of its limit and ours, in octets."""
        return min(ours, self.size) if self.size else ours


# For when a hop cannot be asked: a client that is offered too little may give its message up for good, one that is
# offered too much hears 451 and comes again.
EVERYTHING = Offers(frozenset(PASSED_ON), 0)


class Trouble(StrEnum):
    """What went wrong with a hop."""

    UNREACHABLE = "unreachable"
    TLS = "tls"
    LOST = "lost"
    TIMEOUT = "timeout"
    GARBAGE = "garbage"
    IDENTITY = "identity"
    STORE = "store"


class HopError(Exception):
    """The hop gave no valid reply."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(str(trouble))
        self.trouble = trouble


Answered = Callable[[Reply], Awaitable[bytes | None]]
"""What the client says to a challenge (334); None where it has gone."""


class Hop(Protocol):
    """A connection to the next hop, greeted.

    `mail` and `rcpt` take an argument as in `<a@b.example> SIZE=1`. Those that are `ahead` will be what `rcpt` is asked
    next, in that order, as long as replies allow; they may be sent at once (RFC 2920).
    """

    @property
    def offers(self) -> Offers:
        """What it said it can do."""

    @property
    def alive(self) -> bool:
        """Whether it is worth a command."""

    @property
    def waited(self) -> bool:
        """Whether it was made before its client came, and has not answered since: it may be gone, and nobody knows."""

    async def mail(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """Open a transaction."""

    async def rcpt(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """Name a recipient."""

    async def forward(self, argument: bytes) -> Reply:
        """Say where the next message came from, for its log (XFORWARD)."""

    async def login(self, command: bytes, answered: Answered) -> Reply:
        """Pass on AUTH and the answers to its challenges; the reply is the last one.

        Raises HopError, also where the client has gone.
        """

    @property
    def expecting(self) -> bool:
        """Whether it was told that a message comes (`begin`): then `data` follows, or it is hung up on."""

    def begin(self) -> None:
        """Say that a message comes, before it is there, and wait for nothing; where that can be said."""

    async def data(self, *message: bytes) -> Reply:
        """Hand over the message, which may be in pieces.

        The reply is the one to its last dot, or the refusal of DATA itself.
        """

    async def rset(self) -> Reply:
        """Give the transaction up."""

    async def quit(self) -> None:
        """Take leave, without waiting long. Never raises HopError."""

    def hang_up(self) -> None:
        """Drop the connection at once, and with it the transaction."""


class Connect(Protocol):
    """Connects to the next hop, and parts from it."""

    async def __call__(self, client: Client | None) -> Hop:
        """A connection for `client`, or for the gate itself. Raises HopError."""

    async def leave(self, hop: Hop) -> None:
        """Take a connection back that its client needs no more. Never raises HopError."""
        await hop.quit()
