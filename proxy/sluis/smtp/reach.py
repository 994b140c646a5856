"""Whether the next hop can be reached, as last seen: for the readiness check, which must not itself open connections.

Every session that connects tells. Once a connection fails this asks again by itself until one succeeds: a gate that is
taken out of service because it is not ready has no sessions that could.
"""

import asyncio

from sluis.smtp.client import Client
from sluis.smtp.hop import Connect, Hop, HopError

_AGAIN = 5.0  # seconds between tries


class Reach:
    """Connects, and remembers how that went."""

    def __init__(self, connect: Connect) -> None:
        self._connect = connect
        self._asking: asyncio.Task[None] | None = None

    @property
    def lost(self) -> bool:
        """Whether the last connection failed."""
        return self._asking is not None

    async def __call__(self, client: Client | None) -> Hop:
        """A connection for `client`. Raises HopError."""
        try:
            hop = await self._connect(client)
        except HopError:
            if not self._asking:
                self._asking = asyncio.create_task(self._ask())
            raise
        self.close()
        return hop

    def close(self) -> None:
        """Stop asking."""
        if self._asking:
            self._asking.cancel()
        self._asking = None

    async def _ask(self) -> None:
        while True:
            await asyncio.sleep(_AGAIN)
            try:
                hop = await self._connect(None)
            except HopError:
                continue
            await hop.quit()
            self._asking = None
            return
