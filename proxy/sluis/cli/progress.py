"""How far a command has come with many messages, for the person who waits."""

import sys
import time
from collections.abc import Iterator
from typing import Protocol, TypeVar

REFRESH = 0.1
"""Seconds between two drawings of the progress bar."""


class Weighed(Protocol):
    """A message of which some octets are known to be."""

    @property
    def octets(self) -> int:
        """How long it is, or about how long."""


Item = TypeVar("Item", bound=Weighed)
Outcome = TypeVar("Outcome")


def watched(outcomes: Iterator[tuple[Item, Outcome]], octets: int) -> Iterator[tuple[Item, Outcome]]:
    """The same outcomes, with a progress bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.fields[messages]} messages"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    # No refresh thread: the workers are forked while this runs.
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), auto_refresh=False) as progress:
        task = progress.add_task("", total=octets, messages=0)
        shown = 0.0
        for number, (item, outcome) in enumerate(outcomes, 1):
            yield item, outcome
            now = time.monotonic()
            progress.update(task, advance=item.octets, messages=number, refresh=now > shown + REFRESH)
            shown = now if now > shown + REFRESH else shown
        progress.refresh()
