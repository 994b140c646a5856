"""What both directions of a session must agree on: which commands are under way, and what is known of the mailbox.

The client's side tells what it sends, the server's side what it hears; here is decided nothing but the order of things.
"""

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sluis.imap.command import CHANGES_MAILBOX, Command
from sluis.imap.fetch import Answer
from sluis.imap.known import Known, Mailbox
from sluis.imap.login import account, mailbox
from sluis.imap.places import Places
from sluis.imap.room import Portion
from sluis.imap.sizes import Sizes

_MOST = 256  # commands under way before a client that sends ahead has to wait
_LOGINS = frozenset({b"LOGIN", b"AUTHENTICATE"})
_CONVERSES = frozenset({b"AUTHENTICATE", b"IDLE"})
_VALIDITY = re.compile(rb"\* OK \[UIDVALIDITY ([0-9]{1,10})\]", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Plan:
    """The FETCH that is under way alone. `ours`: the whole message was asked for by the gate, not by the client.

    `uids` are the identifiers of messages whose numbers cannot change meanwhile, `hand` are messages that are at hand.
    """

    ours: bool
    uids: Mapping[int, int] = field(default_factory=dict)
    hand: Mapping[int, Places] = field(default_factory=dict)

    def uid_of(self, answer: Answer) -> int | None:
        """The unique identifier of the message that an answer is about."""
        return answer.uid or self.uids.get(answer.number)


Hear = Callable[[Answer], None]


@dataclass(frozen=True, slots=True)
class Step:
    """A command under the client's own tag, on the way to what that client asked for; its end is not told.

    `hear` gets the answers if the gate asks for itself; then they are not told either.
    """

    tag: bytes
    hear: Hear | None
    good: asyncio.Future[bool]


@dataclass(frozen=True, slots=True)
class _Pending:
    """A command under way; `account` is whose login it is, and `mailbox` what it selects, if that is known."""

    command: Command
    account: bytes | None
    mailbox: bytes | None


@dataclass(slots=True)
class Exchange:
    """The state of one session."""

    known: Known
    portion: Portion
    sizes: Sizes = field(default_factory=Sizes)
    authenticated: bool = False
    plan: Plan | None = None
    step: Step | None = None
    opaque: Command | None = None
    """The command whose further lines are no commands: a SASL exchange, or IDLE."""
    _account: bytes | None = None
    _validity: int | None = None
    """What the server has said of the mailbox that is being selected."""
    _withheld: bytes = b""
    """Why the client was not told all of what the FETCH under way has brought."""
    _pending: list[_Pending] = field(default_factory=list)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _ahead: tuple[bytes | None, asyncio.Future[bool]] | None = None

    async def send(self, command: Command, line: bytes = b"") -> None:
        """Take note of a command before its first `line` is sent; waits while too many are under way."""
        while len(self._pending) >= _MOST:
            await self._change()
        self._pending.append(_Pending(command, account(command, line), mailbox(command, line)))
        if command.verb in _CONVERSES:
            self.opaque = command

    async def quiet(self) -> None:
        """Wait until the server has answered everything."""
        while self._pending:
            await self._change()

    async def restful(self) -> None:
        """Wait until nothing is under way that must not be cut off."""
        while any(each.command.verb != b"IDLE" for each in self._pending):
            await self._change()

    def ask_ahead(self, tag: bytes | None) -> "asyncio.Future[bool]":
        """Whether the literal about to be announced may be sent, told when the server says `+` or ends the command."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._ahead = (tag, future)
        return future

    def begin_step(self, tag: bytes, hear: Hear | None) -> "asyncio.Future[bool]":
        """Take note of a step before it is sent; whether it went well is told when the server has answered."""
        self.step = Step(tag, hear, asyncio.get_running_loop().create_future())
        return self.step.good

    def ends_step(self, line: bytes) -> bool:
        """Whether the server's `line` is the end of a step, which then is over."""
        if not self.step or not line.startswith(self.step.tag + b" "):
            return False
        good, self.step = self.step.good, None
        if not good.done():
            good.set_result(_good(line))
        return True

    def withhold(self, why: bytes) -> None:
        """Have the FETCH under way end with a NO, and `why` behind it."""
        if self._fetches():
            self._withheld = why

    def ending(self, line: bytes) -> bytes:
        """The server's `line` as the client hears it: it may end a FETCH of which something was withheld."""
        tag = line.partition(b" ")[0]
        if not self._withheld or not self._fetches(tag):
            return line
        why, self._withheld = self._withheld, b""
        return tag + b" NO " + why + b"\r\n" if _good(line) else line

    def heard(self, line: bytes) -> None:
        """Take note of the server's status responses: `+`, or the end of a command."""
        tag, _, rest = line.partition(b" ")
        if line.startswith(b"+"):
            self._answer(True)
        elif tag != b"*":
            self._ended(tag, good=_good(line))
        elif rest[:4].upper() == b"BAD ":
            self._answer(False)  # to a line without a tag
        elif match := _VALIDITY.match(line):
            self._validity = int(match[1])

    def _fetches(self, tag: bytes | None = None) -> bool:
        """Whether a FETCH is under way, by that tag if one is given."""
        return any(each.command.verb == b"FETCH" and tag in {None, each.command.tag} for each in self._pending)

    def _ended(self, tag: bytes, *, good: bool) -> None:
        ended = next((each for each in self._pending if each.command.tag == tag), None)
        if ended is None:
            return
        self._pending.remove(ended)
        if ended.command.verb in CHANGES_MAILBOX:
            self._selected(ended.mailbox if good else None)
        if ended.command.verb in _LOGINS and good:
            self._account = None if self.authenticated else ended.account
            if self._account:
                self.portion.belongs(self._account)
            self.authenticated = True
        elif ended.command.verb == b"UNAUTHENTICATE":
            self._account = None
        if self.opaque and self.opaque.tag == tag:
            self.opaque = None
        if self._ahead and self._ahead[0] == tag:
            self._answer(False)
        self._changed.set()

    def _selected(self, name: bytes | None) -> None:
        """From here on numbers mean messages of another mailbox, or of none."""
        there: Mailbox | None = None
        if self._account is not None and name is not None and self._validity is not None:
            there = Mailbox(self._account, name, self._validity)
        self.known.select(there)
        self.sizes.clear()
        self._validity = None

    def _answer(self, go: bool) -> None:
        if self._ahead and not self._ahead[1].done():
            self._ahead[1].set_result(go)
        self._ahead = None

    async def _change(self) -> None:
        self._changed.clear()
        await self._changed.wait()


def _good(line: bytes) -> bool:
    """Whether the end of a command says that it was done."""
    return line.partition(b" ")[2][:3].upper() in {b"OK ", b"OK\r"}
