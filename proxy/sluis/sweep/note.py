"""What the journal of a sweep says: notes, each a line of JSON.

They name nobody: a message is its number and a digest, and what was taken out of it is the audit's record.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from hashlib import sha256
from typing import Any, Self

from sluis.audit.record import Record


@dataclass(frozen=True, slots=True)
class Exact:
    """Octets by their number and their SHA-256, in hexadecimal digits."""

    octets: int
    digest: str

    @classmethod
    def of(cls, raw: bytes) -> Self:
        """What `raw` is known by."""
        return cls(len(raw), sha256(raw).hexdigest())


class End(StrEnum):
    """What became of a message. `WITHDRAWN`: its copy was taken back, the original is as it was."""

    REMOVED = "removed"
    KEPT = "kept"
    WITHDRAWN = "withdrawn"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Begun:
    """A sweep of a folder (`Place.token`) begins, or goes on; what follows is in numbers of that `validity`, and what
    was passed was so by the rules of `made_by`.
    """

    folder: str
    validity: int
    made_by: str


@dataclass(frozen=True, slots=True)
class Passed:
    """A message was read, and nothing was to be done."""

    uid: int


@dataclass(frozen=True, slots=True)
class Meant:
    """A cleaned copy is about to be appended; its number will be `following` or more."""

    uid: int
    following: int
    original: Exact
    cleaned: Exact
    record: Record

    def may_be(self, copy: int) -> bool:
        """Whether a message can be the copy by its number: none that was there before is."""
        return copy != self.uid and copy >= self.following


@dataclass(frozen=True, slots=True)
class Copied:
    """The copy has this number."""

    uid: int


@dataclass(frozen=True, slots=True)
class Removing:
    """The copy was read back and is good: the original is about to go, to the folder `keep`, or for good."""

    keep: str


@dataclass(frozen=True, slots=True)
class Done:
    """Nothing is left to do for the message that was meant last."""

    end: End
    why: str = ""


@dataclass(frozen=True, slots=True)
class Restoring:
    """The original of the message that was done as number `index` is back, and its copy is about to go."""

    index: int


@dataclass(frozen=True, slots=True)
class Restored:
    """The copy has gone too."""

    index: int


Note = Begun | Passed | Meant | Copied | Removing | Done | Restoring | Restored
_KINDS: Mapping[str, type[Note]] = {
    kind.__name__.lower(): kind for kind in (Begun, Passed, Meant, Copied, Removing, Done, Restoring, Restored)
}


def line(note: Note) -> bytes:
    """The note as a line, with its end."""
    values = [_written(getattr(note, field.name)) for field in fields(note)]
    return json.dumps([type(note).__name__.lower(), *values], separators=(",", ":")).encode() + b"\n"


def of_line(text: bytes) -> Note:
    """The note that a line holds. Raises `ValueError` for a line that none wrote."""
    try:
        name, *values = json.loads(text)
        kind = _KINDS[name]
        return kind(*(_READ[field.type](value) for field, value in zip(fields(kind), values, strict=True)))
    except (TypeError, LookupError) as error:
        raise ValueError("no note") from error


def _written(value: object) -> Any:
    match value:
        case Exact(octets, digest):
            return [octets, digest]
        case Record():
            return value.to_json()
    return value


_READ: Mapping[Any, Any] = {
    int: int,
    str: str,
    End: End,
    Exact: lambda value: Exact(int(value[0]), str(value[1])),
    Record: Record.of_json,
}
