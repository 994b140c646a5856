"""The client's side: aiosmtpd, hardened.

aiosmtpd gives the connection, its clock and STARTTLS. What is replaced, and why: its command loop (it cannot see a
half-closed connection, and hands text to handlers that reply in ASCII or not at all), its reading of MAIL and RCPT
(`path`), its line-by-line DATA (`framing`), and its own replies, which here are the next hop's (`relay`). A verb is
still a method named `smtp_VERB`.
"""

# ruff: noqa: N802 (aiosmtpd finds its verbs by these names)

import asyncio
import re
import secrets
from asyncio import StreamReaderProtocol, get_running_loop
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import structlog
from aiosmtpd.proxy_protocol import get_proxy
from aiosmtpd.smtp import SMTP, TLSSetupException

from sluis.edge.memory import Share
from sluis.smtp import answers
from sluis.smtp.client import XCLIENT, Client, announced, connected, told
from sluis.smtp.framing import Flaw, Refused, Whole
from sluis.smtp.hop import PASSED_ON, Offers
from sluis.smtp.inbox import EndlessLineError, Inbox
from sluis.smtp.path import Argument, argument, to_ascii
from sluis.smtp.relay import Relay
from sluis.smtp.reply import Reply
from sluis.smtp.service import EDGE, Service
from sluis.smtp.trace import Origin

COMMAND_LIMIT = 2048  # octets of a command line; RFC 5321 §4.5.3.1.4 has 512, its extensions add some hundreds
DRIP_TIMEOUT = 30.0  # seconds before the least rate is asked of a message
HEADER_TIMEOUT = 5.0  # seconds in which a balancer has said for whom its connection is
ERRORS_LIMIT = 20  # commands in a session that are none, or not for now

_INSTANT = 0.001  # seconds; to aiosmtpd's clock none are as many as usual
_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# What a browser says that was led to this port: it must not go on to speak SMTP from the body of its request.
_FOREIGN = frozenset(b"GET HEAD POST PUT DELETE PATCH OPTIONS TRACE CONNECT".split())
_BEFORE_TLS = frozenset({"EHLO", "NOOP", "QUIT", "STARTTLS"})  # RFC 3207 §4

_log = structlog.get_logger()


class ClientSession(SMTP):
    """One client's connection."""

    line_length_limit = 65_536  # what aiosmtpd gives its stream reader: octets read ahead

    def __init__(self, service: Service) -> None:
        smtp = service.smtp
        loop = get_running_loop()
        super().__init__(None, hostname=service.name, tls_context=service.tls, timeout=smtp.command_timeout, loop=loop)
        self._service = service
        self._id = secrets.token_hex(6)
        self._relay = Relay(service, self._id)
        self._peer = Client("local")  # whom the connection is from, or for whom the one that it is from says it is
        self._client = self._peer
        self._offered: frozenset[bytes] = frozenset()
        self._limit = smtp.message_size_limit
        self._utf8 = False
        self._errors = 0
        self._idle = False
        self._leaving = False
        self._over = False

    def __dir__(self) -> list[str]:
        """The verbs alone: aiosmtpd looks for them in all names there are, for each client, and takes 0.4 ms for it."""
        return _VERBS

    # The connection

    def eof_received(self) -> bool | None:
        """A client may close its side behind its last command, and still wait for the replies."""
        StreamReaderProtocol.eof_received(self)
        return not self._secure  # TLS cannot be closed on one side only

    def turn_out(self) -> asyncio.Task[None]:
        """The gate closes: say 421 and part, at once from a client that is silent, else after the reply it is owed."""
        self._leaving = True
        if self._idle:
            self._part(answers.GOING_DOWN)
        return cast("asyncio.Task[None]", self._handler_coroutine)

    def _timeout_cb(self) -> None:
        self._service.metrics.refused(EDGE, "timeout")
        self._part(answers.TOO_SLOW)

    def _part(self, reply: Reply) -> None:
        self._over = True
        if not self._writer.is_closing():
            unread = self._writer.transport.get_write_buffer_size()
            self._writer.write(reply.wire())
            # A client that does not read would keep a connection that waits for it.
            self._writer.transport.abort() if unread else self._writer.close()

    async def _handle_client(self) -> None:
        metrics, admission = self._service.metrics, self._service.admission
        if not await self._identified():
            metrics.refused(EDGE, "proxy-header")
            self._writer.close()
            return
        self._inbox = Inbox(self._reader)
        with metrics.session(EDGE), admission.admit(self._client.address) as full:
            self._service.sessions.add(self)
            try:
                if full:
                    metrics.refused(EDGE, full)
                    await self._say(answers.FULL_UP[full])
                else:
                    await self._converse()
            except (ConnectionError, TLSSetupException, EndlessLineError):
                pass  # nobody is left to tell
            finally:
                self._service.sessions.discard(self)
                self._relay.close()
                self._stop_clock()
                self._writer.close()

    async def _identified(self) -> bool:
        """Learn who the client is; False where a balancer should have said so and has not."""
        self._peer = self._client = connected(self._writer.transport)
        if not self._peer.within(self._service.smtp.proxy_from):
            return True
        try:
            async with asyncio.timeout(HEADER_TIMEOUT):
                told = announced(self._peer, await get_proxy(self._reader))
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError):
            return False
        self._client = told or self._peer
        return told is not None

    async def _converse(self) -> None:
        loop = get_running_loop()
        end = loop.time() + self._service.smtp.session_timeout
        await self._say(Reply.of(f"220 {self._service.name} ESMTP Sluis"))
        while not (self._over or self._leaving):
            if loop.time() > end:
                self._service.metrics.refused(EDGE, "session-timeout")
                await self._say(answers.TOO_LONG)
                return
            self._reset_timeout()
            self._idle = True
            line = await self._inbox.line()
            self._idle = False
            self._stop_clock()
            if line is None:
                return
            await self._obey(line)
        if not self._over:
            await self._say(answers.GOING_DOWN)

    async def _obey(self, line: bytes) -> None:
        verb, _, rest = line.partition(b" ")
        if refusal := self._unreadable(line, verb.upper()):
            await self._complain(refusal)
            return
        try:
            await self._smtp_methods[verb.upper().decode()](rest.strip(b" ").decode("utf-8", "surrogateescape"))
        except (ConnectionError, TLSSetupException):
            raise
        except Exception:
            _log.exception("a command could not be carried out", edge=EDGE, session=self._id)
            self._over = True
            await self._say(answers.INTERNAL)

    def _unreadable(self, line: bytes, verb: bytes) -> Reply | None:
        if verb in _FOREIGN:
            self._over = True
            return answers.NOT_SMTP
        if len(line) > COMMAND_LIMIT:
            return answers.LINE_TOO_LONG
        if _CONTROL.search(line):
            return answers.BAD_OCTETS
        if verb.decode("ascii", "replace") not in self._smtp_methods:
            return answers.UNKNOWN_COMMAND
        if self._service.smtp.tls.required and not self._secure and verb.decode() not in _BEFORE_TLS:
            self._service.metrics.refused(EDGE, "tls-required")
            return answers.TLS_REQUIRED
        return None

    async def _say(self, reply: Reply) -> None:
        self._reset_timeout()
        self._writer.write(reply.wire())
        await self._writer.drain()
        self._stop_clock()
        if reply.code == 421:
            self._over = True

    async def _complain(self, reply: Reply) -> None:
        """Refuse a command ourselves; a session of nothing but these comes to an end."""
        self._errors += 1
        if self._errors > ERRORS_LIMIT:
            self._service.metrics.refused(EDGE, "syntax")
            reply = answers.TOO_MANY_ERRORS
        await self._say(reply)

    def _stop_clock(self) -> None:
        if self._timeout_handle:
            self._timeout_handle.cancel()

    @property
    def _secure(self) -> bool:
        return self._tls_protocol is not None

    @property
    def _believed(self) -> bool:
        """Whether the peer may say for whom its connection is."""
        return self._peer.within(self._service.smtp.xclient_from)

    @property
    def _greeted(self) -> str | None:
        return self.session.host_name if self.session else None

    # The verbs

    async def smtp_EHLO(self, hostname: str) -> None:
        """Offer what the next hop offers, as far as we can pass it on."""
        if not await self._greet(hostname, extended=True):
            return
        offers = await self._relay.offers()
        self._limit = offers.limit(self._service.smtp.message_size_limit)
        self._offered = offers.extensions | {b"SIZE"}
        starttls = [b"STARTTLS"] if self._service.tls and not self._secure else []
        ours = [self._service.name.encode("ascii"), b"PIPELINING", b"SIZE %d" % self._limit, *starttls]
        ours += self._identities(offers)
        await self._say(Reply(250, (*ours, *(word for word in PASSED_ON if word in offers.extensions))))

    async def smtp_HELO(self, hostname: str) -> None:
        """Offer nothing."""
        if await self._greet(hostname, extended=False):
            self._offered = frozenset()
            await self._say(Reply.of(f"250 {self._service.name}"))

    async def smtp_MAIL(self, arg: str) -> None:
        """Open a transaction with the next hop."""
        mail = argument(b"FROM:", _octets(arg))
        if not self._greeted:
            await self._complain(answers.HELLO_FIRST)
        elif not mail:
            await self._complain(answers.BAD_SENDER)
        elif refusal := self._unfit(mail):
            await self._complain(refusal)
        else:
            self._utf8 = any(parameter.name == b"SMTPUTF8" for parameter in mail.parameters)
            await self._say(await self._relay.mail(mail))

    async def smtp_RCPT(self, arg: str) -> None:
        """Name a recipient to the next hop."""
        rcpt = argument(b"TO:", _octets(arg))
        if not rcpt or not rcpt.path.mailbox:
            await self._complain(answers.BAD_RECIPIENT)
        elif refusal := self._unfit(rcpt) or self._unwanted(rcpt):
            await self._complain(refusal)
        elif self._relay.recipients >= self._service.smtp.max_recipients:
            self._service.metrics.refused(EDGE, "recipients")
            await self._say(answers.TOO_MANY_RECIPIENTS)
        else:
            await self._say(await self._relay.rcpt(rcpt))

    async def smtp_DATA(self, arg: str) -> None:
        """Take the message, have it delivered, and tell what came of it."""
        if refusal := answers.BAD_ARGUMENT if arg else self._relay.not_ready():
            await self._complain(refusal)
        elif self._service.memory.full:
            self._service.metrics.refused(EDGE, Flaw.MEMORY)
            await self._say(answers.NO_MEMORY)
        else:
            await self._say(answers.GO_AHEAD)
            with self._service.memory.share() as share:
                await self._take(share)

    async def _take(self, share: Share) -> None:
        """Read the message and have it delivered, in `share` of the room for messages under way."""
        event = await self._inbox.message(self._limit, self._paced(share))
        self._stop_clock()
        match event:
            case Whole(message):
                await self._say(await self._relay.deliver(message, self._origin))
            case Refused():
                await self._refuse(event)
            case None:
                self._over = True  # gone before the end: nothing was taken

    def _paced(self, share: Share) -> Callable[[int, int], bool]:
        """What is to be told how a message comes: its clock runs for all of it, and faster where it only drips."""
        smtp, loop = self._service.smtp, get_running_loop()
        begin = loop.time()

        def goes_on(received: int, held: int) -> bool:
            most = min(smtp.data_timeout, DRIP_TIMEOUT + received / smtp.data_rate)
            self._reset_timeout(max(begin + most - loop.time(), _INSTANT))
            return share.hold(held)

        goes_on(0, 0)
        return goes_on

    async def smtp_RSET(self, arg: str) -> None:
        """Give up the transaction."""
        if arg:
            await self._complain(answers.BAD_ARGUMENT)
        else:
            await self._say(await self._relay.reset())

    async def smtp_NOOP(self, arg: str) -> None:
        """Do nothing."""
        await self._say(answers.OK)

    async def smtp_VRFY(self, arg: str) -> None:
        """Tell nobody who is here."""
        await self._say(answers.NO_VERIFYING)

    async def smtp_HELP(self, arg: str) -> None:
        """Point to where it is written."""
        await self._say(answers.HELP)

    async def smtp_QUIT(self, arg: str) -> None:
        """Part."""
        self._over = True
        await self._say(answers.BYE)

    async def smtp_STARTTLS(self, arg: str) -> None:
        """Begin TLS and the session anew; whatever was sent ahead in plaintext is dropped."""
        if not self._service.tls:
            await self._complain(answers.UNKNOWN_COMMAND)
        elif arg or self._secure:
            await self._complain(answers.BAD_ARGUMENT if arg else answers.TLS_ACTIVE)
        else:
            await self._relay.reset()
            self._inbox.clear()
            self._offered = frozenset()
            await super().smtp_STARTTLS(arg)

    async def smtp_XCLIENT(self, arg: str) -> None:
        """Be told by a peer that is believed for whom its connection is, and begin the session anew."""
        if not self._believed:
            await self._complain(answers.UNKNOWN_COMMAND)
        elif self._relay.busy:
            await self._complain(answers.NESTED_MAIL)
        elif client := told(self._client, _octets(arg)):
            self._client = client
            self._offered = frozenset()
            if self.session:
                self.session.host_name = None
            await self._say(Reply.of(f"220 {self._service.name} ESMTP Sluis"))
        else:
            await self._complain(answers.BAD_ARGUMENT)

    async def smtp_XFORWARD(self, arg: str) -> None:
        """Pass on what a peer that is believed says of where a message came from, which servers write in their logs."""
        if self._believed:
            await self._say(await self._relay.forward(_octets(arg)))
        else:
            await self._complain(answers.UNKNOWN_COMMAND)

    async def smtp_AUTH(self, arg: str) -> None:
        """Not offered."""
        await self._complain(answers.UNKNOWN_COMMAND)

    async def smtp_EXPN(self, arg: str) -> None:
        """Not offered."""
        await self._complain(answers.UNKNOWN_COMMAND)

    async def _greet(self, hostname: str, *, extended: bool) -> bool:
        if not hostname or not self.session:
            await self._complain(answers.BAD_ARGUMENT)
            return False
        self._client = replace(self._client, helo=hostname, extended=extended)
        await self._relay.greeted(self._client)
        self.session.host_name = hostname
        self.session.extended_smtp = extended
        return True

    def _identities(self, offers: Offers) -> list[bytes]:
        """What the peer may say of its client."""
        if not self._believed:
            return []
        passed_on = [b"XFORWARD " + offers.xforward] if offers.xforward else []
        return [b"XCLIENT " + " ".join(XCLIENT).encode(), *passed_on]

    def _unfit(self, given: Argument) -> Reply | None:
        """Why a command's parameters cannot be passed on."""
        refusal = answers.unfit(given, self._offered, self._limit)
        if refusal is answers.TOO_BIG:
            self._service.metrics.refused(EDGE, Flaw.SIZE)
        return refusal

    def _unwanted(self, rcpt: Argument) -> Reply | None:
        """Why mail for a recipient is not taken here, whatever the next hop would say (RFC 5321 §4.5.1)."""
        domains, path = self._service.smtp.accept_domains, rcpt.path
        if not domains or to_ascii(path.domain) in domains or path.mailbox.lower() == "postmaster":
            return None
        self._service.metrics.refused(EDGE, "domain")
        return answers.NOT_OURS

    async def _refuse(self, refused: Refused) -> None:
        """Say why there is no message, and part from a client whose next octets cannot be told from its last.

        The client hears it at once, however slow the next hop is; one that is parted from needs no RSET, as leaving the
        hop ends the transaction too.
        """
        self._service.metrics.refused(EDGE, refused.flaw)
        _log.info("a message was refused", edge=EDGE, session=self._id, reason=refused.flaw)
        self._over = refused.rest is None
        await self._say(answers.FLAWED[refused.flaw])
        if not self._over:
            await self._relay.reset()

    @property
    def _origin(self) -> Origin:
        extended = bool(self.session and self.session.extended_smtp)
        return Origin(self._client.address, self._greeted or "", extended, self._secure, self._utf8)


_VERBS = sorted(name for name in vars(SMTP) | vars(ClientSession) if name.startswith("smtp_"))


def _octets(arg: str) -> bytes:
    return arg.encode("utf-8", "surrogateescape")
