"""What a sweep did, or would do, as data for others and as numbers for a person. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sluis.audit.record import Record
from sluis.audit.tables import sheet
from sluis.report import Kind
from sluis.sweep.ledger import Ledger
from sluis.sweep.note import End
from sluis.sweep.plan import Fate

_HEAD = ["uid", "date", "sender", "outcome", "why", "originals", "octets_before", "octets_after", "vendors"]
_HEAD += [str(kind) for kind in Kind]


@dataclass(frozen=True, slots=True)
class Line:
    """A message that was replaced, or would be. `before` and `after` are octets, `originals` the folder that has it."""

    uid: int
    outcome: str
    before: int
    after: int
    record: Record
    why: str = ""
    originals: str = ""

    @property
    def replaced(self) -> bool:
        """Whether the cleaned copy stands in the message's place."""
        return self.outcome in {End.REMOVED, End.KEPT}

    @property
    def vendors(self) -> list[str]:
        """Whose trackers were taken out."""
        return sorted({way.vendor for way, _ in self.record.ways if way.vendor})


def lines(ledger: Ledger) -> list[Line]:
    """What was done, by the journal: this time, and whenever the sweep ran before."""
    return [
        Line(
            each.meant.uid,
            "restored" if index in ledger.restored else str(each.end),
            each.meant.original.octets,
            each.meant.cleaned.octets,
            each.meant.record,
            each.why,
            each.keep,
        )
        for index, each in enumerate(ledger.swept)
    ]


def ranking(names: Iterable[str]) -> list[tuple[str, int]]:
    """Names with how often they are there, the most frequent first."""
    return sorted(Counter(names).items(), key=lambda entry: (-entry[1], entry[0]))


def document(listed: Sequence[Line], fates: Mapping[Fate, int], made: Mapping[str, Any]) -> Mapping[str, Any]:
    """All of it as one value for JSON. `fates` counts the messages that were read this time."""
    return {
        **made,
        "read": {str(fate): fates.get(fate, 0) for fate in Fate},
        "senders": dict(ranking(line.record.sender for line in listed)),
        "vendors": dict(ranking(vendor for line in listed for vendor in line.vendors)),
        "messages": [dict(zip(_HEAD, _row(line), strict=True)) for line in listed],
    }


def table(listed: Sequence[Line]) -> str:
    """The messages as CSV."""
    return sheet(_HEAD, map(_row, listed))


def _row(line: Line) -> list[str | int]:
    counts: Counter[Kind] = Counter()
    for way, count in line.record.ways:
        counts[way.kind] += count
    told: list[str | int] = [line.uid, line.record.date, line.record.sender, line.outcome, line.why, line.originals]
    return [*told, line.before, line.after, " ".join(line.vendors), *(counts[kind] for kind in Kind)]
