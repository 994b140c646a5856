"""Connections to the next hop, and whether the last one could be made."""

from sluis.edge import reach
from sluis.smtp.client import Client
from sluis.smtp.hop import Connect, Hop, HopError
from sluis.smtp.ready import Ready


class Reach(reach.Reach):
    """Connects, and remembers how that went."""

    def __init__(self, connect: Connect) -> None:
        super().__init__(self._answers)
        self._connect = connect

    async def __call__(self, client: Client | None) -> Hop:
        """A connection for `client`. Raises HopError."""
        try:
            hop = await self._connect(client)
        except HopError:
            self.failed()
            raise
        self.close()
        return hop

    async def leave(self, hop: Hop) -> None:
        """Take a connection back that its client needs no more."""
        await self._connect.leave(hop)

    def renew(self) -> None:
        """Hand out no connection that was made before."""
        if isinstance(self._connect, Ready):
            self._connect.renew()

    async def part(self) -> None:
        """Stop asking, and part from all connections that nobody has."""
        self.close()
        if isinstance(self._connect, Ready):
            await self._connect.close()

    async def _answers(self) -> bool:
        try:
            hop = await self._connect(None)
        except HopError:
            return False
        await hop.quit()
        return True
