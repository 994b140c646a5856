"""The report a person reads: one HTML file that asks nobody for anything, and needs no script.

It chooses what is shown and in what order; numbers are the tally's, words are `words.py`'s, and looks the template's.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from sluis.audit.chart import Charts, charts
from sluis.audit.record import AIMS, Aim, State
from sluis.audit.tables import reach, senders, vendors, ways
from sluis.audit.tally import Sender, Tally, Vendor
from sluis.audit.words import DKIM, day, technique, verdict
from sluis.explain import KINDS
from sluis.report import Kind

SENDERS = 60
"""Senders that the page shows, each with its evidence; the tables beside it have all."""
VENDORS = 30
_SHAPE = re.compile("(‹[^›]*›)")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One way of one sender. Dates are as `words.day` wants them; `url` is cut up before and behind each ‹shape›."""

    what: str
    how: str
    whose: str
    named: str
    messages: int
    times: int
    first: str
    last: str
    date: str
    dkim: str
    url: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One sender of the ranking. `share` is its bar, in percent of the longest; `signed` tells of its signatures."""

    name: str
    messages: int
    tracking: int
    share: float
    aims: Mapping[str, int]
    since: str
    last: str
    signed: str
    evidence: tuple[Evidence, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Told:
    """One vendor of the ranking."""

    name: str
    messages: int
    share: float
    senders: int
    kinds: str
    since: str
    last: str


@dataclass(frozen=True, slots=True)
class Page:
    """Everything the template shows."""

    tally: Tally
    aims: Mapping[str, int]
    states: Mapping[str, int]
    tracking_senders: int
    all_senders: int
    lines: tuple[Line, ...]
    told: tuple[Told, ...]
    untold: int
    charts: Charts | None
    unread: int
    made: Mapping[str, str]


def render(tally: Tally, unread: int, made: Mapping[str, str]) -> str:
    """The report as HTML. `unread` messages could not be; `made` has the "version" that read and the day, "made"."""
    environment = Environment(
        loader=PackageLoader("sluis", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"day": day, "number": "{:,}".format}
    return environment.get_template("audit/report.html").render(page=page(tally, unread, made))


def page(tally: Tally, unread: int, made: Mapping[str, str]) -> Page:
    """What the template shows of `tally`."""
    tracking = [(name, sender) for name, sender in senders(tally) if sender.tracking.messages]
    most = max((sender.tracking.messages for _, sender in tracking), default=1)
    told, users = vendors(tally), reach(tally)
    busiest = max((vendor.days.messages for _, vendor in told), default=1)
    return Page(
        tally,
        {str(aim): tally.aims[aim] for aim in Aim},
        {str(state): tally.states[state] for state in State},
        len(tracking),
        len(tally.senders) + tally.others,
        tuple(_line(name, sender, most) for name, sender in tracking[:SENDERS]),
        tuple(_told(name, vendor, busiest, users.get(name, 0)) for name, vendor in told[:VENDORS]),
        len(told[VENDORS:]),
        charts(tally.months),
        unread,
        made,
    )


def _line(name: str, sender: Sender, most: int) -> Line:
    return Line(
        name or "several authors, or none",
        sender.all.messages,
        sender.tracking.messages,
        round(100 * sender.tracking.messages / most, 2),
        {str(aim): sender.aims[aim] for aim in Aim},
        sender.tracking.first,
        sender.tracking.last,
        _signed(sender),
        tuple(_evidence(name, sender)),
        sender.more,
    )


def _signed(sender: Sender) -> str:
    if set(sender.dkim) == {""}:
        return "no verdict"
    results = sorted(sender.dkim.items(), key=lambda entry: (not entry[0], -entry[1]))
    return ", ".join(f"{DKIM[result]} in {count:,}" for result, count in results)


def _evidence(name: str, sender: Sender) -> Iterator[Evidence]:
    listed = sorted(ways(sender), key=lambda entry: AIMS[entry[0][0]] is Aim.LOAD)  # what tracks comes first
    for (kind, how, vendor, named), use in listed:
        of = use.example
        dkim = verdict(of.dkim, of.signer, name)
        days = use.days
        counts = (days.messages, use.times, days.first, days.last)
        whose = vendor or ("the sender" if kind is Kind.READ_RECEIPT else "no address")
        url = tuple(filter(None, _SHAPE.split(of.url)))
        yield Evidence(KINDS[kind][0], technique(how), whose, named, *counts, of.date, dkim, url)


def _told(name: str, vendor: Vendor, busiest: int, users: int) -> Told:
    days = vendor.days
    kinds = ", ".join(KINDS[kind][1] for kind in KINDS if vendor.kinds[kind])
    return Told(name, days.messages, round(100 * days.messages / busiest, 2), users, kinds, days.first, days.last)
