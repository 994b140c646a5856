"""7bit, 8bit and binary parts: what is decoded is what stands on the wire (RFC 2045 §6.2)."""

import re
from collections.abc import Sequence

from sluis.message.body import LONGEST_LINE, Columns, Rewired
from sluis.report import Edit, Span

_LINE_END = re.compile(rb"\r?\n")
_UNSENDABLE = re.compile(rb"\0|\r(?!\n)|(?<!\r)\n")  # RFC 5321 §2.3.8


class Identity:
    """A part whose octets need no decoding."""

    def __init__(self, raw: bytes, span: Span) -> None:
        self._raw, self._span = raw, span
        self.octets = raw[slice(*span)]

    def locate(self, start: int, end: int) -> Span:
        """Where the octets `[start, end)` of the part stand in the message."""
        return self._span[0] + start, self._span[0] + end

    def wire(self, edits: Sequence[Edit], *, fit: bool) -> Rewired:
        """See `Body.wire`. Refused is an edit that makes a line of more than 998 octets, or a message nobody takes."""
        made: list[Edit] = []
        spans: list[Span | None] = []
        columns = Columns(self.octets, 0)
        for edit in edits:
            start, end = self.locate(edit.start, edit.end)
            column = columns.at(edit.start)
            octets = self._fitted(edit) if fit else self._broken(edit, self._fenced(edit, column), column)
            if octets is None or (_UNSENDABLE.search(edit.octets) and not _UNSENDABLE.search(self._raw)):
                spans.append(None)
            else:
                made.append(Edit(start, end, octets))
                spans.append((start, end))
                columns.after(Edit(edit.start, edit.end, octets))
        return Rewired(tuple(made), tuple(spans))

    def _fitted(self, edit: Edit) -> bytes | None:
        """The edit's octets with as many blanks and line ends as the old ones need; None where there is no room."""
        ends = _LINE_END.findall(self.octets, edit.start, edit.end)[len(_LINE_END.findall(edit.octets)) :]
        if len(edit.blank) > 1:  # UTF-16 and UTF-32: a line feed is as wide as a blank
            ends = [edit.blank.replace(b" ", b"\n")] * len(ends)
        spare = edit.end - edit.start - len(edit.octets) - sum(map(len, ends))
        if spare < 0 or spare % len(edit.blank):
            return None
        pad = len(edit.octets) if edit.pad is None else edit.pad
        return edit.octets[:pad] + edit.blank * (spare // len(edit.blank)) + b"".join(ends) + edit.octets[pad:]

    def _fenced(self, edit: Edit, column: int) -> bytes:
        """A cut at the start of a line, as the edits before it leave that, must not bring two dashes there, which could
        be a delimiter."""
        fence = column == 0 and not edit.octets and self.octets.startswith(b"--", edit.end)
        return edit.blank if fence else edit.octets

    def _broken(self, edit: Edit, octets: bytes, before: int) -> bytes | None:
        """The edit's octets, with a line break at its pad where the line would grow too long; None if that is too late.

        `before` is the column at which the edit begins. A line that was too long before may stay so.
        """
        end = self.octets.find(b"\n", edit.end, edit.end + LONGEST_LINE)
        after = (end if end >= 0 else min(len(self.octets), edit.end + LONGEST_LINE)) - edit.end
        length = before + edit.end - edit.start + after
        if (
            len(octets) <= edit.end - edit.start
            or length > LONGEST_LINE
            or before + len(octets) + after <= LONGEST_LINE
        ):
            return octets
        pad = len(octets) if edit.pad is None else edit.pad
        line_end = b"\r\n" if b"\r\n" in (self.octets if b"\n" in self.octets else self._raw) else b"\n"
        return octets[:pad] + line_end + octets[pad:] if before + pad <= LONGEST_LINE else None
