"""How long a peer may take, for connections that set that anew with every line.

A timer of the loop for each line would cost more than the line: it is made, sorted in among all others, and given up
when the line is there. Here a line moves a number, and one timer looks at it when its time has come.
"""

import asyncio
from collections.abc import Callable


class Clock:
    """Calls `late` once, when the time that was last given is over."""

    def __init__(self, loop: asyncio.AbstractEventLoop, late: Callable[[], None]) -> None:
        self._loop = loop
        self._late = late
        self._end: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0  # when the timer looks next

    def give(self, seconds: float) -> None:
        """So many seconds from now on, whatever was given before."""
        self._end = end = self._loop.time() + seconds
        if self._timer is None or end < self._due:
            self._look_at(end)

    def stop(self) -> None:
        """As much time as it takes, until some is given again."""
        self._end = None

    def cancel(self) -> None:
        """Never call `late` any more, and be held by no timer."""
        self._end = None
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _look_at(self, when: float) -> None:
        if self._timer:
            self._timer.cancel()
        self._due = when
        self._timer = self._loop.call_at(when, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._end is None:
            return
        if self._end > self._due:
            self._look_at(self._end)
        else:
            self._end = None
            self._late()
