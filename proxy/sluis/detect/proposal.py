"""What a detector says: a finding about a stretch of text, and the text it would have instead."""

from dataclasses import dataclass
from typing import NamedTuple

from sluis.report import Action, Kind


class Cut(NamedTuple):
    """Replace the characters `[start, end)` of a reading by `replacement`, or leave them where it is None.

    `pad` is the index within the replacement at which blanks do no harm, where a length must be kept.
    """

    start: int
    end: int
    replacement: str | None = None
    pad: int = 0


@dataclass(frozen=True, slots=True)
class Proposal:
    """A `report.Finding` whose place is still in characters of the reading: `cut` says where, and what to put there."""

    kind: Kind
    action: Action
    technique: str
    cut: Cut
    why: str
    url: str | None = None
    destination: str | None = None
    vendor: str | None = None
    rule: str | None = None
    confidence: float = 1.0


def difference(before: str, after: str) -> Cut:
    """The one cut that makes `after` of `before`."""
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    replacement = after[start : len(after) - end]
    return Cut(start, len(before) - end, replacement, len(replacement))


def _common(one: str, other: str) -> int:
    """The length of the longest common prefix."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
