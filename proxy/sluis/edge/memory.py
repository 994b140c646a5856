"""How much mail may be under way at once: octets counted over all sessions, so that no crowd of them fills the memory.

A limit for each message and one for connections leave their product, which is more than any machine has.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol


class Takes(Protocol):
    """What room is taken of."""

    def take(self, octets: int) -> bool:
        """Take so much of it, or give back what is less than nothing; False where that may not be."""


class Memory:
    """The room for messages under way, `limit` octets in all. What is copied of them on the way is not counted."""

    def __init__(self, limit: int) -> None:
        self._left = limit
        self._spare = limit // 16

    @property
    def full(self) -> bool:
        """Whether so little is left that no other message should begin."""
        return self._left < self._spare

    @contextmanager
    def share(self) -> Iterator["Share"]:
        """Room for one message, given back when the context ends."""
        share = Share(self)
        try:
            yield share
        finally:
            share.hold(0)

    def take(self, octets: int) -> bool:
        """Take so much of what is left, or give back what is less than nothing; False where there is less left."""
        if octets > self._left:
            return False
        self._left -= octets
        return True


class Share:
    """What one message has taken of `room`."""

    def __init__(self, room: Takes) -> None:
        self._room = room
        self.held = 0

    def hold(self, octets: int) -> bool:
        """Hold so many octets in all from now on; False where there is no room for them, and all is as before."""
        taken = self._room.take(octets - self.held)
        if taken:
            self.held = octets
        return taken
