"""The client's side of a session: its commands go to the server as they came, but for those that the gate must see to.

A line that is no command by the grammar goes nowhere: a server that is less strict might make one of it that was not
seen here. Of a command in whose course lines are no commands, the next is read when the server has asked for it.

A piece of a message cannot be cleaned by itself, so a FETCH of pieces is made to ask for more, which is taken out of
the answer again. Such a command goes alone: what was sent before it is answered first, what comes after it waits.
"""

from sluis.imap.ahead import Ahead
from sluis.imap.command import CONVERSES, LOGINS, REFUSED, Ask, Command, ask, tag, tells
from sluis.imap.exchange import Exchange, Plan
from sluis.imap.link import Link
from sluis.imap.oneline import AwkwardError, oneline
from sluis.imap.replies import Replies
from sluis.imap.service import EDGE, Service
from sluis.imap.wire import Line, Octets

_READ = frozenset({b"FETCH", b"NOTIFY"})
_CANNOT = b"NO [CANNOT] not through Sluis"
_BEFORE_TLS = frozenset({b"CAPABILITY", b"NOOP", b"LOGOUT", b"STARTTLS"})


class Requests:
    """Passes on what `client` says to `server`."""

    def __init__(self, service: Service, exchange: Exchange, server: Link, client: Link, replies: Replies) -> None:
        self._service = service
        self._exchange = exchange
        self._server = server
        self._client = client
        self._replies = replies
        self._ahead = Ahead(service, exchange, server)
        self._locked = service.starttls is not None
        self._command: Command | None = None  # the one whose lines and literals are being passed on
        self._listening = False

    async def run(self) -> None:
        """Pass on command after command. Raises Gone, ConnectionError, TimeoutError."""
        while True:
            event = await self._client.next()
            if self._exchange.opaque:
                await self._say_on(self._exchange.opaque, event)
            elif isinstance(event, Line) and event.first:
                await self._begin(event)
            else:
                await self._pass(event)

    async def _begin(self, line: Line) -> None:
        command = self._command = Command.read(line.octets)
        if command is None and not line.octets.strip():
            await self._pass(line)  # an empty line, which servers overlook
        elif command is None:
            await self._refuse(line, b"BAD no command, to the letter")
        elif self._locked and command.verb not in _BEFORE_TLS:
            self._service.metrics.refused(EDGE, "tls-required")
            await self._refuse(line, b"NO [PRIVACYREQUIRED] begin TLS first")
        elif command.verb == b"STARTTLS":
            await self._start_tls(line)
        elif command.verb in REFUSED:
            await self._refuse(line, _CANNOT)
        elif command.verb in CONVERSES:
            await self._converse(command, line)
        elif command.verb in _READ:
            await self._read(command, line)
        else:
            await self._send(command, line)

    async def _send(self, command: Command, line: Line) -> None:
        await self._meet(command)
        await self._exchange.send(command, line.octets)
        await self._pass(line)

    async def _meet(self, command: Command) -> None:
        """Listen to whom a login is for, unless somebody is in already; whether that is so another login waits for."""
        self._listening = False
        if command.verb in LOGINS:
            await self._exchange.quiet()
            self._listening = not self._exchange.authenticated
        if self._listening or command.verb == b"UNAUTHENTICATE":
            self._service.reader.begins()

    def _listen(self, command: Command | None, octets: bytes) -> None:
        if self._listening and command:
            self._service.reader.says(command, octets)

    async def _read(self, command: Command, line: Line) -> None:
        """Do with a command what takes to have read all of it."""
        try:
            line = await oneline(line, self._client, self._replies.say)
        except AwkwardError as error:
            await self._refuse(line, b"BAD not to be read by Sluis", error.line)
            return
        asked = ask(line.octets, command.at) if command.verb == b"FETCH" else None
        if asked:
            await self._fetch(command, line, asked)
        elif command.verb == b"FETCH" and tells(line.octets):
            await self._refuse(line, b"BAD no FETCH, to the letter")
        elif command.verb == b"NOTIFY" and _notifies(line.octets):
            await self._refuse(line, _CANNOT)
        else:
            await self._send(command, line)

    async def _converse(self, command: Command, line: Line) -> None:
        """Pass on a command whose lines are no commands, until the server asks for the first or has ended it."""
        if not line.last:
            await self._refuse(line, b"BAD too long, or a literal where none belongs")
            return
        self._exchange.known.drop()  # who idles reads nothing more of it
        await self._meet(command)
        await self._exchange.send(command, line.octets)
        self._client.framer.opaque = True
        await self._until_asked(command, line)

    async def _say_on(self, command: Command, event: Line | Octets) -> None:
        """Pass on a line within a command; none that the server might take for a command of its own."""
        if command.verb == b"AUTHENTICATE":
            await self._until_asked(command, event)
        elif event.octets.strip().upper() == b"DONE":
            self._exchange.opaque = None  # the next command may follow at once
            self._client.framer.opaque = False
            await self._server.write(event.octets)
        elif isinstance(event, Line) and event.last:
            await self._replies.say(b"* BAD DONE ends IDLE\r\n")

    async def _until_asked(self, command: Command, event: Line | Octets) -> None:
        asked = self._exchange.ask_ahead(command.tag)
        self._listen(command, event.octets)
        await self._server.write(event.octets)
        if isinstance(event, Line) and event.last:
            await asked

    async def _fetch(self, command: Command, line: Line, asked: Ask) -> None:
        if asked.binary:
            await self._refuse(line, b"NO [UNKNOWN-CTE] not decoded by Sluis")  # so that BODY is asked for (RFC 3516)
            return
        if asked.whole or not asked.rests:
            await self._send(command, line)
            return
        await self._exchange.quiet()
        await self._exchange.send(command, line.octets)
        async for way in self._ahead.ways(command, line.octets, asked):
            self._exchange.plan = way.plan
            if way.last:
                await self._server.write(way.line)
            elif not await self._ahead.take(command, way.line):
                self._exchange.plan = Plan(ours=True)
                await self._server.write(asked.fuller())  # for the server to tell why not
                break
        await self._exchange.quiet()
        self._exchange.plan = None

    async def _pass(self, event: Line | Octets) -> None:
        """To the server; then, if the client waits to be told to send a literal, wait with it."""
        literal = event.literal if isinstance(event, Line) else None
        under_way = self._command.tag if self._command else None
        ahead = self._exchange.ask_ahead(under_way) if literal and literal.waits else None
        self._listen(self._command, event.octets)
        await self._server.write(event.octets)
        if ahead and not await ahead:
            self._client.framer.refused()

    async def _start_tls(self, line: Line) -> None:
        context = self._service.starttls
        if not (context and self._locked) or not line.last:
            await self._refuse(line, b"BAD TLS is not to be had here, or is there already")
            return
        await self._exchange.quiet()
        self._locked = False
        await self._replies.start_tls(_tagged(line, b"OK begin TLS"), context)

    async def _refuse(self, line: Line, reply: bytes, rest: Line | None = None) -> None:
        """Answer a command ourselves, and let the `rest` of it come to nothing, if its first line is read."""
        answer, event = _tagged(line, reply), rest or line
        while not event.last:
            if event.literal and event.literal.waits:
                self._client.framer.refused()
                break
            while isinstance(following := await self._client.next(), Octets):
                pass
            event = following
        await self._replies.say(answer)


def _tagged(line: Line, reply: bytes) -> bytes:
    return tag(line.octets) + b" " + reply + b"\r\n"


def _notifies(line: bytes) -> bool:
    """Whether a NOTIFY wants to be told the text of new messages (RFC 5465 §5.2), in answers to no FETCH."""
    upper = line.upper()
    return b"BODY" in upper or b"RFC822" in upper or b"BINARY" in upper
