"""What cleaning changed in a message, kept small, to be laid over any piece of it: a part, a partial fetch, a text.

Cleaning keeps every length, so a change is octets at a place, and the place is the same before and after. A change is
laid over a piece only where the piece has the very octets that were there when the message was cleaned. So a piece that
was misplaced, or a server that tells one message in two ways, never gives a reader octets that belong elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sluis.imap.section import Section
from sluis.report import Span

_BLOCK = 256  # octets that are kept as one change, once one of them differs


@dataclass(frozen=True, slots=True)
class Change:
    """At `start` of the message stood `before`; cleaned it has `after`, as long."""

    start: int
    before: bytes
    after: bytes


@dataclass(slots=True)
class Overlay:
    """The changes to one message in order, and where in it each section was found to begin, as far as is known."""

    changes: tuple[Change, ...]
    begins: dict[bytes, int] = field(default_factory=dict)

    @property
    def octets(self) -> int:
        """About how many octets of memory it takes."""
        return 512 + sum(2 * len(change.before) + 128 for change in self.changes) + 128 * len(self.begins)

    def over(self, octets: bytes, start: int) -> bytes | None:
        """The piece `octets`, which stands at `start` of the message, cleaned; None if it does not stand there."""
        pieces: list[bytes] = []
        position, end = start, start + len(octets)
        for change in self._within(start, end):
            begin, stop = max(start, change.start), min(end, change.start + len(change.before))
            own = slice(begin - change.start, stop - change.start)
            if octets[begin - start : stop - start] != change.before[own]:
                return None
            pieces += (octets[position - start : begin - start], change.after[own])
            position = stop
        return b"".join((*pieces, octets[position - start :])) if pieces else octets

    def message(self, raw: bytes) -> bytes:
        """The very message that the changes were made to, cleaned."""
        if not self.changes:
            return raw
        out = bytearray(raw)
        for change in self.changes:
            out[change.start : change.start + len(change.after)] = change.after
        return bytes(out)

    def piece(self, section: Section, octets: bytes) -> bytes | None:
        """The `octets` of `section` cleaned; None if nobody knows where it begins."""
        if not self.changes:
            return octets
        begin = self.begins.get(section.name)
        return None if begin is None else self.over(octets, begin + (section.origin or 0))

    def _within(self, start: int, end: int) -> Iterator[Change]:
        for change in self.changes:
            if change.start >= end:
                return
            if change.start + len(change.before) > start:
                yield change


def overlay(raw: bytes, cleaned: bytes) -> Overlay:
    """What makes `cleaned` of `raw`, which is as long."""
    if raw == cleaned:
        return Overlay(())
    spans: list[Span] = []
    for start in range(0, len(raw), _BLOCK):
        end = start + _BLOCK
        if raw[start:end] != cleaned[start:end]:
            begin = spans.pop()[0] if spans and spans[-1][1] == start else start
            spans.append((begin, end))
    return Overlay(tuple(Change(start, raw[start:end], cleaned[start:end]) for start, end in spans))
