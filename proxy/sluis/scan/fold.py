"""A text with its escapes resolved, and the way back to where each character was written.

`&#117;\72l(` is `url(` to a browser. Folding yields the text a parser would see together with a map to the offsets of
the text as it stands, so that a scan of the folded text can order edits of the written one.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sluis.scan.references import unescape

# References to ASCII characters; others cannot spell a token of CSS and are not worth folding.
_REFERENCE = re.compile(
    r"&(?:#0*+(?:9|10|12|13|3[2-9]|[4-9][0-9]|1[01][0-9]|12[0-6])(?![0-9]);?"
    r"|#[xX]0*+(?:9|[aAcCdD]|[2-7][0-9a-fA-F])(?![0-9a-fA-F]);?"
    r"|(?=[lrcbsqapnuhdmTNQ])(?:(?:lpar|rpar|commat|comma|colon|bsol|sol|semi|apos|ast|midast|period|num|lowbar|hyphen"
    r"|dash|Tab|NewLine);|(?:quot|QUOT)(?:;|(?![=A-Za-z0-9]))))"  # the latter two end of themselves, as in HTML 4
)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6}+)(?:\r\n|[ \t\n\r\f])?+|(\r\n|[\n\r\f])|([^0-9a-fA-F\r\n\f]))")
_COMMENT = re.compile(r"/\*[^*]*+(?:\*(?!/)[^*]*+)*+\*/")
_ESCAPE_OR_COMMENT = re.compile(rf"{_ESCAPE.pattern}|{_COMMENT.pattern}")
_STRUCTURE = frozenset("\"'(){};<>")
_STAND_IN = "\ufffd"

_IGNORED = frozenset({0x9, 0xA, 0xD})


@dataclass(frozen=True, slots=True)
class Folded:
    """`text` as a parser sees it. From each of `marks` on, it is written `shifts` characters further on in the text
    beneath: the one as it stands, or another folded one."""

    text: str
    marks: Sequence[int]
    shifts: Sequence[int]
    beneath: "Folded | None" = None

    def origin(self, offset: int) -> int:
        """Where the character at `offset` is written; for the offset past a character, where that one ends."""
        written = offset + self.shifts[bisect_right(self.marks, offset) - 1]
        return self.beneath.origin(written) if self.beneath else written


def fold(text: str) -> Folded | None:
    """`text` with its character references and then its CSS escapes and comments resolved; None if it has none."""
    return next(foldings(text), None)


def foldings(text: str) -> Iterator[Folded]:
    """`text` folded, and, where that took comments out, folded without: what looks like one may hold a whole sheet."""
    outer = layer(_REFERENCE, text, _reference, None) if "&" in text else None
    seen = outer.text if outer else text
    escapes = "\\" in seen
    if "*" in seen and "/*" in seen:
        commented = layer(_ESCAPE_OR_COMMENT, seen, _escape, outer) if escapes else layer(_COMMENT, seen, _cut, outer)
        if commented:
            yield commented
    escaped = layer(_ESCAPE, seen, _escape, outer) if escapes else None
    if plain := escaped or outer:
        yield plain


def _reference(match: re.Match[str]) -> str:
    return unescape(match[0])


def _cut(_: re.Match[str]) -> str:
    return ""


def _escape(match: re.Match[str]) -> str:
    """CSS Syntax §4.3.7: up to six hex digits and one blank, or the character itself; a comment is nothing.

    Nor is an escaped tab or line end, which in an address counts for nothing and elsewhere spells no token. Nothing
    that is escaped opens or closes anything.
    """
    if match[1]:
        point = int(match[1], 16)
        if point in _IGNORED:
            return ""
        mark = chr(point) if 0 < point < 0x110000 and not 0xD800 <= point < 0xE000 else _STAND_IN
    else:
        mark = match[3] or ""
    return _STAND_IN if mark in _STRUCTURE else mark


def layer(
    pattern: re.Pattern[str], text: str, character: Callable[[re.Match[str]], str], beneath: Folded | None
) -> Folded | None:
    """`text`, folded from `beneath` if it is, with each match of `pattern` as `character` has it; None without one."""
    pieces: list[str] = []
    marks, shifts = [0], [0]
    position = length = 0
    for match in pattern.finditer(text):
        start, end = match.span()
        folded = character(match)
        pieces += (text[position:start], folded)
        length += start - position
        for offset, written in ((length, start), (length + len(folded), end)):
            if marks[-1] == offset:
                shifts[-1] = written - offset
            else:
                marks.append(offset)
                shifts.append(written - offset)
        length += len(folded)
        position = end
    pieces.append(text[position:])
    return Folded("".join(pieces), marks, shifts, beneath) if position else None


def laid_over(written: str, breaks: re.Pattern[str], replacement: str, pad: int) -> str | None:
    """`replacement` in the place of `written`, whose `breaks` all stay where they are, with blanks at `pad` to keep the
    length; None where it is too long for that.
    """
    spare = len(breaks.sub("", written)) - len(replacement)
    if spare < 0:
        return None
    filled = replacement[:pad] + " " * spare + replacement[pad:]
    pieces: list[str] = []
    position = taken = 0
    for found in breaks.finditer(written):
        count = found.start() - position
        pieces += (filled[taken : taken + count], found[0])
        taken += count
        position = found.end()
    return "".join([*pieces, filled[taken:]])
