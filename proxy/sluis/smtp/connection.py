"""A client's connection: aiosmtpd's, hardened.

aiosmtpd gives the connection, its clock and STARTTLS. Its command loop is replaced: it cannot see a half-closed
connection, and hands text to handlers that reply in ASCII or not at all. What the commands mean is not known here; a
verb is still a method named `smtp_VERB`, of a subclass (`server`).
"""

import asyncio
import re
import secrets
from asyncio import StreamReaderProtocol, get_running_loop
from typing import ClassVar, cast

import structlog
from aiosmtpd.proxy_protocol import get_proxy
from aiosmtpd.smtp import SMTP, TLSSetupException

from sluis.smtp import answers
from sluis.smtp.client import Client, announced, connected
from sluis.smtp.clock import Clock
from sluis.smtp.inbox import EndlessLineError, Inbox
from sluis.smtp.relay import Relay
from sluis.smtp.reply import Reply
from sluis.smtp.service import EDGE, Service

COMMAND_LIMIT = 2048  # octets of a command line; RFC 5321 §4.5.3.1.4 has 512, its extensions add some hundreds
LOGIN_LIMIT = 12_288  # octets of a line that belongs to a login (RFC 4954 §4)
HEADER_TIMEOUT = 5.0  # seconds in which a balancer has said for whom its connection is
ERRORS_LIMIT = 20  # commands in a session that are none, or not for now

_CONTROL = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")
# What a browser says that was led to this port: it must not go on to speak SMTP from the body of its request.
_FOREIGN = frozenset(b"GET HEAD POST PUT DELETE PATCH OPTIONS TRACE CONNECT".split())
_BEFORE_TLS = frozenset({b"EHLO", b"NOOP", b"QUIT", b"STARTTLS"})  # RFC 3207 §4

_log = structlog.get_logger()


class _Nobody:
    """The handler that aiosmtpd looks for hooks in, for each client, and that has none."""

    def __dir__(self) -> list[str]:
        return []


_NOBODY = _Nobody()


class Connection(SMTP):
    """One client's connection, and what it has said of itself."""

    verbs: ClassVar[list[str]]
    line_length_limit = 65_536  # what aiosmtpd gives its stream reader: octets read ahead

    def __init__(self, service: Service) -> None:
        smtp = service.smtp
        loop = get_running_loop()
        super().__init__(_NOBODY, hostname=service.name, tls_context=service.tls, loop=loop)
        self._clock = Clock(loop, self._timeout_cb)
        self._timeout_handle = cast("asyncio.TimerHandle", self._clock)  # for aiosmtpd to cancel
        self._service = service
        self._id = secrets.token_hex(6)
        self._relay = Relay(service, self._id)
        self._peer = Client("local")  # whom the connection is from, or for whom the one that it is from says it is
        self._client = self._peer
        self._offered: frozenset[bytes] = frozenset()
        self._limit = smtp.message_size_limit
        self._errors = 0
        self._idle = False
        self._leaving = False
        self._over = False

    def __init_subclass__(cls) -> None:
        cls.verbs = [name for name in dir(cls) if name.startswith("smtp_")]

    def __dir__(self) -> list[str]:
        """The verbs alone: aiosmtpd looks for them in all names there are, for each client, and takes 0.4 ms for it."""
        return self.verbs

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

    def _reset_timeout(self, duration: float | None = None) -> None:
        self._clock.give(duration or self._service.smtp.command_timeout)

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
                self._clock.cancel()
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
        if len(line) > (LOGIN_LIMIT if verb == b"AUTH" else COMMAND_LIMIT):
            return answers.LINE_TOO_LONG
        if _CONTROL.search(line):
            return answers.BAD_OCTETS
        if verb.decode("ascii", "replace") not in self._smtp_methods:
            return answers.UNKNOWN_COMMAND
        if self._service.smtp.tls.required and not self._secure and verb not in _BEFORE_TLS:
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
        self._clock.stop()

    @property
    def _secure(self) -> bool:
        return self._tls_protocol is not None

    @property
    def _greeted(self) -> str | None:
        return self.session.host_name if self.session else None
