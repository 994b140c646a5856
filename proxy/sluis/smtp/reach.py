"""Connections to the next hop, and whether the last one could be made."""

from sluis.edge import reach
from sluis.smtp.client import Client
from sluis.smtp.hop import Connect, Hop, HopError


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

    async def _answers(self) -> bool:
        try:
            hop = await self._connect(None)
        except HopError:
            return False
        await hop.quit()
        return True
