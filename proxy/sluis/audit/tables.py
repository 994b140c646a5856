"""A tally as data for others: one JSON document, and tables in CSV (RFC 4180)."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from sluis.audit.record import Aim, State
from sluis.audit.tally import Key, Sender, Tally, Use, Vendor, ranked
from sluis.report import Kind

Row = list[str | int]

_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute instead of showing it


def senders(tally: Tally) -> list[tuple[str, Sender]]:
    """The senders by how many of their messages track."""
    return ranked(tally.senders, lambda sender: (sender.tracking.messages, sender.all.messages))


def vendors(tally: Tally) -> list[tuple[str, Vendor]]:
    """Those who are told, by how many messages tell them."""
    return ranked(tally.vendors, lambda vendor: (vendor.days.messages, 0))


def ways(sender: Sender) -> list[tuple[Key, Use]]:
    """The ways of a sender by how many of its messages have them."""
    return ranked(sender.ways, lambda use: (use.days.messages, use.times))


def reach(tally: Tally) -> Mapping[str, int]:
    """For each vendor, how many senders use it."""
    counts: dict[str, int] = {}
    for sender in tally.senders.values():
        for vendor in {vendor for _, _, vendor, _ in sender.ways}:
            counts[vendor] = counts.get(vendor, 0) + 1
    return counts


def document(tally: Tally, unread: int, made: Mapping[str, str]) -> Mapping[str, Any]:
    """All of it as one value for JSON. `unread` messages could not be; `made` says by what and when."""
    return {
        **made,
        "messages": tally.all.messages,
        "first": tally.all.first,
        "last": tally.all.last,
        "tracking_messages": tally.tracking.messages,
        "states": {str(state): tally.states[state] for state in State} | {"unread": unread, "left": tally.left},
        "aims": {str(aim): tally.aims[aim] for aim in Aim},
        "senders": [_sender(name, sender) for name, sender in senders(tally)],
        "further_senders": {"count": tally.others, "messages": tally.rest.all.messages},
        "vendors": [dict(zip(_VENDORS, row, strict=True)) for row in _vendor_rows(tally)],
        "months": [dict(zip(_MONTHS, row, strict=True)) for row in _month_rows(tally)],
    }


def files(tally: Tally) -> Mapping[str, str]:
    """The CSV files by name."""
    return {
        "senders.csv": sheet(_SENDERS, (_sender_row(name, sender) for name, sender in senders(tally))),
        "evidence.csv": sheet(_EVIDENCE, _evidence_rows(tally)),
        "vendors.csv": sheet(_VENDORS, _vendor_rows(tally)),
        "months.csv": sheet(_MONTHS, _month_rows(tally)),
    }


def sheet(head: list[str], rows: Iterable[Row]) -> str:
    """A table as CSV, in which no value is a formula."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(head)
    table.writerows([_plain(value) for value in row] for row in rows)
    return written.getvalue()


_AIMS = [f"{aim}_messages" for aim in Aim]
_SENDERS = ["sender", "messages", "first", "last", "tracking_messages", "tracking_first", "tracking_last", *_AIMS]
_SENDERS += ["dkim_pass", "dkim_fail", "dkim_other", "dkim_not_recorded"]
_WAY = ["kind", "technique", "vendor", "address", "messages", "times", "first", "last"]
_WAY += ["example_date", "example_dkim", "example_signer", "example_url"]
_EVIDENCE = ["sender", *_WAY]
_VENDORS = ["vendor", "messages", "senders", "first", "last", *map(str, Kind)]
_MONTHS = ["month", "messages", *map(str, Kind)]


def _sender(name: str, sender: Sender) -> Mapping[str, Any]:
    listed = [dict(zip(_WAY, _way(key, use), strict=True)) for key, use in ways(sender)]
    return {**dict(zip(_SENDERS, _sender_row(name, sender), strict=True)), "ways": listed, "further": sender.more}


def _sender_row(name: str, sender: Sender) -> Row:
    signed = sender.dkim
    other = signed.total() - signed["pass"] - signed["fail"] - signed[""]
    days: Row = [sender.all.messages, sender.all.first, sender.all.last]
    days += [sender.tracking.messages, sender.tracking.first, sender.tracking.last]
    return [name, *days, *(sender.aims[aim] for aim in Aim), signed["pass"], signed["fail"], other, signed[""]]


def _way(key: Key, use: Use) -> Row:
    kind, technique, vendor, named = key
    of = use.example
    days: Row = [use.days.messages, use.times, use.days.first, use.days.last]
    return [str(kind), technique, vendor, named, *days, of.date, of.dkim, of.signer, of.url]


def _evidence_rows(tally: Tally) -> Iterator[Row]:
    for name, sender in senders(tally):
        yield from ([name, *_way(key, use)] for key, use in ways(sender))


def _vendor_rows(tally: Tally) -> Iterator[Row]:
    users = reach(tally)
    for name, vendor in vendors(tally):
        days = vendor.days
        kinds = (vendor.kinds[kind] for kind in Kind)
        yield [name, days.messages, users.get(name, 0), days.first, days.last, *kinds]


def _month_rows(tally: Tally) -> Iterator[Row]:
    for month, counts in sorted(tally.months.items()):
        yield [month, counts[None], *(counts[kind] for kind in Kind)]


def _plain(value: str | int) -> str | int:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
