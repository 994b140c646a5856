"""What must be known of a message before a piece of it is fetched, and what to ask the server for that.

A small message is asked for beside the piece, which takes no further round trip. Of a big one only its headers are, and
the texts that cleaning reads: who wants to see how it begins must not wait for its attachments. So a FETCH may become
several, one after another under its own tag, of which the client hears one end; while they are under way nothing else
is, so that no tag of ours meets one of theirs, and no number of a message comes to mean another (RFC 9051 §7.5.1).
"""

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from enum import Enum

from sluis.clean import reads
from sluis.edge.pool import CleaningError
from sluis.imap.command import Ask, Command
from sluis.imap.exchange import Exchange, Hear, Plan
from sluis.imap.fetch import Answer
from sluis.imap.link import Link
from sluis.imap.overlay import Overlay, overlay
from sluis.imap.room import Share
from sluis.imap.service import Service
from sluis.imap.structure import Node, assemble, structure

BIG = 262_144  # octets of a message that is not asked for as a whole for the sake of a part
_FEW = 100  # messages in a command whose identifiers are kept
_STRETCHES = 200  # in one command
_RUNS = 1000
_UNCHANGED = 1 << 62  # a place in a message where nothing is ever changed


@dataclass(frozen=True, slots=True)
class Way:
    """One command on the way to what a client asked for; the `last` one's end is the end of all."""

    line: bytes
    plan: Plan
    last: bool = True


class _Kind(Enum):
    """How a message is answered for: by what is known of it, after its texts were asked for, or beside the whole."""

    KNOWN = "known"
    BIG = "big"
    SMALL = "small"


@dataclass(slots=True)
class _Run:
    """Messages of one kind that follow each other; `uids` has the identifiers of the first, by their numbers."""

    kind: _Kind
    stretches: list[tuple[int, int]] = field(default_factory=list)
    uids: dict[int, int] = field(default_factory=dict)

    def add(self, number: int, uid: int) -> None:
        """Take one more message in."""
        if self.stretches and self.stretches[-1][1] == number - 1:
            self.stretches[-1] = (self.stretches[-1][0], number)
        else:
            self.stretches.append((number, number))
        if len(self.uids) < _FEW:
            self.uids[number] = uid

    @property
    def full(self) -> bool:
        """Whether the next message has to begin a run of its own."""
        most = {_Kind.KNOWN: _FEW, _Kind.BIG: 1}.get(self.kind)
        return len(self.uids) == most or len(self.stretches) == _STRETCHES

    @property
    def messages(self) -> bytes:
        """The numbers as a command has them."""
        return b",".join(b"%d:%d" % (first, last) if first < last else b"%d" % first for first, last in self.stretches)


class Ahead:
    """Finds for one client what has to be asked of `server`."""

    def __init__(self, service: Service, exchange: Exchange, server: Link) -> None:
        self._service = service
        self._exchange = exchange
        self._server = server

    async def ways(self, command: Command, line: bytes, asked: Ask) -> AsyncIterator[Way]:
        """The commands to send for `line`, which asks for pieces; each before the next is asked for.

        What stands behind its items (CHANGEDSINCE, PARTIAL) is about all of its messages: such a one is not divided.
        """
        known = self._exchange.known
        if command.uid and asked.numbers and all(known.covers(number, asked.rests) for number in asked.numbers):
            yield Way(line, Plan(ours=False, hand=known.hand))
            return
        runs = [] if asked.behind.strip() else await self._runs(command, asked)
        if all(run.kind is _Kind.SMALL for run in runs):
            uids = {} if command.uid or not runs else runs[0].uids
            yield Way(asked.fuller(), Plan(ours=True, uids=uids))
            return
        for run in runs:
            covered = await self._covered(command, asked, run)
            line = asked.line(run.messages) if covered else asked.fuller(run.messages)
            uids = {} if command.uid else run.uids
            yield Way(line, Plan(ours=not covered, uids=uids, hand=known.hand), run is runs[-1])

    async def take(self, command: Command, line: bytes, hear: Hear | None = None) -> bool:
        """Send a line that is not the end of `command`; whether the server has done what it says."""
        good = self._exchange.begin_step(command.tag, hear)
        await self._server.write(line)
        return await good

    async def _runs(self, command: Command, asked: Ask) -> list[_Run]:
        """The messages that a FETCH is about, in the server's order; none if they are not known, or too many."""
        runs: list[_Run] = []

        def add(number: int, uid: int, size: int) -> None:
            kind = self._kind(asked, uid, size)
            last = runs[-1] if runs else None
            if not last or last.kind is not kind or last.full:
                runs.append(last := _Run(kind))
            last.add(number, uid)

        def hear(answer: Answer) -> None:
            uid, size = answer.integer(b"UID"), answer.integer(b"RFC822.SIZE")
            if uid is not None and size is not None and len(runs) <= _RUNS:
                add(uid if command.uid else answer.number, uid, size)

        told = {uid: self._exchange.sizes.get(uid) for uid in asked.numbers} if command.uid else {}
        if told and None not in told.values():
            for uid, size in told.items():
                add(uid, uid, size or 0)
            return runs
        good = await self.take(command, asked.question(b"UID RFC822.SIZE"), hear)
        return runs if good and len(runs) <= _RUNS else []

    def _kind(self, asked: Ask, uid: int, size: int) -> _Kind:
        if self._exchange.known.covers(uid, asked.rests):
            return _Kind.KNOWN
        return _Kind.BIG if size >= BIG and asked.of_parts else _Kind.SMALL

    async def _covered(self, command: Command, asked: Ask, run: _Run) -> bool:
        """Whether pieces of these messages can be cleaned without the messages; they may have been forgotten since."""
        if run.kind is _Kind.BIG:
            ((number, uid),) = run.uids.items()
            return await self._learn(command, asked, b"%d" % number, uid)
        known = self._exchange.known
        return run.kind is _Kind.KNOWN and all(known.covers(uid, asked.rests) for uid in run.uids.values())

    async def _learn(self, command: Command, asked: Ask, number: bytes, uid: int) -> bool:
        """Whether what cleaning changes in the parts of a message is known now."""
        node: list[Node] = []

        def hear(answer: Answer) -> None:
            node[:] = filter(None, [structure(answer.value(b"BODYSTRUCTURE"))])

        if not await self.take(command, asked.question(b"BODYSTRUCTURE", number), hear) or not node:
            return False
        if not asked.rests <= {each.body for each in node[0].walk()}:
            return False
        with self._exchange.portion.share() as share:
            over = await self._overlay(command, asked, number, node[0], share)
        if over is None:
            return False
        self._exchange.known.put(uid, over)
        return uid in self._exchange.known

    async def _overlay(self, command: Command, asked: Ask, number: bytes, node: Node, share: Share) -> Overlay | None:
        sections: dict[bytes, bytes] = {}

        async def fetch(names: list[bytes]) -> bool:
            items = b" ".join(b"BODY.PEEK[%s]" % name for name in names)
            good = await self.take(command, asked.question(items, number), hear) if names else True
            return good and sections.keys() >= set(names)

        def hear(answer: Answer) -> None:
            found = {section.name: item.octets(answer.flat) for item, section in answer.texts()}
            octets = sum(map(len, (*sections.values(), *found.values())))
            if octets <= self._service.largest and share.hold(octets):
                sections.update(found)

        if not await fetch([each.header for each in node.walk()]) or not (bare := assemble(node, sections)):
            return None
        read = asked.rests & {each.body for each in node.walk() if each.children}
        read |= {path for part in bare.message.parts if reads(part) and not _within(path := part.path.encode(), read)}
        if not await fetch(sorted(read)) or not (made := assemble(node, sections)):
            return None
        try:
            cleaned = await self._service.clean_message(made.raw)
        except CleaningError:
            return None
        missing = {path: _UNCHANGED for path in bare.begins if path not in read and not _within(path, read)}
        return Overlay(overlay(made.raw, cleaned.raw).changes, {**made.begins, **missing})


def _within(path: bytes, others: Collection[bytes]) -> bool:
    """Whether a part lies in one of the others."""
    return any(path.startswith(other + b".") for other in others)
