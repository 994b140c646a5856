"""Responses on their way to the client, in order, though some are still being cleaned when the next ones come in.

Reading, cleaning and writing go on side by side, and none runs far ahead of the others: so much may be under way, and
who brings more waits. Only responses that tell of messages overlap; whoever has to be sure that all before it was told
waits until nothing is left.
"""

import asyncio
from collections import deque
from collections.abc import Coroutine
from typing import Any

from sluis.imap.link import Link
from sluis.imap.room import Share

_ROOM = 524_288  # octets of responses under way
_EACH = 1024  # octets of memory for one beside its own, about: there may be many short ones


class Outbox:
    """What `client` has not been told yet."""

    def __init__(self, client: Link) -> None:
        self._client = client
        self._waiting: deque[tuple[asyncio.Future[bytes], Share]] = deque()
        self._octets = 0
        self._told = asyncio.Event()
        self._teller: asyncio.Task[None] | None = None

    @property
    def idle(self) -> bool:
        """Whether all was told."""
        return not self._waiting

    async def put(self, made: Coroutine[None, None, bytes] | bytes, share: Share) -> None:
        """Have the client told what `made` gives, after all before it; what `share` holds for it is given back then.

        Waits while too much is under way. Raises what telling raised: ConnectionError, TimeoutError.
        """
        self._waiting.append((_future(made), share))
        self._octets += share.held + _EACH
        self._teller = self._teller or asyncio.create_task(self._tell())
        while self._octets > _ROOM:
            await self._next()

    async def empty(self) -> None:
        """Wait until all was told. Raises ConnectionError, TimeoutError."""
        while self._waiting:
            await self._next()

    async def close(self) -> None:
        """Tell no more, and clean nothing more for it."""
        works: list[asyncio.Future[Any]] = [self._teller] if self._teller else []
        while self._waiting:
            work, share = self._waiting.popleft()
            works.append(work)
            share.hold(0)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)

    async def _next(self) -> None:
        """Wait until one more was told."""
        self._told.clear()
        if self._teller and self._teller.done():
            self._teller.result()
        await self._told.wait()

    async def _tell(self) -> None:
        try:
            while self._waiting:
                work, share = self._waiting[0]
                await self._client.write(await work)
                self._waiting.popleft()
                self._octets -= share.held + _EACH
                share.hold(0)
                self._told.set()
            self._teller = None
        except BaseException:
            self._client.drop()  # nothing can be told any more, which whoever listens to it has to hear
            raise
        finally:
            self._told.set()


def _future(made: Coroutine[None, None, bytes] | bytes) -> "asyncio.Future[bytes]":
    if not isinstance(made, bytes):
        return asyncio.create_task(made)
    future: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
    future.set_result(made)
    return future
