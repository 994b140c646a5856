"""Connections to the server behind that are ready before a client comes: connected, in TLS and greeted.

What one client has done on a connection must not be another's. So a connection waits here only while nobody has been
spoken of on it, and comes back only if the server says nothing but yes on it and all it was asked is over: `SmtpHop`
knows that. One that was told of a client (XCLIENT), that a client has logged in on, or that has been refused something
(servers count that, and slow down) is its own for good.

An idle gate holds no connections. They wait for seconds, which is less than servers wait, and are made ahead only while
clients follow on each other. A server closes them as it likes; then the next client has another, before anything of it
was said.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine

from sluis.smtp.client import Client
from sluis.smtp.connector import Connector
from sluis.smtp.hop import Connect, Hop, HopError, Trouble
from sluis.smtp.upstream import SmtpHop

WAITING = 8.0  # seconds that a connection waits; a Postfix under stress gives 10, others minutes
OLDEST = 300.0  # seconds from its beginning after which no other client gets a connection
MOST = 100  # clients that may have it, one after the other
PAUSE = 30.0  # seconds before another is made ahead, where the server would not have one


class Ready(Connect):
    """At most `size` connections of `connector` that wait; `tell` is told of each where it came from.

    Told are `new`, made for a client that waits; `ready`, made ahead; `kept`, which other clients had; and `lost`,
    which the server has closed while it waited.
    """

    def __init__(self, connector: Connector, size: int, tell: Callable[[str], None]) -> None:
        self._connector = connector
        self._size = size
        self._tell = tell
        self._waiting: deque[tuple[SmtpHop, float]] = deque()  # with since when, the last on the right
        self._tasks: set[asyncio.Task[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._opening = 0
        self._came = -WAITING  # when the last client did
        self._not_before = 0.0  # when the next may be made ahead
        self._since = 0.0  # what began before is not kept
        self._closed = False

    async def __call__(self, client: Client | None) -> Hop:
        """A connection for `client`. Raises HopError."""
        waited = await self._first(client)
        hop = waited or await self._connector(client)
        self._tell("new" if not waited else "kept" if waited.served else "ready")
        hop.served += 1
        self._ahead(missed=not waited)
        return hop

    async def leave(self, hop: Hop) -> None:
        """Keep it for the next client, or part from it."""
        if isinstance(hop, SmtpHop) and self._lasts(hop) and await hop.cleared() and self._room() > 0:
            self._keep(hop)
        else:
            await hop.quit()

    def renew(self) -> None:
        """Make all anew: none that there is now is handed out again."""
        self._since = asyncio.get_running_loop().time()
        while self._waiting:
            self._start(self._waiting.pop()[0].quit())

    async def close(self) -> None:
        """Part from all, and keep none any more."""
        self._closed = True
        if self._timer:
            self._timer.cancel()
        self.renew()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _first(self, client: Client | None) -> SmtpHop | None:
        """The one that came last and is still there."""
        while self._waiting:
            hop, _ = self._waiting.pop()
            if not hop.alive:
                self._tell("lost")
                continue
            try:
                await self._connector.introduce(hop, client)
            except HopError as error:
                if error.trouble is Trouble.IDENTITY:
                    raise
                self._tell("lost")
                continue
            return hop
        return None

    def _ahead(self, *, missed: bool) -> None:
        """Make one ahead, if there are fewer than clients come for."""
        now = asyncio.get_running_loop().time()
        follows, self._came = now - self._came < WAITING, now
        wanted = follows and (missed or self._connector.identity.spends) and now >= self._not_before
        if wanted and not self._closed and self._room() > self._opening:
            self._opening += 1
            self._start(self._open())

    async def _open(self) -> None:
        try:
            async with self._connector.in_time():
                hop = await self._connector.greeted(None)
        except HopError:
            self._not_before = asyncio.get_running_loop().time() + PAUSE
        else:
            if self._closed:
                await hop.quit()
            else:
                self._keep(hop)
        finally:
            self._opening -= 1

    def _lasts(self, hop: SmtpHop) -> bool:
        age = asyncio.get_running_loop().time() - hop.born
        return not self._closed and hop.born >= self._since and age < OLDEST and hop.served < MOST

    def _keep(self, hop: SmtpHop) -> None:
        loop = asyncio.get_running_loop()
        hop.waited = True
        self._waiting.append((hop, loop.time()))
        if not self._timer:
            self._timer = loop.call_later(WAITING, self._sweep)

    def _room(self) -> int:
        """How many more may wait. Those that the server has closed do not."""
        here = [entry for entry in self._waiting if entry[0].alive]
        for _ in range(len(self._waiting) - len(here)):
            self._tell("lost")
        self._waiting = deque(here)
        return self._size - len(here)

    def _sweep(self) -> None:
        """Part from those that have waited long enough."""
        loop = asyncio.get_running_loop()
        while self._waiting and self._waiting[0][1] <= loop.time() - WAITING:
            self._start(self._waiting.popleft()[0].quit())
        again = self._waiting[0][1] + WAITING if self._waiting else None
        self._timer = loop.call_at(again, self._sweep) if again else None

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
