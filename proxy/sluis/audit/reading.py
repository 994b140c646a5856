"""Messages to records: every one that is not remembered is read, on all cores, and remembered at once."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TypeVar

from sluis.audit.memory import Memory
from sluis.audit.record import Record, recipients, record
from sluis.audit.source import Stored
from sluis.bulk import Unread, each
from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.rules.table import Rules

Item = TypeVar("Item", bound=Stored)


def read(
    stored: Sequence[Item], memory: Memory, rules: Rules, readers: tuple[str, ...] = (), workers: int | None = None
) -> Iterator[tuple[Item, Record | Unread]]:
    """Every message with its record, those that are remembered first. Nothing is changed; `readers` are addresses of
    the mailbox that no header names, `workers` are processes. Raises `OSError` where the memory cannot be written.
    """
    left = {each.key: each for each in stored}
    yield from memory.recall(left)
    make: Callable[[Stored, bytes], Record] = partial(_record, rules=rules, readers=readers)
    for item, outcome in each(list(left.values()), make, workers):
        if isinstance(outcome, Record):
            memory.keep(item.key, outcome)
        yield item, outcome


def _record(_: Stored, raw: bytes, *, rules: Rules, readers: tuple[str, ...]) -> Record:
    who = (*readers, *recipients(raw))
    return record(raw, clean(raw, POLICIES["audit"], rules, Envelope(recipients=who)).report, rules, who)
