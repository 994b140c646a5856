"""Header fields as spans, and the values of structured ones, however odd they are written (RFC 5322 §2.2, RFC 2045).

A header ends at the first line that is no field: some senders forget the empty line, and every client shows what
follows as the body. Empty lines before a header are some relays' doing, and most parsers pass over them.
"""

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from sluis.report import Span

_FIELD = re.compile(rb"([\w!#$%&'*+./=?@^`|~-]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)")
_FROM_LINE = re.compile(rb">?From [^\n]*+\n")
_EMPTY_LINE = re.compile(rb"[ \t]*+\r?\n")
_NO_FIELDS = re.compile(rb"(?:\r?\n|[ \t][^\n]*+\n)++")
_TOKEN = re.compile(rb"[\s;]*+([^\s;=()<>@,:\"]++)")
_PARAMETER = re.compile(rb""";\s*+([^\s;=":]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^;\s"]*+))""", re.DOTALL)
_COMMENT = re.compile(rb"""("(?:[^"\\]|\\.)*+"?)|\((?:[^()\\]|\\.)*+\)""", re.DOTALL)
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
_CONTINUED = re.compile(r"(.+?)\*(?:([0-9]{1,3})\*?)?\Z")
LONGEST = 65_536  # octets of one structured value that are read
MAX_FIELDS = 10_000  # of one header; those behind them are passed over


class Field(NamedTuple):
    """One header field: `[start, end)` with its line end, `name` in lower case, `value` the span behind the colon."""

    name: bytes
    start: int
    end: int
    value: Span


def fields(raw: bytes, start: int, end: int) -> tuple[tuple[Field, ...], int, bool]:
    """The fields of the header at `start`, where the body begins, and whether an empty line stands between.

    A header may be of any length, since only spans of it are kept, of `MAX_FIELDS` fields at most.
    """
    if start == 0:
        start = _beginning(raw, end)
    found: list[Field] = []
    while match := _FIELD.match(raw, start, end):
        if len(found) < MAX_FIELDS:
            found.append(Field(match[1].lower(), match.start(), match.end(), match.span(2)))
        start = match.end()
    if line := _EMPTY_LINE.match(raw, start, end):
        return tuple(found), line.end(), True
    return tuple(found), start, start >= end


def scattered(raw: bytes, start: int, end: int) -> tuple[Field, ...]:
    """The fields between `start`, where a line begins, and `end`, with lines that are no fields among them."""
    found: list[Field] = []
    while start < end and len(found) < MAX_FIELDS:
        if match := _FIELD.match(raw, start, end):
            found.append(Field(match[1].lower(), match.start(), match.end(), match.span(2)))
        start = match.end() if match else raw.find(b"\n", start, end) + 1 or end
    return tuple(found)


def _beginning(raw: bytes, end: int) -> int:
    """Where the top header begins: behind an mbox line; behind empty lines, if a field follows them, and behind lines
    that begin with a blank: these become the end of the field that the next server puts on top.
    """
    line = _FROM_LINE.match(raw, 0, end)
    none = _NO_FIELDS.match(raw, 0, end)
    if line is None and none and _FIELD.match(raw, none.end(), end):
        return none.end()
    return line.end() if line else 0


def structured(value: bytes) -> tuple[str, dict[str, bytes]]:
    """The token of a structured value and its parameters, RFC 2231 continuations joined; names in lower case."""
    value = value[:LONGEST]
    if b"(" in value:
        value = _COMMENT.sub(lambda match: match[1] or b" ", value)
    token = _TOKEN.match(value)
    pieces: dict[str, list[tuple[int, bytes]]] = {}
    for name, quoted, plain in _PARAMETER.findall(value) if b";" in value else ():
        text = _ESCAPED.sub(rb"\1", quoted) if quoted else plain
        _add(pieces, name.decode("latin-1").lower(), text)
    joined = {
        name: b"".join(text for _, text in sorted(parts, key=lambda part: part[0])) for name, parts in pieces.items()
    }
    return (token[1].decode("latin-1").lower() if token else ""), joined


def _add(pieces: dict[str, list[tuple[int, bytes]]], name: str, text: bytes) -> None:
    """The first value of a name counts, except where RFC 2231 numbers its pieces."""
    if "*" in name and (match := _CONTINUED.match(name)):
        if name.endswith("*"):
            text = unquote_to_bytes(
                text.split(b"'", 2)[2] if text.count(b"'") >= 2 and match[2] in {None, "0"} else text
            )
        pieces.setdefault(match[1], []).append((int(match[2] or 0), text))
    else:
        pieces.setdefault(name, [(0, text)])
