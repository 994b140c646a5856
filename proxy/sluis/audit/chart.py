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
    """The messages of one span of time: where it begins, how wide and how high it is, in percent of the chart."""

    at: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Chart:
    """All messages, or those with one kind of finding, and a bar for each span that has any; `most` is the highest."""

    name: str
    messages: int
    most: int
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class Charts:
    """All kinds over the same time. `rows` are the same numbers for a table: a span, its messages, those of each kind.

    `span` is 'month', 'quarter' or 'year'; `before` are messages older than all bars.
    """

    span: str
    first: str
    last: str
    before: int
    all: Chart
    each: tuple[Chart, ...]
    rows: tuple[tuple[str, int, tuple[int, ...]], ...]


def charts(months: Mapping[str, Counts]) -> Charts | None:
    """The charts of what stands in `months` ('2026-11'); None for an empty mailbox."""
    if not months:
        return None
    numbers = {_number(month): counts for month, counts in months.items()}
    size, span = next(
        ((size, span) for size, span in _SPANS if max(numbers) // size - min(numbers) // size < MOST), _SPANS[-1]
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
    each = tuple(_chart(KINDS[kind][1], [counts[kind] for counts in spans]) for kind in kinds)
    rows = tuple(
        (name, counts[None], tuple(counts[kind] for kind in kinds))
        for name, counts in zip(names, spans, strict=True)
        if counts[None]
    )
    whole = _chart("all messages", [counts[None] for counts in spans])
    return Charts(span, names[0], names[-1], before, whole, each, rows)


def _chart(name: str, counts: Sequence[int]) -> Chart:
    width, most = 100 / len(counts), max(counts)
    bars = (
        Bar(round(index * width, 3), round(0.82 * width, 3), round(100 * count / most, 2))
        for index, count in enumerate(counts)
        if count
    )
    return Chart(name, sum(counts), most, tuple(bars))


def _number(month: str) -> int:
    year, number = month.split("-")
    return 12 * int(year) + int(number) - 1


def _name(index: int, size: int) -> str:
    year, month = divmod(index * size, 12)
    if size == 12:
        return str(year)
    return f"Q{month // 3 + 1} {year}" if size == 3 else day(f"{year}-{month + 1:02}")
