"""How much longer a cleaning takes for a message that is longer.

Processor time, the least of a few runs of each, and only the ratio of two of them: that hangs neither on the machine
nor on what else it does. What other tests have left in memory is kept from the collector meanwhile: a walk through it
would be counted as the larger message's.

In the gate four times the octets may take eight times as long: where a text outgrows the caches, linear work has been
seen to take six, and a square takes sixteen. The strict run compares larger messages of one and two.
"""

import gc
from collections.abc import Callable
from time import process_time

FACTOR = 4
MOST = 8.0
NEARLY_A_SQUARE = 12.0
STRICT = 2
STRICTLY = 2.2
_RUNS = 6  # before a ratio above the most is believed


def seconds(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def ratio(
    small: Callable[[], object], large: Callable[[], object], floor: float, most: float = MOST
) -> tuple[float, float]:
    """How often `small`'s time `large` takes, and the latter in seconds; no time counts as less than `floor`."""
    less = more = float("inf")
    gc.freeze()
    try:
        for _ in range(_RUNS):
            less, more = min(less, seconds(small)), min(more, seconds(large))
            if max(more, floor) / max(less, floor) <= most:
                break
    finally:
        gc.unfreeze()
    return max(more, floor) / max(less, floor), more
