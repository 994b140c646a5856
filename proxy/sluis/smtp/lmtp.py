"""A mail store spoken to over LMTP (RFC 2033), and what its many replies come to in SMTP's one.

LMTP is SMTP but for two things: LHLO, and one reply for each accepted recipient after the dot. The client knows only
one. Which one it hears follows from never losing a message and never saying more than is so:

    every recipient has it              the store's 250
    at least one may have it later      4yz: the client keeps the message and tries again
    none may, some have it              554, saying how many have it: the client tells its sender, who reads that
    every recipient was refused         the store's 5yz

The price: where some have it and others may later, those who have it get it again at each try. That is chosen over
taking one recipient a transaction (452 for the others, RFC 5321 §4.5.3.1.10), which makes clients like Postfix wait
minutes for each; and over 250, after which nobody would ever tell that a recipient went without. Stores refuse at
RCPT what they can, where each recipient has a reply of its own, so that differences after the dot are rare.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from sluis.config import Endpoint, UpstreamTimeoutSection
from sluis.smtp.client import Client
from sluis.smtp.connector import Connector, Identity
from sluis.smtp.reply import Reply
from sluis.smtp.upstream import SmtpHop, sane


class LmtpHop(SmtpHop):
    """An LMTP store, connected to."""

    _HELLO: ClassVar[tuple[bytes, ...]] = (b"LHLO",)
    _accepted = 0

    async def mail(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """MAIL FROM:`argument`."""
        self._accepted = 0
        return await super().mail(argument, ahead)

    async def rcpt(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """RCPT TO:`argument`."""
        reply = await super().rcpt(argument, ahead)
        self._accepted += reply.positive
        return reply

    async def _final(self) -> Reply:
        owed = range(self._accepted - 1, -1, -1)
        return one_reply([sane(await self._wire.heard(more=later > 0)) for later in owed])


class LmtpConnector(Connector):
    """Connects to one LMTP store, by TCP or through its Unix socket."""

    def __init__(
        self, address: Endpoint | Path, name: str, patience: UpstreamTimeoutSection, identity: Identity
    ) -> None:
        self._address = address
        self.identity = identity
        self._name = name
        self._patience = patience

    async def greeted(self, client: Client | None) -> SmtpHop:
        """A connection. Raises HopError."""
        hop = await LmtpHop.open(self._address, self._patience, self.identity.preamble(client))
        await hop.hello(self._name)
        return hop


def one_reply(replies: list[Reply]) -> Reply:
    """What to tell a client of the `replies` for its recipients, of which there is at least one."""
    taken = [reply for reply in replies if reply.positive]
    later = [reply for reply in replies if 400 <= reply.code < 500]
    refused = [reply for reply in replies if reply.code >= 500]
    if not taken or not (later or refused):
        return (later or refused or taken)[0]
    code, fate = ("451 4.2.0", "not yet") if later else ("554 5.2.0", "never")
    said = (later or refused)[0]
    return _told(f"{code} {len(taken)} of {len(replies)} recipients have this message, the others {fate}", said)


def _told(text: str, said: Reply) -> Reply:
    """A reply of ours that ends in what the store said, in one line for a sender to read."""
    reply = Reply.of(text + ": ")
    return Reply(reply.code, (reply.lines[0] + b"%d " % said.code + said.lines[-1],))
