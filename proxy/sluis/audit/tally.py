"""Records counted: senders, vendors, and what was in use when.

Pure, and what any number of messages comes to in bounded space: beyond a number of senders those with the fewest
trackers are counted together. Tallies add up, so that parts of a mailbox may be counted apart.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from sluis.audit.record import Aim, Record, State, Way
from sluis.report import Kind

SENDERS = 2000
"""Senders, and vendors, that are told apart; twice as many while counting."""
WAYS = 48
"""Ways told apart for one sender; further ones are counted as a number."""
TRACKING = frozenset({Aim.OPEN, Aim.CLICK, Aim.NAME})


@dataclass(slots=True)
class Days:
    """Messages, and the first and the last day of them that is known ('' for none)."""

    messages: int = 0
    first: str = ""
    last: str = ""

    def add(self, date: str) -> None:
        """Count one message of that day."""
        self.merge(Days(1, date, date))

    def merge(self, other: "Days") -> None:
        """Count the messages of `other` too."""
        self.messages += other.messages
        self.first = min(filter(None, (self.first, other.first)), default="")
        self.last = max(self.last, other.last)


@dataclass(frozen=True, slots=True, order=True)
class Example:
    """The newest message of a way: its day, the DKIM verdict in its header and whose signature, the URL redacted."""

    date: str
    url: str
    dkim: str
    signer: str


# What makes two ways of a sender the same way: all but the URL, of which there is an example.
Key = tuple[Kind, str, str, str]


@dataclass(slots=True)
class Use:
    """How a sender uses one way: in which messages, how often in all, and the newest example."""

    example: Example
    days: Days = field(default_factory=Days)
    times: int = 0

    def merge(self, other: "Use") -> None:
        """Count `other` too."""
        self.days.merge(other.days)
        self.times += other.times
        self.example = max(self.example, other.example)


@dataclass(slots=True)
class Sender:
    """What one sender sent: all messages, those that track, those with each aim, verdicts on DKIM, and the ways."""

    all: Days = field(default_factory=Days)
    tracking: Days = field(default_factory=Days)
    aims: Counter[Aim] = field(default_factory=Counter)
    dkim: Counter[str] = field(default_factory=Counter)
    ways: dict[Key, Use] = field(default_factory=dict)
    more: int = 0

    def add(self, record: Record) -> None:
        """Count one message."""
        self.all.add(record.date)
        self.dkim[record.dkim] += 1
        self.aims.update(record.aims)
        if record.aims & TRACKING:
            self.tracking.add(record.date)
        for key, use in _uses(record):
            self._use(key, use)

    def merge(self, other: "Sender") -> None:
        """Count what `other` counted too."""
        self.all.merge(other.all)
        self.tracking.merge(other.tracking)
        self.aims.update(other.aims)
        self.dkim.update(other.dkim)
        self.more += other.more
        for key, use in other.ways.items():
            self._use(key, use)

    def _use(self, key: Key, use: Use) -> None:
        if key in self.ways:
            self.ways[key].merge(use)
        elif len(self.ways) < WAYS:
            self.ways[key] = Use(use.example, Days(use.days.messages, use.days.first, use.days.last), use.times)
        else:
            self.more += use.times


@dataclass(slots=True)
class Vendor:
    """Whose trackers they are: in which messages, of which kinds."""

    days: Days = field(default_factory=Days)
    kinds: Counter[Kind] = field(default_factory=Counter)

    def merge(self, other: "Vendor") -> None:
        """Count what `other` counted too."""
        self.days.merge(other.days)
        self.kinds.update(other.kinds)


@dataclass(slots=True)
class Tally:
    """What the messages of a mailbox come to.

    `months` has the messages of each month ('2026-11'): all under None, and those with a finding of each kind.
    `rest` is all senders beyond those told apart, `others` how many; a sender that comes back counts again. `left` are
    the messages that were not come to, since the reading was broken off.
    """

    states: Counter[State] = field(default_factory=Counter)
    all: Days = field(default_factory=Days)
    tracking: Days = field(default_factory=Days)
    aims: Counter[Aim] = field(default_factory=Counter)
    senders: dict[str, Sender] = field(default_factory=dict)
    vendors: dict[str, Vendor] = field(default_factory=dict)
    months: dict[str, Counter[Kind | None]] = field(default_factory=dict)
    rest: Sender = field(default_factory=Sender)
    others: int = 0
    left: int = 0

    def add(self, record: Record) -> None:
        """Count one message."""
        self.states[record.state] += 1
        self.all.add(record.date)
        self.aims.update(record.aims)
        if record.aims & TRACKING:
            self.tracking.add(record.date)
        self.senders.setdefault(record.sender, Sender()).add(record)
        for name, kinds in _vendors(record).items():
            self.vendors.setdefault(name, Vendor()).merge(Vendor(Days(1, record.date, record.date), Counter(kinds)))
        if record.date:
            kinds_here = {way.kind for way, _ in record.ways}
            self.months.setdefault(record.date[:7], Counter()).update([None, *kinds_here])
        self._keep_bounds()

    def merge(self, other: "Tally") -> None:
        """Count what `other` counted too; of `other` nothing is held on to."""
        self.states.update(other.states)
        self.all.merge(other.all)
        self.tracking.merge(other.tracking)
        self.aims.update(other.aims)
        for name, sender in other.senders.items():
            self.senders.setdefault(name, Sender()).merge(sender)
        for name, vendor in other.vendors.items():
            self.vendors.setdefault(name, Vendor()).merge(vendor)
        for month, kinds in other.months.items():
            self.months.setdefault(month, Counter()).update(kinds)
        self.rest.merge(other.rest)
        self.others += other.others
        self.left += other.left
        self._keep_bounds()

    def _keep_bounds(self) -> None:
        if len(self.senders) > 2 * SENDERS:
            self.senders, gone = _split(self.senders, lambda sender: (sender.tracking.messages, sender.all.messages))
            for sender in gone:
                self.rest.merge(sender)
            self.others += len(gone)
        if len(self.vendors) > 2 * SENDERS:
            self.vendors, _ = _split(self.vendors, lambda vendor: (vendor.days.messages, 0))


Name = TypeVar("Name", str, Key)
Value = TypeVar("Value")


def ranked(values: Mapping[Name, Value], weight: Callable[[Value], tuple[int, int]]) -> list[tuple[Name, Value]]:
    """The entries with the greatest weight first, those of equal weight by name."""
    return sorted(values.items(), key=lambda entry: (*(-part for part in weight(entry[1])), entry[0]))


def _split(
    values: dict[str, Value], weight: Callable[[Value], tuple[int, int]]
) -> tuple[dict[str, Value], list[Value]]:
    order = ranked(values, weight)
    return dict(order[:SENDERS]), [value for _, value in order[SENDERS:]]


def _uses(record: Record) -> Iterator[tuple[Key, Use]]:
    """Each way of the record once, with how often it stands there."""
    found: dict[Key, Use] = {}
    for way, count in record.ways:
        example = Example(record.date, way.url, record.dkim, record.signer)
        use = found.setdefault(
            (way.kind, way.technique, way.vendor, way.named), Use(example, Days(1, record.date, record.date))
        )
        use.times += count
        use.example = max(use.example, example)
    yield from found.items()


def _vendors(record: Record) -> dict[str, set[Kind]]:
    """Who is told anything by the record, and by which kinds."""
    found: dict[str, set[Kind]] = {}
    for way in _tracking(way for way, _ in record.ways):
        if way.vendor:
            found.setdefault(way.vendor, set()).add(way.kind)
    return found


def _tracking(ways: Iterable[Way]) -> Iterator[Way]:
    yield from (way for way in ways if way.aims & TRACKING)
