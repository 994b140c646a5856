"""What a client may say, verb by verb: aiosmtpd's dialogue with the next hop's replies in place of its own.

What is replaced of aiosmtpd's beside them, and why: its reading of MAIL and RCPT (`path`) and its line-by-line DATA
(`framing`). What the verbs come to behind is not decided here (`relay`).
"""

# ruff: noqa: N802 (aiosmtpd finds its verbs by these names)

import re
from asyncio import get_running_loop
from collections.abc import Callable, Iterator
from dataclasses import replace
from ipaddress import IPv6Network
from itertools import islice

import structlog

from sluis.edge.memory import Share
from sluis.smtp import answers
from sluis.smtp.client import XCLIENT, told
from sluis.smtp.connection import Connection
from sluis.smtp.framing import Flaw, Refused, Whole
from sluis.smtp.hop import PASSED_ON, Offers
from sluis.smtp.path import Argument, Path, argument, to_ascii
from sluis.smtp.reply import Reply
from sluis.smtp.service import EDGE
from sluis.smtp.trace import Origin

DRIP_TIMEOUT = 30.0  # seconds before the least rate is asked of a message

_HERE = (IPv6Network("::1"), IPv6Network("::ffff:127.0.0.0/104"))
_ANSWER = re.compile(rb"[A-Za-z0-9+/]{0,12288}={0,3}|\*")  # base64, or nothing, or the end of it
_INSTANT = 0.001  # seconds; to aiosmtpd's clock none are as many as usual

_log = structlog.get_logger()


class ClientSession(Connection):
    """One client's session."""

    _utf8 = False

    async def smtp_EHLO(self, hostname: str) -> None:
        """Offer what the next hop offers, as far as we can pass it on."""
        if not await self._greet(hostname, extended=True):
            return
        smtp, offers = self._service.smtp, await self._relay.offers()
        self._limit = offers.limit(smtp.message_size_limit)
        logins = offers.mechanisms if smtp.auth != "off" else ()
        self._offered = offers.parameters if logins else offers.parameters - {b"AUTH"}
        starttls = [b"STARTTLS"] if self._service.tls and not self._secure else []
        ours = [self._service.name.encode("ascii"), b"PIPELINING", b"SIZE %d" % self._limit, *starttls]
        ours += [b"AUTH " + b" ".join(logins)] if logins and self._private else []
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
        elif self._service.smtp.auth == "required" and not self._relay.logged_in:
            self._service.metrics.refused(EDGE, "login-required")
            await self._complain(answers.LOGIN_REQUIRED)
        elif not mail:
            await self._complain(answers.BAD_SENDER)
        elif refusal := self._unfit(mail):
            await self._complain(refusal)
        else:
            self._utf8 = any(parameter.name == b"SMTPUTF8" for parameter in mail.parameters)
            await self._say(await self._relay.mail(mail, self._ahead()))

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
            await self._say(await self._relay.rcpt(rcpt, self._ahead()))

    async def smtp_DATA(self, arg: str) -> None:
        """Take the message, have it delivered, and tell what came of it."""
        if refusal := answers.BAD_ARGUMENT if arg else self._relay.not_ready():
            await self._complain(refusal)
        elif self._service.memory.full:
            self._service.metrics.refused(EDGE, Flaw.MEMORY)
            await self._say(answers.NO_MEMORY)
        else:
            self._relay.begin()
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
            await self._relay.forget()
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
            await self._relay.forget()
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
        """Have the next hop decide who may log in: its challenges and the client's answers pass as they are."""
        if refusal := self._no_login():
            await self._complain(refusal)
            return
        reply = await self._relay.login(_octets(arg), self._answered)
        if reply.negative:
            await self._complain(reply)
        else:
            await self._say(reply)

    async def _answered(self, challenge: Reply) -> bytes | None:
        """The client's answer; where it is none, the one that gives a login up (RFC 4954 §4)."""
        await self._say(challenge)
        self._reset_timeout()
        line = await self._inbox.line()
        self._stop_clock()
        if line is None or self._over:
            return None
        return line if _ANSWER.fullmatch(line) else b"*"

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

    def _no_login(self) -> Reply | None:
        """Why a client may not log in now."""
        if self._service.smtp.auth == "off":
            return answers.UNKNOWN_COMMAND
        if not self._private:
            return answers.TLS_FOR_LOGIN
        if self._relay.logged_in or self._relay.busy:
            return answers.LOGGED_IN if self._relay.logged_in else answers.NESTED_MAIL
        return None if self._greeted else answers.HELLO_FIRST

    @property
    def _private(self) -> bool:
        """Whether nobody else can read what the client says: TLS, or a client on this machine."""
        return self._secure or all(each.within(_HERE) for each in (self._peer, self._client))

    @property
    def _believed(self) -> bool:
        """Whether the peer may say for whom its connection is."""
        return self._peer.within(self._service.smtp.xclient_from)

    def _identities(self, offers: Offers) -> list[bytes]:
        """What the peer may say of its client."""
        if not self._believed:
            return []
        passed_on = [b"XFORWARD " + offers.xforward] if offers.xforward else []
        return [b"XCLIENT " + " ".join(XCLIENT).encode(), *passed_on]

    def _ahead(self) -> Iterator[Argument]:
        """The recipients that the client has named behind the one command, and that will be passed on (RFC 2920)."""
        room = self._service.smtp.max_recipients - self._relay.recipients - 1
        for line in islice(self._inbox.waiting(), room):
            verb, _, rest = line.partition(b" ")
            if verb.upper() != b"RCPT" or self._unreadable(line, b"RCPT"):
                return
            rcpt = argument(b"TO:", rest.strip(b" "))
            if not rcpt or not rcpt.path.mailbox or not self._ours(rcpt.path):
                return
            if answers.unfit(rcpt, self._offered, self._limit):
                return
            yield rcpt

    def _unfit(self, given: Argument) -> Reply | None:
        """Why a command's parameters cannot be passed on."""
        refusal = answers.unfit(given, self._offered, self._limit)
        if refusal is answers.TOO_BIG:
            self._service.metrics.refused(EDGE, Flaw.SIZE)
        return refusal

    def _unwanted(self, rcpt: Argument) -> Reply | None:
        """Why mail for a recipient is not taken here, whatever the next hop would say (RFC 5321 §4.5.1)."""
        if self._ours(rcpt.path):
            return None
        self._service.metrics.refused(EDGE, "domain")
        return answers.NOT_OURS

    def _ours(self, path: Path) -> bool:
        """Whether mail for `path` is for the next hop to take or refuse."""
        domains = self._service.smtp.accept_domains
        if not domains or self._relay.logged_in:
            return True
        return to_ascii(path.domain) in domains or path.mailbox.lower() == "postmaster"

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
        logged_in = self._relay.logged_in
        return Origin(self._client.address, self._greeted or "", extended, self._secure, logged_in, self._utf8)


def _octets(arg: str) -> bytes:
    return arg.encode("utf-8", "surrogateescape")
