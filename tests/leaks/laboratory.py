"""The experiment: every case before and after cleaning, judged on its octets and in Chromium.

Each case calls two addresses: one as a known vendor counts opens by, and one that no rule knows. A case is silent
under a policy if what comes out names the host no more, written in any transfer encoding and charset, and if Chromium,
where it is a channel at all, contacts nobody. The one exception is what `balanced` is meant to leave: an image that
shows something, from an address that nobody is known to count by.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

from tests.leaks import octets
from tests.leaks.case import Address, Case, cases
from tests.leaks.chromium import Channel, Exhibit, contacts
from tests.leaks.wire import RAW, WIRES, Wire
from tests.render.sink import Sink

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.rules.load import load
from sluis.rules.table import Rules

PATHS = {
    "tracker": "/I0/01020189abcdef01-eb08255a-17b1-41b8-97cf-012345/aBcD3fGh1JkLmN0p0=345",
    "picture": "/pictures/harbour.jpg",
}
"""What is called: Amazon SES counts opens by the one, on any host; nobody is known to by the other."""
LOOKS = 3
"""How often Chromium may be asked how it opens an uncleaned case."""
UNREAD = "utf-7"
"""The charset that Chromium refuses to read (WHATWG Encoding), as all browsers do."""
ABROAD = tuple(wire for wire in WIRES if wire is not RAW and wire.charset != UNREAD)
"""How cases are written that Chromium opens once more: each in the next of these, so that all of them get many."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A case that calls one of the two addresses, in a message written one way, under a policy."""

    case: Case
    policy: str
    called: str
    wire: Wire = RAW

    @property
    def address(self) -> Address:
        """Whom it calls: a host of its own."""
        variant = "" if self.wire is RAW else f".{self.wire.encoding}-{self.wire.charset}".replace("_", "-")
        return Address(f"{self.case.name}{variant}.{self.policy}.{self.called}.example", PATHS[self.called])

    @property
    def kept(self) -> bool:
        """Whether it shows what the policy is meant to leave."""
        return self.policy == "balanced" and self.called == "picture" and self.case.content

    def cleaned(self) -> bytes:
        """What comes out for it."""
        return clean(self.case.raw(self.address, self.wire), POLICIES[self.policy], _rules()).raw

    def exhibit(self) -> Exhibit:
        """What comes out for it, to be opened."""
        return self._shown(self.cleaned())

    def control(self) -> Exhibit:
        """The message as it came, to be opened."""
        return self._shown(self.case.raw(self.address, self.wire))

    def _shown(self, raw: bytes) -> Exhibit:
        return Exhibit(str(self), raw, self.address.host, self.case.medium, click=self.case.click)

    def __str__(self) -> str:
        return f"{self.case.name}, {self.policy}, {self.called}, {self.wire.encoding}, {self.wire.charset}"


@cache
def _rules() -> Rules:
    return load()


class Verdict(StrEnum):
    """What the octets say of a trial. `KEPT`: what comes out names the host, as the policy has it.

    `INERT`: it does so where nothing loads, which is for Chromium to show, or no NUL is left that a client could skip.
    """

    SILENT = "silent"
    KEPT = "kept"
    INERT = "inert"
    CALLS = "calls"


def verdict(trial: Trial) -> Verdict:
    """The trial's, by what comes out for it."""
    raw = trial.cleaned()
    if not octets.names(raw, trial.address.host):
        return Verdict.SILENT
    if trial.case.inert and (trial.case.fires is not Channel.NONE or not octets.skipped(raw)):
        return Verdict.INERT
    return Verdict.KEPT if trial.kept else Verdict.CALLS


def trials(wire: Wire = RAW) -> Iterator[Trial]:
    """Every case within our scope, calling either address, under either policy; the harder two of the four abroad."""
    for case in cases():
        if not case.out:
            yield from _four(case) if wire is RAW else _two(case, wire)


def leaking(wire: Wire = RAW) -> Iterator[Trial]:
    """The trials that fail on their octets."""
    return (trial for trial in trials(wire) if verdict(trial) is Verdict.CALLS)


def misdescribed(sink: Sink, folder: Path) -> dict[str, Channel]:
    """The cases, each as it stands and on one wire more, that Chromium opens otherwise than they say, and how.

    What Chromium does ahead of need it may leave undone when it is busy, so whatever differs is looked at again.
    """
    trials = [Trial(case, "original", "tracker", wire) for case, wire in shown()]
    found = dict.fromkeys(map(str, trials), Channel.NONE)
    for _ in range(LOOKS):
        seen = contacts([trial.control() for trial in trials], sink, folder)
        found = {name: min(found[name], channel, key=list(Channel).index) for name, channel in seen.items()}
        trials = [trial for trial in trials if found[str(trial)] is not trial.case.fires]
    return {str(trial): found[str(trial)] for trial in trials}


def calls(sink: Sink, folder: Path) -> dict[str, Channel]:
    """The trials that fail in Chromium, of the cases that it is a channel for, and how.

    Messages that come out alike from calls of different hosts hold nothing of either; of those, one is opened. On the
    second wire it is one of the two harder trials, by the length of the name, since opening takes most of the time.
    """
    wanted = [
        trial
        for case, wire in shown()
        if case.fires is not Channel.NONE and not case.out and not case.leak
        for trial in (_four(case) if wire is RAW else _two(case, wire)[len(case.name) % 2 :][:1])
        if not trial.kept
    ]
    found = contacts(list(_unlike(trial.exhibit() for trial in wanted)), sink, folder)
    return {name: channel for name, channel in found.items() if channel is not Channel.NONE}


def shown() -> Iterator[tuple[Case, Wire]]:
    """What Chromium opens: every case that a mail client shows, on the plainest wire and on one of those abroad."""
    number = 0
    for case in cases():
        if case.shown:
            yield case, RAW
            wires = (ABROAD[(number + step) % len(ABROAD)] for step in range(len(ABROAD)))
            if case.fires is not Channel.NONE:
                yield case, next(wire for wire in wires if case.written(wire))
                number += 1


def _four(case: Case) -> Iterator[Trial]:
    return (Trial(case, policy, called) for policy in ("balanced", "strict") for called in PATHS)


def _two(case: Case, wire: Wire) -> tuple[Trial, Trial]:
    """The harder of the trials: what `balanced` knows, and what nobody knows, which `balanced` may keep."""
    policy = "strict" if case.content else "balanced"
    return Trial(case, "balanced", "tracker", wire), Trial(case, policy, "picture", wire)


def _unlike(exhibits: Iterable[Exhibit]) -> Iterator[Exhibit]:
    seen: set[tuple[bytes, str]] = set()
    for exhibit in exhibits:
        if (exhibit.raw, exhibit.medium) not in seen:
            seen.add((exhibit.raw, exhibit.medium))
            yield exhibit
