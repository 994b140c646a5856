"""Base64 parts (RFC 2045 §6.8), edited by the quantum: four characters for three octets, and the rest as it stood.

Without `fit` an edit is padded with up to two blanks, so that all quanta behind it keep their phase and stay as is.
"""

import re
from binascii import a2b_base64, b2a_base64
from bisect import bisect_right
from collections.abc import Sequence

from sluis.message.body import Columns, Rewired, blanks
from sluis.report import Edit, Span

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_JUNK = bytes(set(range(256)) - set(_ALPHABET))
_RUN = re.compile(rb"[A-Za-z0-9+/]+")
_DEFAULT_LINE = 76


class Base64:
    """A base64 part. Padding within it ends a quantum early, and what follows is read on, as most clients do."""

    def __init__(self, raw: bytes, span: Span) -> None:
        self._raw, self._span = raw, span
        wire = raw[slice(*span)]
        streams = [stream.translate(None, _JUNK) for stream in re.split(b"=[=\\s]*+", wire)]
        self._single = sum(map(bool, streams)) <= 1
        self.octets = b"".join(map(_decoded, streams))
        self._starts: list[int] | None = None
        self._counts: list[int] = []

    def locate(self, start: int, end: int) -> Span:
        """The characters of the quanta that hold the octets `[start, end)`."""
        if not self._single or not self.octets:
            return self._span
        first = start // 3 * 4
        last = min(-(-max(end, start + 1) // 3) * 4, self._count())
        return self._at(min(first, last - 1)), self._at(last - 1) + 1

    def wire(self, edits: Sequence[Edit], *, fit: bool) -> Rewired:
        """See `Body.wire`."""
        if not edits:
            return Rewired((), ())
        if not self._single:
            return self._whole(edits, fit=fit)
        groups = self._groups(edits, fit=fit)
        made = [self._quanta([edit for _, edit in group], fit=fit) for group in groups]
        spans: dict[int, Span] = {}
        for group, edit in zip(groups, made, strict=True):
            spans |= dict.fromkeys((index for index, _ in group), (edit.start, edit.end))
        return Rewired(
            tuple(made if fit else self._wrapped(made)), tuple(spans.get(index) for index in range(len(edits)))
        )

    def _groups(self, edits: Sequence[Edit], *, fit: bool) -> list[list[tuple[int, Edit]]]:
        """The edits that can be made, those that share a quantum together."""
        groups: list[list[tuple[int, Edit]]] = []
        for index, edit in enumerate(edits):
            if fit and (spare := edit.end - edit.start - len(edit.octets)) != max(spare, 0) // len(edit.blank) * len(
                edit.blank
            ):
                continue
            if groups and edit.start // 3 * 3 < -(-groups[-1][-1][1].end // 3) * 3:
                groups[-1].append((index, edit))
            else:
                groups.append([(index, edit)])
        return groups

    def _quanta(self, edits: Sequence[Edit], *, fit: bool) -> Edit:
        start = edits[0].start // 3 * 3
        end = min(-(-edits[-1].end // 3) * 3, len(self.octets))
        octets = self._edited(edits, start, end, fit=fit)
        first, last = self.locate(start, end)
        if end == len(self.octets):
            last = max(last, self._padding_end(last))
        text = b2a_base64(octets, newline=False)
        return Edit(first, last, self._laid_over(first, last, text) if fit else text)

    def _edited(self, edits: Sequence[Edit], start: int, end: int, *, fit: bool) -> bytes:
        """The octets `[start, end)` with the edits made; the first is padded so that what follows keeps its phase."""
        pieces: list[bytes] = []
        position, change = start, sum(len(edit.octets) - (edit.end - edit.start) for edit in edits)
        for edit in edits:
            count = edit.end - edit.start - len(edit.octets) if fit else 0
            if not fit and edit is edits[0] and end < len(self.octets):
                count = next(n for n in range(0, 3 * len(edit.blank), len(edit.blank)) if (change + n) % 3 == 0)
            pieces += (self.octets[position : edit.start], blanks(edit, count))
            position = edit.end
        return b"".join([*pieces, self.octets[position:end]])

    def _padding_end(self, position: int) -> int:
        """The offset past the padding that follows the last character."""
        match = re.compile(rb"[\s=]*=").match(self._raw, position, self._span[1])
        return match.end() if match else position

    def _laid_over(self, first: int, last: int, text: bytes) -> bytes:
        """`text` in the places of the characters that stood here, line ends where they were."""
        laid = bytearray(self._raw[first:last])
        places = [index for index, octet in enumerate(laid) if octet in _ALPHABET or octet == 61]
        for place, character in zip(places, text.ljust(len(places), b"="), strict=False):
            laid[place] = character
        return bytes(laid)

    def _wrapped(self, edits: Sequence[Edit]) -> list[Edit]:
        """The edits with their text in lines no longer than the part's own; several may share a line."""
        newline, longest = self._line()
        made: list[Edit] = []
        columns = Columns(self._raw, self._span[0])
        stops = [*(edit.start for edit in edits[1:]), self._span[1]]
        for edit, stop in zip(edits, stops, strict=True):
            after = self._raw.find(b"\n", edit.end, stop)
            rest = (stop if after < 0 else after - (newline == b"\r\n")) - edit.end
            column = columns.at(edit.start)
            lines = _lines(edit.octets, column, longest)
            last = len(lines[-1]) + (column if len(lines) == 1 else 0)
            if rest and last and last + rest > longest:
                lines.append(b"")
            made.append(Edit(edit.start, edit.end, newline.join(lines)))
            columns.after(made[-1])
        return made

    def _line(self) -> tuple[bytes, int]:
        """The part's line end, and its length of line in characters, as the first line has them."""
        begin, stop = self._span
        end = self._raw.find(b"\n", begin, stop)
        if end < 0:
            return b"\r\n", _DEFAULT_LINE
        newline = b"\r\n" if self._raw[end - 1 : end] == b"\r" else b"\n"
        return newline, min(max(end - begin - len(newline) + 1, 4), _DEFAULT_LINE) // 4 * 4

    def _whole(self, edits: Sequence[Edit], *, fit: bool) -> Rewired:
        """A part of several streams is written anew from the first to the last octet as one."""
        octets = self._edited(edits, 0, len(self.octets), fit=False) if not fit else b""
        if fit:
            return Rewired((), (None,) * len(edits))
        start, end = self._span
        text = b2a_base64(octets, newline=False)
        lines = b"\r\n".join(text[at : at + _DEFAULT_LINE] for at in range(0, len(text), _DEFAULT_LINE))
        return Rewired((Edit(start, end, lines),), (self._span,) * len(edits))

    def _index(self) -> list[int]:
        """The offsets at which runs of base64 characters start; `_counts` says how many stand before each."""
        if self._starts is None:
            self._starts = []
            count = 0
            for run in _RUN.finditer(self._raw, *self._span):
                self._starts.append(run.start())
                self._counts.append(count)
                count += run.end() - run.start()
            self._counts.append(count)
        return self._starts

    def _count(self) -> int:
        self._index()
        return self._counts[-1]

    def _at(self, character: int) -> int:
        """Where the `character`th base64 character stands in the message."""
        starts = self._index()
        run = max(min(bisect_right(self._counts, character), len(starts)) - 1, 0)
        return starts[run] + character - self._counts[run]


def _lines(text: bytes, column: int, longest: int) -> list[bytes]:
    """`text` in lines of `longest` characters, the first of which begins at `column`."""
    room = max(longest - column, 0)
    return [text[:room], *(text[at : at + longest] for at in range(room, len(text), longest))]


def _decoded(stream: bytes) -> bytes:
    """One stream without padding; a last character that completes no octet is dropped."""
    stream = stream[: len(stream) - (len(stream) % 4 == 1)]
    return a2b_base64(stream + b"=" * (-len(stream) % 4))
