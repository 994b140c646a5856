"""Quoted-printable parts (RFC 2045 §6.7), edited by the token: an escape, a soft line break, or an octet as it is.

Decoding is tolerant the way clients are: hexadecimal digits of either case, blanks before a soft break's line end, and
`=` before anything else for itself. An edit writes anew the tokens it replaces, breaks its own lines softly and leaves
every other line alone.
"""

import re
from binascii import a2b_qp
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate

from sluis.message.body import LONGEST_LINE, Columns, Rewired
from sluis.report import Edit, Span

_ESCAPES = {
    f"{high}{low}".encode(): bytes([int(high + low, 16)])
    for high in "0123456789ABCDEFabcdef"
    for low in "0123456789ABCDEFabcdef"
}
_ESCAPES[b"\r\n"] = b""
_PADDED = re.compile(rb"[ \t]++\r?\n")
_SOFT = re.compile(rb"[ \t]*+(?:\r?\n|\Z)")
_TOKEN = re.compile(rb"\r?\n|-->|(?:(?!-->)[ -<>-~])++|[^\n]|\n")
_EQUALS = ord("=")
_LINE = 76  # octets, the soft line break's own `=` included


class QuotedPrintable:
    """A quoted-printable part."""

    def __init__(self, raw: bytes, span: Span) -> None:
        self._raw, self._span = raw, span
        written = raw[slice(*span)]
        decoded = _plain(written)
        self._regular = decoded is not None
        self.octets = b"".join(_pieces(written)) if decoded is None else decoded
        self._places: tuple[list[int], list[int]] | None = None
        newline = raw.find(b"\n", *span)
        self._newline = b"\n" if newline > 0 and raw[newline - 1] != 13 else b"\r\n"

    def locate(self, start: int, end: int) -> Span:
        """The tokens that stand for the octets `[start, end)`."""
        first = self._origin(start)
        return first, self._end(end - 1) if end > start else first

    def wire(self, edits: Sequence[Edit], *, fit: bool) -> Rewired:
        """See `Body.wire`."""
        made: list[Edit] = []
        spans: list[Span | None] = []
        columns = Columns(self._raw, self._span[0])
        groups = [(edit, 1) for edit in edits] if fit else self._merged(edits)
        places = [self.locate(edit.start, edit.end) for edit, _ in groups]
        stops = [*(start for start, _ in places[1:]), None]
        for (edit, count), (start, end), stop in zip(groups, places, stops, strict=False):
            wired = (self._fitted if fit else self._free)(edit, start, end, columns, self._rest(end, stop))
            spans += [(wired.start, wired.end) if wired else None] * count
            if wired:
                made.append(wired)
                columns.after(wired)
        return Rewired(tuple(made), tuple(spans))

    def _merged(self, edits: Sequence[Edit]) -> list[tuple[Edit, int]]:
        """The edits, those with no more than blanks between them made one, and how many each stands for.

        A blank is octet or trailing white space by what comes behind it, so such edits cannot be written apart.
        """
        merged: list[tuple[list[bytes], int, int, int]] = []
        for edit in edits:
            between = self.octets[merged[-1][2] : edit.start] if merged else b"x"
            if between.strip(b" \t"):
                merged.append(([edit.octets], edit.start, edit.end, 1))
            else:
                octets, start, _, count = merged[-1]
                octets += (between, edit.octets)
                merged[-1] = (octets, start, edit.end, count + 1)
        return [
            (Edit(start, end, b"".join(octets), blank=edits[0].blank), count) for octets, start, end, count in merged
        ]

    def _free(self, edit: Edit, start: int, end: int, columns: Columns, rest: int) -> Edit:
        octets = edit.octets
        if not octets and self._raw.startswith(b"\n", end) and self._raw.endswith(b"\r", self._span[0], start):
            octets = b" "  # a CR alone and a LF alone, which together could end a line
        while (
            start > self._span[0]
            and self._raw[start - 1] in b" \t"
            and _TRAILING_AT.match(self._raw, end, self._span[1])
        ):
            start -= 1  # a blank that would now end its line falls away unless it is escaped
            octets = self._raw[start : start + 1] + octets
        stray = self._stray(start, columns.position)
        octets, start = self._raw[stray:start] + octets, stray
        lines = _Lines(columns.at(start), self._newline)
        for token in _tokens(octets, self._newline):
            lines.add(token)
        lines.end(rest)
        if lines.column == 0 and self._raw.startswith(b"--", end):
            lines.add(b"-")  # written so that it cannot begin a delimiter
            end += 1
        return Edit(start, end, _escape_last(lines.octets(), self._raw[end : min(end + 2, self._span[1])]))

    def _fitted(self, edit: Edit, start: int, end: int, columns: Columns, rest: int) -> Edit | None:
        """The edit in as many octets and lines as stood here, blanks and soft breaks at its pad; None without room."""
        breaks = self._raw.count(b"\n", start, end) - edit.octets.count(self._newline)
        pad = len(edit.octets) if edit.pad is None else edit.pad
        head, tail = (list(_tokens(octets, self._newline)) for octets in (edit.octets[:pad], edit.octets[pad:]))
        blank = b"".join(_tokens(edit.blank, self._newline))
        soft = b"=" + self._newline
        spare = end - start - sum(map(len, head + tail)) - breaks * len(soft)
        if breaks < 0 or spare < 0 or spare % len(blank):
            return None
        head += [b" " * spare] if blank == b" " else [blank] * (spare // len(blank))
        usual = max(_LINE, self._longest(start, end))
        for limit in (usual, LONGEST_LINE):  # a line that grows a little is better than an edit that is not made
            lines = _Lines(columns.at(start), self._newline, breaks, limit)
            lines.fill(head, tail, rest)
            if lines.holds(rest):
                break
        octets = lines.octets()
        stray = self._stray(start, columns.position)
        if stray < start and _piece((self._raw[stray:start] + octets + self._raw[end : end + 2])[1:])[:1] != b"=":
            return None
        return Edit(start, end, octets) if len(octets) == end - start and lines.holds(rest) else None

    def _stray(self, start: int, floor: int) -> int:
        """Where an `=` for itself stands that could become an escape with what comes at `start`; else `start`."""
        for at in (start - 1, start - 2):
            if at >= floor and self._raw[at] == _EQUALS:
                return at if at + self._head(at)[0] <= start and self._head(at)[1] else start
        return start

    def _rest(self, position: int, stop: int | None = None) -> int:
        """Octets from `position` to the end of the wire's line, a soft break's `=` included.

        Where an edit begins at `stop` on the same line, up to there, and one octet for a soft break before it.
        """
        end = self._raw.find(b"\n", position, self._span[1] if stop is None else stop)
        if end < 0 and stop is not None:
            return stop + 1 - position
        end = self._span[1] if end < 0 else end - (self._raw[end - 1 : end] == b"\r" and end > position)
        return end - position

    def _longest(self, start: int, end: int) -> int:
        """The longest line of the wire that `[start, end)` touches, as far as a line may be long."""
        first, last = max(start - LONGEST_LINE, self._span[0]), min(end + LONGEST_LINE, self._span[1])
        begin = self._raw.rfind(b"\n", first, start) + 1 or first
        stop = self._raw.find(b"\n", end, last)
        lines = self._raw[begin : stop if stop >= 0 else last].split(b"\n")
        return min(max(len(line.rstrip(b"\r")) for line in lines), LONGEST_LINE)

    def _origin(self, offset: int) -> int:
        """Where the token of the decoded octet at `offset` starts."""
        origins, offsets = self._index()
        piece = bisect_right(offsets, offset) - 1
        origin, within = origins[piece], offset - offsets[piece]
        if not piece:
            return origin + within
        written, decoded = self._head(origin)
        return origin if within < decoded else origin + written + within - decoded

    def _end(self, offset: int) -> int:
        """Where the token of the decoded octet at `offset` ends."""
        origin = self._origin(offset)
        return origin + (self._head(origin)[0] if self._raw[origin] == _EQUALS else 1)

    def _head(self, origin: int) -> tuple[int, int]:
        """How many octets the token at an `=` takes on the wire and decoded."""
        octet = _ESCAPES.get(self._raw[origin + 1 : min(origin + 3, self._span[1])])
        if octet is not None:
            return 3, len(octet)
        soft = _SOFT.match(self._raw, origin + 1, self._span[1])
        return (soft.end() - origin, 0) if soft else (1, 1)

    def _index(self) -> tuple[list[int], list[int]]:
        """Where each piece between two `=` starts: on the wire (at its `=`), and decoded."""
        if self._places is None:
            start, end = self._span
            written = self._raw[start:end]
            first, *rest = map(len, written.split(b"="))
            origins = accumulate(map((1).__add__, rest), initial=start + first)
            if self._regular:  # a soft break stands for nothing, an escape for one octet
                _, *rest = map(len, written.replace(b"=\r", b"=").split(b"="))
                offsets = accumulate(map((-1).__add__, rest), initial=first)
            else:
                offsets = accumulate(map(len, _pieces(written)))
            self._places = [start, *origins], [0, *offsets]
        return self._places


_TRAILING_AT = re.compile(rb"[ \t]*+(?:\r?\n|\Z)")


class _Lines:
    """Tokens laid into lines of at most `limit` octets by soft breaks, of which there may be only so many."""

    def __init__(self, column: int, newline: bytes, breaks: int | None = None, limit: int = _LINE) -> None:
        self.column, self._soft, self._breaks, self._limit = column, b"=" + newline, breaks, limit
        self._pieces: list[bytes] = []

    def add(self, token: bytes) -> None:
        """A line end, an escape, the end of a comment, or octets that stand for themselves."""
        if token.endswith(b"\n"):
            self._pieces.append(token)
            self.column = 0
        elif token.startswith(b"=") or token == b"-->":
            self._put(token)
        else:
            self._run(token)

    def _put(self, token: bytes) -> None:
        """A token that is not to be broken."""
        if self.column + len(token) > self._limit - 1 and self._breaks != 0:
            self._break()
        self._pieces.append(token)
        self.column += len(token)

    def _run(self, octets: bytes) -> None:
        """Octets that may be broken anywhere. No line of ours begins with a dash, as a delimiter does."""
        while octets:
            room = self._limit - 1 - self.column if self._breaks != 0 else len(octets)
            if room <= 0:
                self._break()
            elif not self.column and octets.startswith(b"-"):
                self._put(b"=2D")
                octets = octets[1:]
            else:
                self._pieces.append(octets[:room])
                self.column += len(octets[:room])
                octets = octets[room:]

    def end(self, rest: int) -> None:
        """What follows on the wire takes `rest` more octets of the line."""
        if rest and self.column and self.column + rest > self._limit:
            self._break()

    def fill(self, head: Sequence[bytes], tail: Sequence[bytes], rest: int) -> None:
        """All the tokens of an edit, all breaks between them; `rest` more octets follow on the line."""
        for token in head:
            self.add(token)
        self.spend(1 if sum(map(len, tail)) + rest > _LINE else 0)
        for token in tail:
            self.add(token)
        self.spend(0)

    def spend(self, spare: int) -> None:
        """Make the breaks that are left but `spare` of them."""
        while self._breaks and self._breaks > spare:
            self._break()

    def holds(self, rest: int) -> bool:
        return self.column + rest <= self._limit

    def octets(self) -> bytes:
        return b"".join(self._pieces)

    def _break(self) -> None:
        self._pieces.append(self._soft)
        self.column = 0
        if self._breaks is not None:
            self._breaks -= 1


def _plain(written: bytes) -> bytes | None:
    """`written` decoded in one go, as it can be where each `=` begins an escape or a soft break; else None.

    For any other `=` the decoder keeps more octets than an escape or a soft break has, but for a CR alone, behind which
    it drops some.
    """
    breaks = written.count(b"=\r\n")
    if written.count(b"=\r") != breaks:
        return None
    decoded = a2b_qp(written)
    return decoded if len(decoded) == len(written) - 2 * written.count(b"=") - breaks else None


def _pieces(written: bytes) -> list[bytes]:
    """What stands before the first `=`, and from each on, decoded."""
    first, *rest = written.split(b"=")
    pieces = [first, *map(_piece, rest)]
    if rest and not rest[-1].strip(b" \t"):
        pieces[-1] = b""  # a soft break at the very end lacks its line end
    return pieces


def _piece(piece: bytes) -> bytes:
    """What stands from one `=` up to the next, decoded."""
    octet = _ESCAPES.get(piece[:2])
    if octet is not None:
        return octet + piece[2:]
    if piece[:1] == b"\n":
        return piece[1:]
    soft = _PADDED.match(piece)
    return piece[soft.end() :] if soft else b"=" + piece


def _tokens(octets: bytes, newline: bytes) -> Iterator[bytes]:
    """`octets` as tokens: the part's line ends as they are, runs of printable ASCII as themselves, the rest escaped.

    Where lines end in CR LF, a LF alone is an octet and no line end, as half a line end of UTF-16 is.
    """
    for match in _TOKEN.finditer(octets):
        token = match[0]
        yield token if token.endswith(newline) or (32 <= token[0] < 127 and token != b"=") else b"=%02X" % token[0]


def _escape_last(octets: bytes, after: bytes) -> bytes:
    """A blank at the end of a line is escaped, or it would fall away on the way."""
    if octets[-1:] in {b" ", b"\t"} and (after in {b"\r\n", b""} or after.startswith(b"\n")):
        return octets[:-1] + b"=%02X" % octets[-1]
    return octets
