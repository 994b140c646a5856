"""Where in a message a piece of it stands, though servers number the parts of a broken one in ways of their own.

Of a message that flowed by only what cleaning must see is at hand. A piece is compared with all of that; what it has of
the rest was not changed.
"""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter

from sluis.imap.overlay import Overlay
from sluis.imap.section import Section
from sluis.message.fields import fields
from sluis.message.mime import parse

_CANDIDATES = 32  # places at which a piece is looked for
_BEGINNING = 64  # octets of a piece that are looked for, where more may not be at hand


@dataclass(frozen=True, slots=True)
class AtHand:
    """The octets of a message that are at hand, and `gaps`: from which of them on how many before it are missing.

    The last gap counts all that are.
    """

    octets: bytes
    gaps: Sequence[tuple[int, int]] = ((0, 0),)

    def __len__(self) -> int:
        """The length of the message."""
        return len(self.octets) + self.gaps[-1][1]

    def place(self, index: int) -> int:
        """Where in the message an octet stands that is at hand."""
        gap = bisect_right(self.gaps, index, key=itemgetter(0)) - 1
        return index + (self.gaps[gap][1] if gap >= 0 else 0)

    def may_hold(self, octets: bytes, start: int) -> bool:
        """Whether `octets` may be those at `start` of the message."""
        end = start + len(octets)
        if not 0 <= start <= end <= len(self):
            return False
        return all(
            octets[max(begin, start) - start : min(stop, end) - start]
            == self.octets[index + max(0, start - begin) : index + min(stop, end) - begin]
            for index, begin, stop in self._stretches()
            if begin < end and stop > start
        )

    def _stretches(self) -> Iterator[tuple[int, int, int]]:
        """Octets that are at hand and next to each other: the index of the first, and where they stand."""
        ends = [index for index, _ in self.gaps[1:]] + [len(self.octets)]
        for (index, missing), end in zip(self.gaps, ends, strict=True):
            yield index, index + missing, end + missing


class Places:
    """Where the sections of a message are, in which `over` is changed."""

    def __init__(self, message: AtHand, over: Overlay) -> None:
        self.over = over
        self._message = message
        parts = parse(message.octets).parts if over.changes else ()
        self._starts = {part.path.encode(): message.place(part.body[0]) for part in parts}
        self._starts |= {part.path.encode() + b".MIME": message.place(part.header[0]) for part in parts}
        header = fields(message.octets, 0, len(message.octets))[1]
        self._starts |= {b"": 0, b"HEADER": 0, b"TEXT": message.place(header)}

    def clean(self, section: Section, octets: bytes) -> bytes | None:
        """The `octets` of `section` cleaned as within the message; None if it cannot be told where they stand in it.

        Servers number the parts of a broken message in their own ways, so the numbers only say where to look first. Of
        several places none has to be right, as long as the octets come clean in the same way at all of them.
        """
        if not octets or not self.over.changes:
            return octets
        origin = section.origin or 0
        begin = self._starts.get(section.name)
        if begin is not None and self._message.may_hold(octets, begin + origin):
            found = [begin]
        else:
            found = [place - origin for place in self._places(octets, origin)]
        readings = {self.over.over(octets, place + origin) for place in found}
        if len(found) == 1 and not section.name.startswith(b"HEADER."):  # whose fields stand apart in the message
            self.over.begins[section.name] = found[0]
        return readings.pop() if len(readings) == 1 else None

    def _places(self, octets: bytes, start: int) -> list[int]:
        """Where `octets` stand from `start` on; none at all if that is in too many places."""
        message = self._message
        beginning = octets if len(message) == len(message.octets) else octets[:_BEGINNING]
        places: list[int] = []
        index = message.octets.find(beginning)
        while index >= 0:
            places.append(message.place(index))
            if len(places) > _CANDIDATES:
                return []
            index = message.octets.find(beginning, index + 1)
        return [place for place in places if place >= start and message.may_hold(octets, place)]
