"""The kinds of finding over time, as bars of equal width for equal spans of time."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sluis.audit.words import day
from sluis.explain import KINDS
from sluis.report import Kind

MOST = 48
"""Bars of a chart; the newest count."""
_SPANS = ((1, "month"), (3, "quarter"), (12, "year"))

Counts = Counter[Kind | None]


@dataclass(frozen=True, slots=True)
class Bar:
    """One span of time, in percent of the chart: `whole` is all messages, `part` those with the kind."""

    at: float
    width: float
    whole: float
    part: float


@dataclass(frozen=True, slots=True)
class Chart:
    """One kind: its name, in how many messages of the chart's time it is, and a bar for each span."""

    name: str
    messages: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Charts:
    """All kinds over the same time. `rows` are the same numbers for a table: a span, its messages, those of each kind.

    `span` is 'month', 'quarter' or 'year', `most` the messages of the greatest, `before` messages older than all bars.
    """

    span: str
    first: str
    last: str
    most: int
    before: int
    each: tuple[Chart, ...]
    rows: tuple[tuple[str, int, tuple[int, ...]], ...]


def charts(months: Mapping[str, Counts]) -> Charts | None:
    """The charts of what stands in `months` ('2026-11'); None for an empty mailbox."""
    if not months:
        return None
    numbers = {_number(month): counts for month, counts in months.items()}
    size, span = next(
        ((size, span) for size, span in _SPANS if (max(numbers) - min(numbers)) // size < MOST), _SPANS[-1]
    )
    newest = max(numbers) // size
    oldest = max(min(numbers) // size, newest - MOST + 1)
    spans = [Counter[Kind | None]() for _ in range(oldest, newest + 1)]
    before = 0
    for number, counts in numbers.items():
        if number // size >= oldest:
            spans[number // size - oldest].update(counts)
        else:
            before += counts[None]
    names = [_name(index, size) for index in range(oldest, newest + 1)]
    kinds = [kind for kind in KINDS if any(counts[kind] for counts in spans)]
    most = max(counts[None] for counts in spans)
    each = tuple(_chart(kind, spans, most) for kind in kinds)
    rows = tuple(
        (name, counts[None], tuple(counts[kind] for kind in kinds))
        for name, counts in zip(names, spans, strict=True)
        if counts[None]
    )
    return Charts(span, names[0], names[-1], most, before, each, rows)


def _chart(kind: Kind, spans: Sequence[Counts], most: int) -> Chart:
    width = 100 / len(spans)
    bars = tuple(
        Bar(round(index * width, 3), round(0.82 * width, 3), _percent(counts[None], most), _percent(counts[kind], most))
        for index, counts in enumerate(spans)
        if counts[None]
    )
    return Chart(KINDS[kind][1], sum(counts[kind] for counts in spans), bars)


def _percent(count: int, most: int) -> float:
    return round(100 * count / most, 2)


def _number(month: str) -> int:
    year, number = month.split("-")
    return 12 * int(year) + int(number) - 1


def _name(index: int, size: int) -> str:
    year, month = divmod(index * size, 12)
    if size == 12:
        return str(year)
    return f"Q{month // 3 + 1} {year}" if size == 3 else day(f"{year}-{month + 1:02}")
