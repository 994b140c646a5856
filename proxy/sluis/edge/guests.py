"""Who is inside: the sessions of a gate, so that closing it lets each of them finish what is under way, for so long."""

import asyncio
from contextlib import suppress
from typing import Protocol

_FAREWELL = 2.0  # seconds for the last words to be read


class Guest(Protocol):
    """A session."""

    async def run(self) -> None:
        """Serve the client to its end. Never raises, but for being cancelled."""

    def turn_out(self) -> None:
        """Part as soon as what is under way is answered."""


class Guests:
    """The sessions that run."""

    def __init__(self) -> None:
        self._inside: dict[asyncio.Task[None], Guest] = {}

    def welcome(self, guest: Guest) -> None:
        """Run a session to its end."""
        task = asyncio.get_running_loop().create_task(guest.run())
        self._inside[task] = guest
        task.add_done_callback(self._inside.pop)

    async def part(self, server: asyncio.Server, grace: float) -> None:
        """Have `server` take no more, let what is under way end within `grace` seconds, and part from all."""
        server.close()
        for guest in tuple(self._inside.values()):
            guest.turn_out()
        if self._inside:
            await asyncio.wait(self._inside, timeout=grace)
        for task in self._inside:
            task.cancel()
        with suppress(TimeoutError):  # from Python 3.12 on it waits for clients that do not read too
            async with asyncio.timeout(_FAREWELL):
                await server.wait_closed()
