"""Room for the messages of all sessions, shared so that whoever keeps what he has keeps nobody from reading clean mail.

Half of it is divided among as many sessions as there may be: its own a session has at once, whatever others do. The
other half is for who needs more, first come first served, and nobody has more of that than is left. There an account
counts as one, however many sessions it has, and so does an address of those whose account is not known. Who has begun
goes on before others begin, or they would wait for each other.
"""

import asyncio
from collections import Counter, OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sluis.edge import memory

PATIENCE = 30.0  # seconds to wait for room; mail clients give up after a minute or so in which nothing comes


class Room:
    """`limit` octets of messages for up to `sessions` sessions. What is copied of them on the way is not counted."""

    def __init__(self, limit: int, sessions: int) -> None:
        self.own = limit // 2 // sessions
        self.left = limit - self.own * sessions
        self.most = self.own + self.left // 2
        """As much as one session can ever have."""
        self._had: Counter[object] = Counter()
        self._line: OrderedDict[Portion, _Wish] = OrderedDict()

    def take(self, who: object, octets: int, *, first: bool = False) -> bool:
        """Have `who` take so much of what is common, or give back what is less than nothing; False if it may not be.

        Where others wait, it is taken by who is `first` of them.
        """
        had = self._had[who] + octets
        if octets > 0 and (had > self.left - octets or (self._line and not first)):
            return False
        self.left -= octets
        self._had[who] = had
        if not had:
            del self._had[who]
        return True

    def move(self, who: object, other: object, octets: int) -> None:
        """Have `other` have what `who` had."""
        if octets:
            self.take(who, -octets)
            self.left -= octets
            self._had[other] += octets

    def wait(self, portion: "Portion", octets: int) -> asyncio.Future[None]:
        """Stand in line for `octets` more; what is waited for is done when they are there."""
        wish = self._line[portion] = _Wish(octets)
        self._line.move_to_end(portion, last=not portion.begun)
        return wish.granted

    def leave(self, portion: "Portion") -> None:
        """Stand in line no longer."""
        self._line.pop(portion, None)
        self._serve()

    def given_back(self, portion: "Portion") -> None:
        """See who need not wait any more, now that `portion` holds less."""
        if portion in self._line:
            self._grant(portion)
        self._serve()

    def _serve(self) -> None:
        while self._line and self._grant(next(iter(self._line)), first=True):
            pass

    def _grant(self, portion: "Portion", *, first: bool = False) -> bool:
        wish = self._line[portion]
        if not portion.take(wish.octets, first=first):
            return False
        del self._line[portion]
        wish.granted.set_result(None)
        return True


@dataclass(slots=True)
class _Wish:
    """So many more octets. It is forgotten by who gives up waiting, so nobody else ends `granted`."""

    octets: int
    granted: asyncio.Future[None] = field(default_factory=lambda: asyncio.get_running_loop().create_future())


class Portion:
    """What one session has, on the account of `who`."""

    def __init__(self, room: Room, who: object) -> None:
        self._room = room
        self._who = who
        self._held = 0

    def belongs(self, who: object) -> None:
        """Be on the account of `who` from now on."""
        self._room.move(self._who, who, self._beyond(self._held))
        self._who = who

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """Room for one response, given back when the context ends."""
        share = Share(self)
        try:
            yield share
        finally:
            share.hold(0)

    @property
    def spare(self) -> int:
        """How much of its own it does not hold."""
        return self._room.own - self._held

    @property
    def begun(self) -> bool:
        """Whether it has something of what is common: it gives that back the sooner, the sooner it can go on."""
        return self._held > self._room.own

    def take(self, octets: int, *, first: bool = False) -> bool:
        """Hold so many octets more, or less; False where there is no room for them, and all is as before."""
        common = self._beyond(self._held + octets) - self._beyond(self._held)
        if common and not self._room.take(self._who, common, first=first or self.begun):
            return False
        self._held += octets
        if octets < 0:
            self._room.given_back(self)
        return True

    async def wait(self, octets: int) -> bool:
        """As `take`, but for a while wait for room where there is none. One session waits for one thing at a time."""
        if self.take(octets):
            return True
        granted = self._room.wait(self, octets)
        try:
            await asyncio.wait({granted}, timeout=PATIENCE)
        except asyncio.CancelledError:
            if granted.done():
                self.take(-octets)
            raise
        finally:
            self._room.leave(self)
        return granted.done()

    def _beyond(self, octets: int) -> int:
        """How much of `octets` is more than the session's own."""
        return max(0, octets - self._room.own)


class Share(memory.Share):
    """What one response has of its session's portion."""

    def __init__(self, portion: Portion) -> None:
        super().__init__(portion)
        self._portion = portion

    async def wait(self, octets: int) -> bool:
        """As `hold`, but for a while wait for room where there is none."""
        taken = await self._portion.wait(octets - self.held)
        if taken:
            self.held = octets
        return taken
