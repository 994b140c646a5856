"""Uuencoded parts: no transfer encoding of MIME, but several mail programs decode what calls itself `x-uuencode`.

Each line carries its own length, so an edit writes the lines it touches anew and leaves all others alone. What stands
around the lines between `begin` and `end` is read by nobody.
"""

import re
from binascii import Error, a2b_uu, b2a_uu
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from sluis.message.body import Rewired, blanks
from sluis.report import Edit, Span

_BEGIN = re.compile(rb"^begin [0-7]{3,4} [^\r\n]*+\r?\n", re.MULTILINE)
_LINE = re.compile(rb"[^\r\n]++")
_FULL = 45  # octets that a whole line stands for


class Uuencode:
    """A part in uuencode; one without a `begin` line is empty."""

    def __init__(self, raw: bytes, span: Span) -> None:
        self._raw, self._span = raw, span
        self._lines, pieces = _read(raw, span)
        self._offsets = [0, *accumulate(map(len, pieces))]
        self.octets = b"".join(pieces)

    def locate(self, start: int, end: int) -> Span:
        """The lines that hold the octets `[start, end)`."""
        if not self._lines:
            return self._span
        first, last = self._touched(start, end)
        return self._lines[first][0], self._lines[last][1]

    def wire(self, edits: Sequence[Edit], *, fit: bool) -> Rewired:
        """See `Body.wire`."""
        fitting = [edit for edit in edits if not fit or _spare(edit) >= 0]
        made: list[Edit] = []
        spans: dict[Edit, Span] = {}
        for group in self._groups(fitting):
            written = self._rewritten(group, fit=fit)
            made.append(written)
            spans |= dict.fromkeys(group, (written.start, written.end))
        return Rewired(tuple(made), tuple(map(spans.get, edits)))

    def _groups(self, edits: Sequence[Edit]) -> list[list[Edit]]:
        """The edits that share a line together."""
        groups: list[list[Edit]] = []
        reached = -1
        for edit in edits:
            first, last = self._touched(edit.start, edit.end)
            if first <= reached:
                groups[-1].append(edit)
            else:
                groups.append([edit])
            reached = max(reached, last)
        return groups

    def _rewritten(self, edits: Sequence[Edit], *, fit: bool) -> Edit:
        first, _ = self._touched(edits[0].start, edits[0].end)
        last = max(self._touched(edit.start, edit.end)[1] for edit in edits)
        pieces: list[bytes] = []
        position = self._offsets[first]
        for edit in edits:
            pieces += (self.octets[position : edit.start], blanks(edit, _spare(edit) if fit else 0))
            position = edit.end
        octets = b"".join([*pieces, self.octets[position : self._offsets[last + 1]]]) or edits[0].blank
        lengths = [self._offsets[line + 1] - self._offsets[line] for line in range(first, last + 1)] if fit else []
        start, end = self._lines[first][0], self._lines[last][1]
        return Edit(start, end, self._newline(start).join(_written(octets, lengths)))

    def _touched(self, start: int, end: int) -> tuple[int, int]:
        """The first and the last line of the octets `[start, end)`, of one octet where there is none."""
        most = len(self._lines) - 1
        first = min(bisect_right(self._offsets, start) - 1, most)
        return first, max(first, min(bisect_right(self._offsets, max(end, start + 1) - 1) - 1, most))

    def _newline(self, position: int) -> bytes:
        return b"\r\n" if self._raw[self._raw.find(b"\n", position) - 1 : position + 80].startswith(b"\r") else b"\n"


def _read(raw: bytes, span: Span) -> tuple[list[Span], list[bytes]]:
    """Where the lines of data stand, and what each stands for."""
    lines: list[Span] = []
    pieces: list[bytes] = []
    begin = _BEGIN.search(raw, *span)
    for line in _LINE.finditer(raw, begin.end(), span[1]) if begin else ():
        if line[0] == b"end":
            break
        if octets := _decoded(line[0]):
            lines.append(line.span())
            pieces.append(octets)
    return lines, pieces


def _decoded(line: bytes) -> bytes:
    """A line's octets; one that is too long is cut to its own count, as decoders do."""
    try:
        return a2b_uu(line)
    except Error:
        count = (((line[0] - 32) & 63) * 4 + 5) // 3
        try:
            return a2b_uu(line[:count])
        except Error:
            return b""


def _written(octets: bytes, lengths: Sequence[int]) -> Iterator[bytes]:
    """`octets` in lines of these `lengths`, or of the usual one."""
    position = 0
    while position < len(octets):
        length, *lengths = lengths or (_FULL,)
        yield b2a_uu(octets[position : position + length], backtick=True).rstrip(b"\n")
        position += length


def _spare(edit: Edit) -> int:
    """Blanks to add so that the edit is as long as what it replaces; less than none where that cannot be."""
    spare = edit.end - edit.start - len(edit.octets)
    return spare if spare % len(edit.blank) == 0 else -1
