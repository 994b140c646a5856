"""The server behind, spoken to over SMTP with aiosmtplib's connection.

Paths and parameters go out as raw commands (`Wire.ask`), since aiosmtplib's own `mail` and `rcpt` rewrite them. Every
way in which a server can fail to answer becomes a `HopError`, and ends the connection: after a reply that was not
understood, nothing that follows can be told apart from it.
"""

import asyncio
import re
import ssl
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Self

from aiosmtplib.errors import SMTPException
from aiosmtplib.esmtp import parse_esmtp_extensions

from sluis.config import Endpoint, UpstreamTimeoutSection
from sluis.smtp.client import Client, commands
from sluis.smtp.hop import PASSED_ON, Answered, HopError, Offers, Trouble
from sluis.smtp.reply import GarbledError, Reply
from sluis.smtp.wire import Wire, opened

_FAREWELL = 2.0  # seconds for the reply to QUIT, which changes nothing any more

_CHALLENGES = 16  # of one login; no mechanism needs more than a few
# A login that is bound to a TLS session (RFC 5929), of which there are two here, or to a certificate: not ours to show.
_BOUND = re.compile(r"[a-z0-9_-]*-plus|external", re.IGNORECASE)
_MECHANISM = re.compile(r"[a-z0-9_-]{1,20}", re.IGNORECASE)  # RFC 4422 §3.1


class SmtpHop:
    """An SMTP server, connected to."""

    _HELLO: ClassVar[tuple[bytes, ...]] = (b"EHLO", b"HELO")

    def __init__(self, wire: Wire, patience: UpstreamTimeoutSection) -> None:
        self.offers = Offers()
        self.born = asyncio.get_running_loop().time()
        self.served = 0  # clients that have had it
        self.waited = False
        self._own = False  # one client's, and no other's any more
        self._begun = False  # a transaction may be open
        self._told: frozenset[str] = frozenset()  # what it may be told of a client (XCLIENT)
        self._pipelining = False
        self._sent: deque[bytes] = deque()  # commands whose replies were not heard yet
        self._wire = wire
        self._patience = patience

    @classmethod
    async def open(cls, address: Endpoint | Path, patience: UpstreamTimeoutSection, preamble: bytes = b"") -> Self:
        """Connect, write `preamble` and hear the greeting. Raises HopError."""
        target = str(address) if isinstance(address, Path) else (address.host, address.port)
        try:
            wire = await opened(asyncio.get_running_loop(), target)
        except OSError as error:
            raise HopError(Trouble.UNREACHABLE) from error
        hop = cls(wire, patience)
        with hop._watched(patience.connect):
            if preamble:
                hop._own = True
                wire.write(preamble)
            greeting = await wire.heard()
            if greeting.negative:
                raise HopError(Trouble.UNREACHABLE)
            if greeting.code != 220:
                raise GarbledError("no greeting")
        return hop

    @property
    def alive(self) -> bool:
        """Whether the connection is up, as far as has been heard."""
        return self._wire.is_connected

    async def hello(self, name: str) -> frozenset[bytes]:
        """Greet as `name`, keep what is offered, and return every keyword of it."""
        for verb in self._HELLO:
            reply = await self._ask(verb, name.encode("ascii"))
            if reply.positive:
                words, mechanisms = parse_esmtp_extensions(reply.kept().message)
                offered = frozenset(word.upper().encode("utf-8", "surrogateescape") for word in words)
                xforward = words.get("xforward", "").encode("ascii", "ignore")
                size, logins = _size(words.get("size")), tuple(_passed(mechanisms))
                self.offers = Offers(offered.intersection(PASSED_ON), size, xforward, logins)
                self._pipelining = b"PIPELINING" in offered
                self._told = frozenset(words.get("xclient", "").upper().split())
                return offered
        self._wire.close()
        raise HopError(Trouble.UNREACHABLE)

    async def secure(self, context: ssl.SSLContext, name: str) -> None:
        """Begin TLS, checking the certificate for `name` as `context` says. Raises HopError."""
        with self._watched(self._patience.connect, Trouble.TLS):
            await self._wire.start_tls(context, server_hostname=name, timeout=self._patience.connect)

    async def introduce(self, client: Client, name: str) -> None:
        """Say by XCLIENT for whom this connection is, and greet anew. Raises HopError where it may not be said."""
        self._own = True
        if "ADDR" not in self._told:  # by anything else it would not be known
            self._wire.close()
            raise HopError(Trouble.IDENTITY)
        with self._watched(self._patience.command):
            replies = [await self._wire.ask(b"XCLIENT", each) for each in commands(client, self._told)]
        if any(reply.code != 220 for reply in replies):
            self._wire.close()
            raise HopError(Trouble.IDENTITY)
        await self.hello(client.greeting or name)

    async def mail(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """MAIL FROM:`argument`."""
        self._begun = True
        reply = await self._fly(b"MAIL FROM:" + argument, ahead)
        while self._sent and not reply.positive and reply.code != 421:
            await self._fly(self._sent[0])  # nobody will ask for it
        return reply

    async def rcpt(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """RCPT TO:`argument`."""
        return await self._fly(b"RCPT TO:" + argument, ahead)

    async def forward(self, argument: bytes) -> Reply:
        """XFORWARD."""
        self._own = True
        return await self._ask(b"XFORWARD", argument)

    async def login(self, command: bytes, answered: Answered) -> Reply:
        """AUTH, and each challenge's answer, as the client has them. The words are not looked at here."""
        self._own = True
        with self._watched(self._patience.command):
            reply = await self._wire.ask(b"AUTH", command)
            for _ in range(_CHALLENGES):
                if reply.code != 334:
                    return reply if reply.code == 235 else _refusal(reply)
                self._wire.allow(None)
                answer = await answered(reply)
                if answer is None:
                    raise HopError(Trouble.LOST)
                self._wire.allow(self._patience.command)
                reply = await self._wire.ask(answer)
            raise GarbledError("challenges without an end")

    @property
    def expecting(self) -> bool:
        """Whether it has heard DATA and no message yet."""
        return bool(self._sent) and self._sent[0] == b"DATA"

    def begin(self) -> None:
        """DATA, where it takes several commands at once: its 354 is on the way while the message is."""
        if self._pipelining and not self._sent and self.alive:
            self._sent.append(b"DATA")
            self._wire.say(b"DATA")

    async def data(self, *message: bytes) -> Reply:
        """DATA, the message, and the reply to its last dot; or the refusal of DATA."""
        with self._watched(self._patience.data):
            start = await (self._wire.heard() if self.expecting else self._wire.ask(b"DATA"))
            self._sent.clear()
            if start.code != 354:
                self._own = True
                return _refusal(start)
            if await self._wire.send(*message):
                reply = await self._final()
                self._begun, self._own = False, self._own or not reply.positive
                return reply
            refusal = await self._wire.heard()
            self._wire.close()
            return _refusal(refusal)

    async def rset(self) -> Reply:
        """RSET."""
        reply = await self._ask(b"RSET")
        self._begun = not reply.positive
        return reply

    async def cleared(self) -> bool:
        """Give up what is open, and say whether another client may have the connection. Never raises HopError."""
        if self._own or self._sent or not self.alive:
            return False
        try:
            if self._begun:
                with self._watched(_FAREWELL):
                    self._begun = not sane(await self._wire.ask(b"RSET")).positive
        except HopError:
            return False
        return self.alive and not self._begun

    async def quit(self) -> None:
        """QUIT, and hang up."""
        try:
            if self.alive and not self._sent:  # or QUIT would be read as more of what was sent
                self._wire.allow(_FAREWELL)
                await self._wire.ask(b"QUIT")
        except (SMTPException, OSError, GarbledError):
            pass
        finally:
            self._wire.close()

    def hang_up(self) -> None:
        """Drop the connection at once."""
        self._wire.close()

    async def _final(self) -> Reply:
        return sane(await self._wire.heard())

    async def _fly(self, command: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """The reply to `command`, sent now, with the recipients `ahead` behind it, if it was not sent before."""
        with self._watched(self._patience.command):
            if not self._sent:
                self._sent.append(command)
                self._sent.extend(b"RCPT TO:" + each for each in ahead if self._pipelining)
                self._wire.write(b"".join(b"%b\r\n" % each for each in self._sent))
            if self._sent.popleft() != command:
                raise GarbledError("a reply to another command")
            return self._said(await self._wire.heard(more=bool(self._sent)))

    async def _ask(self, *words: bytes) -> Reply:
        with self._watched(self._patience.command):
            if self._sent:
                raise GarbledError("replies that were not asked for")
            return self._said(await self._wire.ask(*words))

    def _said(self, reply: Reply) -> Reply:
        """`reply` as it is told, and what it says of the connection."""
        self._own = self._own or not reply.positive
        self.waited = False
        return sane(reply)

    @contextmanager
    def _watched(self, seconds: float, otherwise: Trouble = Trouble.LOST) -> Iterator[None]:
        """End the connection on anything but a reply in time, be it that the client is gone and nobody waits."""
        self._wire.allow(seconds)
        try:
            yield
            self._wire.allow(None)
        except BaseException as error:
            self._wire.close()
            match error:
                case TimeoutError():
                    raise HopError(Trouble.TIMEOUT) from error
                case GarbledError():
                    raise HopError(Trouble.GARBAGE) from error
                case SMTPException() | OSError():
                    raise HopError(otherwise) from error
            raise


def sane(reply: Reply) -> Reply:
    """`reply` if it takes or refuses. Raises GarbledError for one that belongs to something else."""
    if not reply.positive and not reply.negative:
        raise GarbledError("an answer to another question")
    return reply


def _refusal(reply: Reply) -> Reply:
    """`reply` if it refuses. Raises GarbledError."""
    if not reply.negative:
        raise GarbledError("an answer to another question")
    return reply


def _passed(mechanisms: list[str]) -> Iterator[bytes]:
    """Those of the `mechanisms` offered that also work with a gate in between."""
    for name in dict.fromkeys(mechanisms):
        if _MECHANISM.fullmatch(name) and not _BOUND.fullmatch(name):
            yield name.upper().encode("ascii")


def _size(parameter: str | None) -> int | None:
    """Octets of a SIZE offer (RFC 1870 §4): 0 for no limit, None if there is no offer."""
    if parameter is None:
        return None
    return int(parameter) if parameter.isascii() and parameter.isdigit() and len(parameter) <= 20 else 0
