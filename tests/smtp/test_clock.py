"""Time that is given over and over, by a loop whose time is the test's."""

import asyncio
import heapq
from collections.abc import Callable, Iterator

import pytest

from sluis.smtp.clock import Clock


class Loop(asyncio.SelectorEventLoop):
    """A loop that is never run: timers come due as the test moves its time."""

    now = 0.0

    def time(self) -> float:
        return self.now

    def moves(self, seconds: float) -> None:
        """Let time pass, and run what comes due in it."""
        end = self.now + seconds
        while self.timers and self.timers[0].when() <= end:
            timer = heapq.heappop(self.timers)
            self.now = timer.when()
            if not timer.cancelled():
                timer._run()
        self.now = end

    @property
    def timers(self) -> list[asyncio.TimerHandle]:
        found: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
        return found


@pytest.fixture
def loop() -> Iterator[Loop]:
    made = Loop()
    yield made
    made.close()


def clock(loop: Loop) -> tuple[Clock, list[float]]:
    """A clock, and when it was late."""
    rung: list[float] = []
    return Clock(loop, lambda: rung.append(loop.now)), rung


def test_it_is_late_once_when_the_last_time_given_is_over(loop: Loop) -> None:
    given, rung = clock(loop)
    given.give(10)
    loop.moves(7)
    given.give(10)
    loop.moves(9)
    assert rung == []
    loop.moves(100)
    assert rung == [17]


def test_less_time_is_less(loop: Loop) -> None:
    given, rung = clock(loop)
    given.give(100)
    loop.moves(1)
    given.give(2)
    loop.moves(200)
    assert rung == [3]


@pytest.mark.parametrize("end", [Clock.stop, Clock.cancel])
def test_a_clock_that_was_stopped_is_never_late(loop: Loop, end: Callable[[Clock], None]) -> None:
    given, rung = clock(loop)
    given.give(10)
    end(given)
    loop.moves(100)
    assert rung == []


def test_it_goes_on_behind_a_stop(loop: Loop) -> None:
    given, rung = clock(loop)
    given.give(10)
    given.stop()
    loop.moves(20)
    given.give(10)
    loop.moves(20)
    assert rung == [30]


def test_a_thousand_lines_take_one_timer(loop: Loop) -> None:
    given, _ = clock(loop)
    for _ in range(1000):
        given.give(300)
        loop.moves(0.001)
        given.stop()
    assert len(loop.timers) == 1


def test_one_that_is_cancelled_is_held_by_none(loop: Loop) -> None:
    given, _ = clock(loop)
    given.give(300)
    given.cancel()
    assert all(timer.cancelled() for timer in loop.timers)
