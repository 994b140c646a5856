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
