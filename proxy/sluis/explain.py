"""A report as a person reads it: what was found, whose it is, how it was hidden, what was done, where a link leads.

It turns values into words and words into a table; it finds and changes nothing. Whatever a sender wrote is made
visible before it gets near a terminal.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from rich import box
from rich.table import Table
from rich.text import Text

from sluis.report import Action, Finding, Kind, Report, Verdict
from sluis.terminal import shortened, visible
from sluis.urls.parse import parse
from sluis.urls.suffix import site

WIDE = 120
"""Columns from which the destination has a column of its own."""
_ADDRESS = 72  # characters of an address that is shown where the destination is not known

# Most telling first, as (one of them, many of them).
KINDS: Mapping[Kind, tuple[str, str]] = {
    Kind.OPEN_PIXEL: ("tracking pixel", "tracking pixels"),
    Kind.TRACKING_IMAGE: ("counting image", "counting images"),
    Kind.READ_RECEIPT: ("read receipt", "read receipts"),
    Kind.ADDRESS_LEAK: ("address in a URL", "addresses in URLs"),
    Kind.CLICK_REDIRECT: ("redirect link", "redirect links"),
    Kind.LINK_PARAMS: ("marked link", "marked links"),
    Kind.ACTIVE_CONTENT: ("active content", "pieces of active content"),
    Kind.PREFETCH: ("prefetch", "prefetches"),
    Kind.REMOTE_STYLE: ("remote style", "remote styles"),
    Kind.MEDIA: ("remote media", "pieces of remote media"),
    Kind.REMOTE_IMAGE: ("remote image", "remote images"),
}
_ORDER = list(KINDS)
_COLOURS: Mapping[Action, str] = {Action.KEPT: "yellow", Action.UNWRAPPED: "cyan", Action.STRIPPED: "cyan"}


@dataclass(frozen=True, slots=True)
class Row:
    """What findings have in common, as one row of the table; every word of it is safe to print."""

    kind: Kind
    whose: str
    action: Action
    how: str

    @classmethod
    def of(cls, finding: Finding) -> Self:
        """The row that `finding` belongs to."""
        return cls(finding.kind, whose(finding) or "–", finding.action, visible(finding.why))


def rows(findings: Iterable[Finding]) -> dict[Row, Counter[str]]:
    """The rows for `findings`, the most telling kind first, then as they stand in the message; each with the places its
    findings lead to ('' for nowhere) and how often they do.
    """
    found: dict[Row, Counter[str]] = {}
    for finding in sorted(findings, key=lambda finding: _ORDER.index(finding.kind)):
        found.setdefault(Row.of(finding), Counter())[_leads(finding)] += 1
    return found


def sentence(report: Report) -> str:
    """What it comes to, in one sentence."""
    if report.verdict in {Verdict.SKIPPED, Verdict.FAILED}:
        left = "Something in this message" if report.edited else "This message"
        return f"{left} was left as it is: {visible(report.reason or str(report.verdict))}."
    if not report.findings:
        return "This message tells nobody anything when it is opened or clicked: it passes octet for octet."
    kinds = Counter(finding.kind for finding in report.findings)
    found = _listed([f"{count} {KINDS[kind][count != 1]}" for kind, count in _in_order(kinds)])
    who = [name for name, _ in Counter(whose(finding) for finding in report.findings).most_common() if name]
    to = f", reporting to {_listed(who[:4] + ([f'{len(who) - 4} more'] if who[4:] else []))}" if who else ""
    return f"This message holds {found}{to}; {_done(report)}."


def whose(finding: Finding) -> str:
    """The vendor, or else the site the address belongs to; '' where there is no address."""
    if finding.vendor:
        return visible(finding.vendor)
    url = parse(finding.url) if finding.url else None
    return visible(site(url.host) or url.host) if url else ""


def table(report: Report, width: int) -> Table:
    """The findings as a table for a console of `width` columns; on a narrow one, cells stand under each other."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    if width >= WIDE:
        for heading, widest in (("What", None), ("Whose", 28), ("Done", None), ("How it was hidden", 60)):
            table.add_column(heading, overflow="fold", max_width=widest)
        table.add_column("Where it leads", overflow="fold")
    else:
        table.add_column("What, whose, done", overflow="fold", max_width=28)
        table.add_column("How it was hidden, where it leads", overflow="fold")
    for row, places in rows(report.findings).items():
        what, whose, done, how, leads = _cells(row, places)
        if width >= WIDE:
            table.add_row(what, whose, done, how, leads)
        else:
            table.add_row(_stacked(what, whose, done), _stacked(how, leads))
    return table


def _cells(row: Row, places: Counter[str]) -> tuple[Text, ...]:
    count = places.total()
    what = KINDS[row.kind][0] + (f" ×{count}" if count > 1 else "")
    done = Text(str(row.action), style=_COLOURS.get(row.action, "green"))
    return Text(what), Text(row.whose), done, Text(row.how), Text("\n".join(_counted(places)), style="blue")


def _stacked(*cells: Text) -> Text:
    return Text("\n").join(cell for cell in cells if cell)


def _counted(places: Counter[str]) -> list[str]:
    return [place + (f" ×{count}" if count > 1 else "") for place, count in places.items() if place]


def _leads(finding: Finding) -> str:
    if finding.destination:
        return visible(finding.destination)
    return shortened(visible(finding.url), _ADDRESS) if finding.url else ""


def _in_order(kinds: Counter[Kind]) -> list[tuple[Kind, int]]:
    return sorted(kinds.items(), key=lambda item: _ORDER.index(item[0]))


def _done(report: Report) -> str:
    kept = len(report.findings) - len(report.edited)
    if not report.edited:
        return "all of it was left" if len(report.findings) > 1 else "it was left"
    saved = report.bytes_in - report.bytes_out
    size = f"{abs(saved):,} octets {'shorter' if saved > 0 else 'longer'}" if saved else "no octet shorter or longer"
    left = f", {kept} left as {'it was' if kept == 1 else 'they were'}" if kept else ""
    return f"{len(report.edited)} taken out or unwrapped{left}, {size}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
