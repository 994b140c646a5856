"""The 2xx rule: a client hears that its mail was taken only after the server behind said so for that very mail.

    client          Sluis                         the next hop
    EHLO      ──▶   connect, EHLO           ──▶
              ◀──   what it offers          ◀──
    MAIL      ──▶   the same                ──▶
              ◀──   its reply               ◀──
    RCPT      ──▶   the same                ──▶
              ◀──   its reply               ◀──
    DATA      ──▶   DATA                    ──▶
              ◀──   354
    message . ──▶   judge it, clean it
                    the cleaned one .       ──▶
              ◀──   its reply               ◀──

There is no queue: until the last line a message is the client's, from there on the next hop's. Whatever goes wrong
behind becomes 451, and the client tries again. The next hop is connected to at EHLO, not at the first MAIL, since what
it offers (8BITMIME, SMTPUTF8, DSN, a size) is what the client must be offered: from this very connection, so that it
cannot be out of date. After a HELO, which offers nothing, MAIL connects.

A hop that takes several commands at once hears DATA while the message is still on its way; another hears it when the
message is clean. Nothing of the message goes before that, and without its end nothing is taken.

A second MAIL within a transaction is refused here, not passed on: a server that took it might keep the recipients of
the first, and no later reply would tell.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import takewhile
from typing import TYPE_CHECKING

import structlog

from sluis.edge.account import account, logged
from sluis.edge.pool import CleaningError
from sluis.envelope import Envelope
from sluis.report import Cleaned, Verdict
from sluis.smtp import answers, trace
from sluis.smtp.client import Client
from sluis.smtp.hop import EVERYTHING, Answered, Hop, HopError, Offers, Trouble
from sluis.smtp.path import Argument, Path
from sluis.smtp.reply import Reply
from sluis.smtp.service import EDGE, Service

if TYPE_CHECKING:
    from sluis.authentication.verdict import Verdicts

_ANSWER = {
    Trouble.UNREACHABLE: answers.UNAVAILABLE,
    Trouble.TLS: answers.UNAVAILABLE,
    Trouble.STORE: answers.NOT_STORED,
}

_GONE = Reply.of("421 4.4.2 Gone")  # for this module only

_log = structlog.get_logger()


@dataclass(slots=True)
class _Transaction:
    """What the next hop has taken since MAIL."""

    sender: Path
    recipients: list[Path] = field(default_factory=list)

    @property
    def envelope(self) -> Envelope:
        return Envelope(self.sender.mailbox, tuple(path.mailbox for path in self.recipients))


@dataclass(frozen=True, slots=True)
class _Taken:
    """A message on its way; `began` on the clock of `perf_counter`, `cleaning` in seconds."""

    transaction: _Transaction
    cleaned: Cleaned
    began: float
    cleaning: float


class Relay:
    """One client session's side towards the next hop. One call at a time; every reply is for the client as it is."""

    def __init__(self, service: Service, session: str) -> None:
        self._service = service
        self._session = session
        self._hop: Hop | None = None
        self._client: Client | None = None
        self._transaction: _Transaction | None = None
        self._unclear = False  # the hop may hold a transaction that we have given up
        self._delivery: asyncio.Task[Reply] | None = None
        self.logged_in = False  # with the hop, on the connection to it that is open now

    @property
    def recipients(self) -> int:
        """How many the next hop has accepted in this transaction."""
        return len(self._transaction.recipients) if self._transaction else 0

    @property
    def busy(self) -> bool:
        """Whether a transaction is open."""
        return self._transaction is not None

    async def forward(self, argument: bytes) -> Reply:
        """Pass an XFORWARD command on, where the next hop knows it."""
        if not self._hop or not self._hop.alive or not self._hop.offers.xforward:
            return answers.UNKNOWN_COMMAND
        return await self._ask("xforward", self._hop.forward(argument))

    async def greeted(self, client: Client) -> None:
        """Know for whom this session is. What the next hop was told of another client is not true any more.

        A client that has logged in and greets anew has its connection kept, since the login is the connection's.
        """
        await self.reset()
        if client != self._client and not self.logged_in:
            self._change()
        self._client = client

    async def login(self, command: bytes, answered: Answered) -> Reply:
        """Pass a client's login on (RFC 4954 §4), on the connection that its mail then takes."""
        try:
            hop = await self._connected()
        except HopError:
            return answers.NO_LOGIN_NOW
        if command.partition(b" ")[0].upper() not in hop.offers.mechanisms:
            return answers.NO_MECHANISM
        reply = await self._ask("auth", hop.login(command, answered))
        self.logged_in = reply.code == 235 and self._alive()
        return answers.NO_LOGIN_NOW if reply is answers.LOST else reply

    async def forget(self) -> None:
        """Begin anew with a client of whom nothing is known: neither a transaction nor a login is left of it."""
        await self.reset()
        if self.logged_in:
            self._change()

    async def offers(self) -> Offers:
        """What the next hop offers; everything, if it cannot be asked just now (see `EVERYTHING`)."""
        try:
            return (await self._connected()).offers
        except HopError:
            return EVERYTHING

    async def mail(self, argument: Argument, ahead: Iterable[Argument] = ()) -> Reply:
        """Open a transaction, on a new connection if the last one is gone. `ahead`: the recipients that follow."""
        if self._transaction and self._alive():
            return answers.NESTED_MAIL
        self._transaction = None
        if self._unclear:
            await self.reset()
        if self.logged_in and not self._alive():
            return answers.LOGIN_LOST
        reply = await self._begun(argument, tuple(ahead))
        if reply.positive:
            self._transaction, self._unclear = _Transaction(argument.path), True
        return reply

    async def _begun(self, argument: Argument, ahead: tuple[Argument, ...]) -> Reply:
        """The reply to MAIL; from another connection, where one that has waited for this client is gone."""
        while True:
            try:
                hop = await self._connected()
            except HopError as error:
                return _ANSWER.get(error.trouble, answers.UNAVAILABLE)
            if not _offered(argument, hop):
                return answers.OFFER_CHANGED
            sizeless = b"SIZE" if hop.offers.size is None else None
            waited = hop.waited
            reply = await self._ask("mail", hop.mail(argument.wire(without=sizeless), _passed_on(ahead, hop)), waited)
            if reply is not _GONE:
                return reply

    async def rcpt(self, argument: Argument, ahead: Iterable[Argument] = ()) -> Reply:
        """Name a recipient of the transaction. `ahead`: those that follow."""
        if not self._transaction:
            return answers.MAIL_FIRST
        hop = self._hop
        if not hop or not hop.alive:
            return answers.LOST
        if not _offered(argument, hop):
            return answers.OFFER_CHANGED
        reply = await self._ask("rcpt", hop.rcpt(argument.wire(), _passed_on(ahead, hop)))
        if reply.positive:
            self._transaction.recipients.append(argument.path)
        return reply

    def not_ready(self) -> Reply | None:
        """Why no message can follow now; None if one can."""
        if not self._transaction:
            return answers.MAIL_FIRST
        if not self._alive():
            return answers.LOST
        return None if self._transaction.recipients else answers.NO_RECIPIENTS

    def begin(self) -> None:
        """Tell the next hop that a message comes; where none does, it is left before anything of it was said.

        One that a client has logged in on is not told, since the login would go with it.
        """
        if self._hop and not self.logged_in:
            self._hop.begin()

    async def deliver(self, raw: bytes, origin: trace.Origin) -> Reply:
        """Clean `raw`, the transaction's message, hand it over and end the transaction.

        Until the message is cleaned, a client that goes (this is cancelled then) takes it along: it has heard nothing
        and will send it again. From there on it is delivered to the end, whoever listens.
        """
        began = time.perf_counter()
        transaction, self._transaction = self._transaction, None
        if not transaction:
            return answers.MAIL_FIRST
        if trace.hops(raw) > trace.MAX_HOPS:
            self._service.metrics.refused(EDGE, "loop")
            self._withdraw()
            return answers.LOOP
        raw, verdicts = await self._judged(raw, transaction.sender, origin)
        judged = time.perf_counter()
        cleaned = await self._cleaned(raw, transaction.envelope)
        if not cleaned:
            self._withdraw()
            return answers.UNCLEANED
        taken = _Taken(transaction, cleaned, began, time.perf_counter() - judged)
        head, message = self._trace(cleaned, origin), await self._sealed(cleaned.raw, verdicts, judged - began)
        self._delivery = self._service.start(self._hand_over(taken, head, message))
        return await asyncio.shield(self._delivery)

    async def reset(self) -> Reply:
        """Give up the transaction on both sides; the hop's own reply if it was asked."""
        self._transaction = None
        self._withdraw()
        hop = self._hop
        if not hop or not hop.alive or not self._unclear:
            return answers.OK
        reply = await self._ask("rset", hop.rset())
        if not reply.positive:
            self._hang_up()
            return answers.OK  # a connection that is gone has forgotten its transaction too
        self._unclear = False
        return reply

    def close(self) -> None:
        """The client is gone. What is being delivered goes on, then the next hop is left."""
        if self._hop:
            self._service.start(self._leave())

    async def _leave(self) -> None:
        if self._delivery and not self._delivery.done():
            await asyncio.wait([self._delivery])
        if self._hop:
            await self._service.connect.leave(self._hop)

    def _withdraw(self) -> None:
        """Leave a hop that waits for a message that does not come: it takes nothing without the dot (RFC 5321 §3.8)."""
        if self._hop and self._hop.expecting:
            self._hang_up()

    def _change(self) -> None:
        """Take another connection next time."""
        self.logged_in = False
        if self._hop:
            hop, self._hop = self._hop, None
            self._service.start(self._service.connect.leave(hop))

    def _alive(self) -> bool:
        return self._hop is not None and self._hop.alive

    async def _connected(self) -> Hop:
        if self._hop and self._hop.alive:
            return self._hop
        if self.logged_in:
            raise HopError(Trouble.LOST)  # another connection would be nobody's
        self._unclear = False
        try:
            self._hop = await self._service.connect(self._client)
        except HopError as error:
            self._failed("connect", error)
            raise
        self._service.metrics.upstream_reply(EDGE, "connect", 220)
        return self._hop

    async def _ask(self, command: str, reply: Awaitable[Reply], waited: bool = False) -> Reply:
        """The hop's reply, or 451 where there is none; `_GONE` where it had `waited` and has only taken leave."""
        try:
            heard = await reply
        except HopError as error:
            if waited and error.trouble is Trouble.LOST:
                self._hang_up()
                return _GONE
            self._failed(command, error)
            return _ANSWER.get(error.trouble, answers.LOST)
        self._service.metrics.upstream_reply(EDGE, command, heard.code)
        if heard.code == 421:
            self._hang_up()
            return _GONE if waited else heard
        return heard

    def _failed(self, command: str, error: HopError) -> None:
        stage = (
            "store" if error.trouble is Trouble.STORE else "upstream-connect" if command == "connect" else "upstream"
        )
        self._hang_up()
        self._service.metrics.upstream_reply(EDGE, command, None)
        self._service.metrics.failure(EDGE, stage)
        _log.warning(
            "the mail server behind failed",
            edge=EDGE,
            session=self._session,
            stage=stage,
            command=command,
            reason=error.trouble,
        )

    def _hang_up(self) -> None:
        if self._hop:
            self._hop.hang_up()
        self._hop = None

    async def _judged(self, raw: bytes, sender: Path, origin: trace.Origin) -> "tuple[bytes, Verdicts | None]":
        """`raw` with what was found of who sent it on top, and that; `raw` alone where nobody judges."""
        judge = self._service.judge
        if not judge:
            return raw, None
        verdicts = await judge.judge(raw, origin.address, origin.helo, sender.mailbox)
        return judge.marked(raw, verdicts), verdicts

    async def _cleaned(self, raw: bytes, envelope: Envelope) -> Cleaned | None:
        """`raw` cleaned; where that fails, as far as it is (`fail: open`) or None (`closed`)."""
        try:
            return await self._service.cleaner(raw, envelope)
        except CleaningError as error:
            return self._service.failing.passed(raw, error, self._session)

    async def _sealed(self, raw: bytes, verdicts: "Verdicts | None", spent: float) -> bytes:
        """`raw` with a seal, where one is made within the seconds that judging has not `spent`."""
        judge = self._service.judge
        return await judge.sealed(raw, verdicts, spent) if judge and verdicts else raw

    def _trace(self, cleaned: Cleaned, origin: trace.Origin) -> bytes:
        """The fields that go on top."""
        smtp, now = self._service.smtp, datetime.now(UTC)
        stamp = trace.received(origin, self._service.name, self._session, now) if smtp.received else b""
        counts = account(cleaned.report) if smtp.trace else b""
        return stamp + counts

    async def _hand_over(self, taken: _Taken, *message: bytes) -> Reply:
        hop = self._hop
        if not hop:
            return answers.LOST
        reply = await self._ask("data", hop.data(*message))
        if reply.positive:
            self._unclear = False
            self._count(taken)
        self._tell(taken, reply)
        self._service.metrics.relayed(EDGE, time.perf_counter() - taken.began)
        return reply

    def _count(self, taken: _Taken) -> None:
        """Count the message once, when it is delivered: tries that come to nothing are the client's to repeat."""
        report = taken.cleaned.report
        self._service.metrics.message(EDGE, report, taken.transaction.sender.domain, taken.cleaning)
        if report.verdict is Verdict.FAILED:
            self._service.metrics.original_passed(EDGE)

    def _tell(self, taken: _Taken, reply: Reply) -> None:
        report = taken.cleaned.report
        _log.info(
            "message delivered" if reply.positive else "message not delivered",
            edge=EDGE,
            session=self._session,
            sender=taken.transaction.sender.domain,
            recipients=len(taken.transaction.recipients),
            code=reply.code,
            **logged(report, taken.cleaning),
        )


def _offered(argument: Argument, hop: Hop) -> bool:
    """Whether the hop offers what the parameters need, which it may not after a new connection."""
    return argument.extensions <= hop.offers.parameters


def _passed_on(ahead: Iterable[Argument], hop: Hop) -> Iterator[bytes]:
    """The first of the recipients `ahead`, up to one that the hop will not be asked about."""
    return (rcpt.wire() for rcpt in takewhile(lambda rcpt: _offered(rcpt, hop), ahead))
