"""What cleaning changed in a message, kept small, to be laid over any piece of it: a part, a partial fetch, a text.

Cleaning keeps every length, so a change is octets at a place, and the place is the same before and after. A change is
laid over a piece only where the piece has the very octets that were there when the message was cleaned. So a piece that
was misplaced, or a server that tells one message in two ways, never gives a reader octets that belong elsewhere.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from operator import attrgetter

from sluis.imap.section import Section
from sluis.report import Span

_BLOCK = 1024  # octets that are compared at once; a change ends with its block
_RUN = re.compile(rb"[^\0]++(?:\0{1,16}[^\0]++)*+")  # octets that differ, and a few alike between them
_CHANGE = 200  # octets of memory for a change beside its own, about


@dataclass(frozen=True, slots=True)
class Change:
    """At `start` of the message stood `before`; cleaned it has `after`, as long."""

    start: int
    before: bytes
    after: bytes

    @property
    def end(self) -> int:
        """Where what stands behind it begins."""
        return self.start + len(self.before)


@dataclass(slots=True)
class Overlay:
    """The changes to one message in order, and where in it each section was found to begin, as far as is known."""

    changes: tuple[Change, ...]
    begins: dict[bytes, int] = field(default_factory=dict)

    @property
    def octets(self) -> int:
        """About how many octets of memory it takes."""
        return 512 + sum(2 * len(change.before) + _CHANGE for change in self.changes) + 128 * len(self.begins)

    def over(self, octets: bytes, start: int) -> bytes | None:
        """The piece `octets`, which stands at `start` of the message, cleaned; None if it does not stand there."""
        pieces: list[bytes] = []
        position, end = start, start + len(octets)
        for change in self._within(start, end):
            begin, stop = max(start, change.start), min(end, change.end)
            own = slice(begin - change.start, stop - change.start)
            if octets[begin - start : stop - start] != change.before[own]:
                return None
            pieces += (octets[position - start : begin - start], change.after[own])
            position = stop
        return b"".join((*pieces, octets[position - start :])) if pieces else octets

    def piece(self, section: Section, octets: bytes) -> bytes | None:
        """The `octets` of `section` cleaned; None if nobody knows where it begins."""
        if not self.changes:
            return octets
        begin = self.begins.get(section.name)
        return None if begin is None else self.over(octets, begin + (section.origin or 0))

    def _within(self, start: int, end: int) -> Iterator[Change]:
        index = bisect_right(self.changes, start, key=attrgetter("end"))
        while index < len(self.changes) and self.changes[index].start < end:
            yield self.changes[index]
            index += 1


def overlay(raw: bytes, cleaned: bytes) -> Overlay:
    """What makes `cleaned` of `raw`, which is as long."""
    return Overlay(tuple(Change(start, raw[start:end], cleaned[start:end]) for start, end in differing(raw, cleaned)))


def differing(raw: bytes, cleaned: bytes) -> Iterator[Span]:
    """Where two texts of one length differ, in order."""
    if raw is cleaned:
        return
    for start in range(0, len(raw), _BLOCK):
        before, after = raw[start : start + _BLOCK], cleaned[start : start + _BLOCK]
        if before != after:
            marks = (int.from_bytes(before, "big") ^ int.from_bytes(after, "big")).to_bytes(len(before), "big")
            yield from ((start + run.start(), start + run.end()) for run in _RUN.finditer(marks))
