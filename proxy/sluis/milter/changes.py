"""From a cleaned message to orders: which fields of the header the server should change, and whether the body too.

The cleaner takes fields out and changes values; it adds none and moves none. So the names of the cleaned header are
some of the names there were, in order, and reading both side by side finds each. Whether the orders lead to the cleaned
message is not left to that: what they would leave undone raises.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from sluis.edge.pool import CleaningError
from sluis.milter.packet import Field, Packet, changed, replaced

_LINE = re.compile(rb"\r\n(?![ \t])")


def changes(fields: Sequence[Field], raw: bytes, cleaned: bytes) -> Iterable[Packet]:
    """The packets that make `cleaned` of `raw`, whose header has these fields. Raises CleaningError.

    Those of the body are made one by one, so that a long one is in memory once.
    """
    if cleaned == raw:
        return ()
    before, body = _split(raw)
    after, new = _split(cleaned)
    if before != [*fields]:
        raise _unsayable("header")
    orders = [*_orders(fields, after)][::-1]  # the last first: a field that goes moves the index of those behind it
    return orders if body == new else chain(orders, replaced(new))


def _orders(before: Sequence[Field], after: Sequence[Field]) -> Iterator[Packet]:
    met: Counter[bytes] = Counter()
    position = 0
    for field in before:
        name = field.name.lower()
        met[name] += 1
        now = after[position] if position < len(after) else None
        if now is None or now.name != field.name:
            yield changed(met[name], Field(field.name, b""))
            continue
        position += 1
        if now.value != field.value:
            if not now.value:
                raise _unsayable("empty-value")  # which would take the field out
            yield changed(met[name], now)
    if position < len(after):
        raise _unsayable("new-field")


def _split(message: bytes) -> tuple[list[Field], memoryview]:
    """The fields of the header, and the body behind its empty line. Raises CleaningError where there is none."""
    if message.startswith(b"\r\n"):
        return [], memoryview(message)[2:]
    end = message.find(b"\r\n\r\n")
    if end < 0:
        raise _unsayable("no-empty-line")
    return [_field(line) for line in _LINE.split(message[:end])], memoryview(message)[end + 4 :]


def _field(line: bytes) -> Field:
    name, _, value = line.partition(b":")
    return Field(name, value.replace(b"\r\n", b"\n"))


def _unsayable(what: str) -> CleaningError:
    """The server would deliver something else than the cleaned message."""
    return CleaningError("clean", f"unsayable-{what}")
