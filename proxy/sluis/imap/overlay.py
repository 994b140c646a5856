"""What cleaning changed in a message, kept small, to be laid over any piece of it: a part, a partial fetch, a text.

Cleaning keeps every length, so a change is octets at a place, and the place is the same before and after. A change is
laid over a piece only where the piece has the very octets that were there when the message was cleaned. So a piece that
was misplaced, or a server that tells one message in two ways, never gives a reader octets that belong elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sluis.imap.section import Section
from sluis.message.mime import parse

_BLOCK = 256  # octets that are kept as one change, once one of them differs
_CANDIDATES = 32  # places at which a piece is looked for


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

    def piece(self, section: Section, octets: bytes) -> bytes | None:
        """The `octets` of `section` cleaned, if where it begins is known."""
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
    changes: list[Change] = []
    if raw == cleaned:
        return Overlay(())
    for start in range(0, len(raw), _BLOCK):
        before, after = raw[start : start + _BLOCK], cleaned[start : start + _BLOCK]
        if before != after:
            changes.append(Change(start, before, after))
    return Overlay(tuple(changes))


class Places:
    """Where the sections of the message `raw` are."""

    def __init__(self, raw: bytes, over: Overlay) -> None:
        self._raw = raw
        self._over = over
        parts = parse(raw).parts if over.changes else ()
        self._starts = {part.path.encode(): part.body[0] for part in parts}
        self._starts |= {b"": 0, b"HEADER": 0}

    def clean(self, section: Section, octets: bytes) -> bytes | None:
        """The `octets` of `section` cleaned as within the message; None if it cannot be told where they stand in it.

        Servers number the parts of a broken message in their own ways, so the numbers only say where to look first. Of
        several places none has to be right, as long as the octets come clean in the same way at all of them.
        """
        if not octets or not self._over.changes:
            return octets
        origin = section.origin or 0
        begin = self._starts.get(section.name)
        if begin is None and section.name == b"TEXT" and section.origin is None:
            begin = len(self._raw) - len(octets)
        if begin is not None and self._raw.startswith(octets, begin + origin):
            found = [begin]
        else:
            found = [place - origin for place in self._places(octets, origin)]
        readings = {self._over.over(octets, place + origin) for place in found}
        if len(found) == 1:
            self._over.begins[section.name] = found[0]
        return readings.pop() if len(readings) == 1 else None

    def _places(self, octets: bytes, start: int) -> list[int]:
        """Where `octets` stand from `start` on; none at all if that is in too many places."""
        places: list[int] = []
        place = self._raw.find(octets, start)
        while place >= 0:
            places.append(place)
            if len(places) > _CANDIDATES:
                return []
            place = self._raw.find(octets, place + 1)
        return places
