"""Messages to records: every one that is not remembered is read, on all cores, and remembered at once."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from sluis.audit.memory import Memory
from sluis.audit.record import Record, recipients, record
from sluis.audit.source import Known, Stored
from sluis.bulk import Spread, Unread, crew, each
from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.rules.table import Rules

Item = TypeVar("Item", bound=Known)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a message is read: by which rules, for which `readers` besides those its header names, and whose
    Authentication-Results are believed (`trusted`, authserv-ids in lower case).
    """

    rules: Rules
    readers: tuple[str, ...] = ()
    trusted: frozenset[str] = frozenset()

    def of(self, _: Stored, raw: bytes) -> Record:
        """The record of one message; nothing in it is changed."""
        who = (*self.readers, *recipients(raw))
        report = clean(raw, POLICIES["audit"], self.rules, Envelope(recipients=who)).report
        return record(raw, report, self.rules, who, self.trusted)


def read(
    known: Sequence[Item],
    bring: Callable[[list[Item]], Iterable[Stored]],
    memory: Memory,
    reading: Reading,
    elsewhere: Spread | None = None,
) -> Iterator[tuple[Known, Record | Unread]]:
    """Every message with its record, those that are remembered first; `bring` gives the others as they are wanted.

    They are read by the cores here, or `elsewhere`.

    Raises `OSError` where the memory cannot be written, and whatever `bring` raises.
    """
    left = {each.key: each for each in known}
    yield from memory.recall(left)
    wanted = list(left.values())
    here = partial(each, workers=crew(sum(item.octets for item in wanted)))
    for item, outcome in (elsewhere or here)(bring(wanted), reading.of):
        if isinstance(outcome, Record):
            memory.keep(item.key, outcome)
        yield item, outcome
