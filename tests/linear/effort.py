"""How much longer a cleaning takes for a message four times as long.

Processor time, the least of a few runs, and only the ratio of two of them: that hangs neither on the machine nor on
what else it does, and tells linear (4) from square (16) with room on both sides. What other tests have left in memory
is kept from the collector meanwhile: a walk through it would be counted as the larger message's.
"""

import gc
from collections.abc import Callable
from time import process_time

FACTOR = 4
MOST = 10.0  # where a text outgrows the caches, linear work has been seen to take 6 times as long
NEARLY_A_SQUARE = 14.0
_RUNS = 4  # before a ratio above `MOST` is believed


def seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def ratio(small: Callable[[], object], large: Callable[[], object], floor: float) -> tuple[float, float]:
    """How often `small`'s time `large` takes, and the latter in seconds; no time counts as less than `floor`."""
    less = more = float("inf")
    gc.freeze()
    try:
        for _ in range(_RUNS):
            less, more = min(less, seconds(small)), min(more, seconds(large))
            if max(more, floor) / max(less, floor) <= MOST:
                break
    finally:
        gc.unfreeze()
    return max(more, floor) / max(less, floor), more
