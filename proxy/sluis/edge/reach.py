"""Whether the server behind can be reached, as last seen: for the readiness check, which must open no connections.

Every session that connects tells. Once a connection fails this asks again by itself until one succeeds: a gate that is
taken out of service because it is not ready has no sessions that could.
"""

import asyncio
from collections.abc import Awaitable, Callable

_AGAIN = 5.0  # seconds between tries


class Reach:
    """`ask` opens a connection and closes it, and says whether that went well."""

    def __init__(self, ask: Callable[[], Awaitable[bool]]) -> None:
        self._ask = ask
        self._asking: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether the last connection failed."""
        return self._asking is not None

    def failed(self) -> None:
        """A connection failed: ask until one does not."""
        self._asking = self._asking or asyncio.create_task(self._again())

    def close(self) -> None:
        """A connection is there, or none is wanted any more: stop asking."""
        if self._asking:
            self._asking.cancel()
        self._asking = None

    async def _again(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN)
            if await self._ask():
                self._asking = None
                return
