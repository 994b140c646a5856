"""Transfer encodings (RFC 2045 §6): decoded octets to read, and edits of them carried back to the wire.

An edit of decoded octets says nothing of lines or quanta; here it becomes an edit of the octets as they stand. Only the
tokens it touches are written anew. Each encoding is a `Body`: it decodes at once and finds its way back when asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from sluis.report import Edit, Span

LONGEST_LINE = 998  # octets without the line end (RFC 5322 §2.1.1)


class Encoding(StrEnum):
    """How a part's octets are written. `OPAQUE` is an unknown encoding: its octets are read as they stand."""

    IDENTITY = "identity"
    QUOTED_PRINTABLE = "quoted-printable"
    BASE64 = "base64"
    UUENCODE = "uuencode"
    OPAQUE = "opaque"


@dataclass(frozen=True, slots=True)
class Rewired:
    """Edits of the message, disjoint and in order, and for each edit asked for the span that was replaced.

    A span is None where the edit was refused: there was no room for it.
    """

    edits: tuple[Edit, ...]
    spans: tuple[Span | None, ...]


class Body(Protocol):
    """The octets of a part, decoded, and the way back to the wire."""

    octets: bytes

    def wire(self, edits: Sequence[Edit], *, fit: bool) -> Rewired:
        """`edits` of the decoded octets, in order and disjoint, as edits of the message.

        With `fit` the part keeps its octets and its lines on the wire: blanks go in at each edit's `pad`.
        """

    def locate(self, start: int, end: int) -> Span:
        """Where the decoded octets `[start, end)` stand in the message."""


class Columns:
    """The octets between the start of a line and the place of each edit, once the edits before it are made.

    `position` is where the last of these ends.
    """

    def __init__(self, raw: bytes, start: int) -> None:
        self._raw, self.position, self._column = raw, start, 0
        self._begin, self._seen = 0, start  # of the line at `_seen`, if it begins behind `position`

    def at(self, position: int) -> int:
        """The column of `position`, which no edit made so far lies behind."""
        if position < self._seen:
            self._begin, self._seen = 0, self.position
        self._begin = self._raw.rfind(b"\n", self._seen, position) + 1 or self._begin
        self._seen = position
        return position - self._begin if self._begin else self._column + position - self.position

    def after(self, edit: Edit) -> None:
        """Go on behind `edit` as it was made."""
        begin = edit.octets.rfind(b"\n") + 1
        self._column = len(edit.octets) - begin + (0 if begin else self.at(edit.start))
        self.position = self._seen = edit.end
        self._begin = 0


def blanks(edit: Edit, count: int) -> bytes:
    """The octets of `edit` with `count` octets of blanks at its pad."""
    pad = len(edit.octets) if edit.pad is None else edit.pad
    return edit.octets[:pad] + edit.blank * (count // len(edit.blank)) + edit.octets[pad:]
