"""Every web address in plain text, read as mail clients read it, with the offsets an edit needs.

Clients make links of bare addresses by rules of thumb that agree on what is usual: an address ends at a blank, an angle
bracket or a quote, and does not take along the punctuation of the sentence or the bracket around it. Where they would
disagree, or an address goes on in another line and it is not certain how, none is found: no edit is better than half.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

LONGEST = 8192  # characters of an address; what is longer is no link anybody follows

# Anchored on characters without case, which the engine finds by memchr.
_START = re.compile(r"://(?:(?<=http://)|(?<=https://))", re.IGNORECASE | re.ASCII)
_CHARACTER = r"[!#-;=?-\[\]_a-z~]"  # RFC 3986 §2: nothing else of ASCII may stand in a URI
_RUN = re.compile(rf"{_CHARACTER}*+")
_GLUED = re.compile(r"[A-Za-z0-9+]")  # before `http`, it is another scheme, or none
_PAIRS = {"(": ")", "[": "]", "{": "}", **{mark: mark for mark in "'*_|`"}}
_BRACKETS = (("(", ")"), ("[", "]"))
_OPENERS = frozenset({*_PAIRS, "<", '"'})
_UNCERTAIN = frozenset("\\^`{|}")  # some clients go on past these
_SURROUNDING = re.compile(r"""[>)\]}"'`|*_.,;:!?]{0,8}""")
_ELLIPSES = ("...", "\u2026", "\xe2\x80\xa6", "\x85")  # the character, and it in UTF-8 and windows-1252 read as Latin-1
_LONGEST_LINE = 998  # RFC 5322 §2.1.1

_ANGLE = re.compile(r"<(?:URL:)?\Z", re.IGNORECASE | re.ASCII)
_LINES = re.compile(rf"(?:[ \t]*+\r?\n[ \t]*+{_CHARACTER}++)*+(?=>)")
_SOFT = re.compile(rf"(?: \r?\n ?{_CHARACTER}++)++")
_SOFT_TO_ELSEWHERE = re.compile(r" \r?\n ?[^\x00- \"<]")
LINE_BREAK = re.compile(r"[ \t]*+\r?\n[ \t]*+")
_NEXT_LINE = re.compile(rf"\r?\n([A-Za-z0-9%]{_CHARACTER}{{0,{_LONGEST_LINE}}}+)[ \t]*+(?=[\r\n]|\Z)")
_OF_ADDRESSES = re.compile(r"[%&=?/]")
_WRAPPED = 50  # characters; who wraps lines by their length does not break shorter addresses


class Address(NamedTuple):
    """The address `url` at `[start, end)`, within a word that has brackets and punctuation around it as well.

    Where an address is broken over lines, the breaks are in its place and not in `url`.
    """

    url: str
    start: int
    end: int
    word_start: int
    word_end: int


def addresses(text: str, *, joined: bool = False) -> Iterator[Address]:
    """The http and https addresses of `text` in order, apart from each other; linear in its length.

    `joined`: one blank before a line end goes with it (RFC 3676 §4.5, `DelSp=yes`), and may break an address.
    """
    position = 0
    while match := _START.search(text, position):
        start = match.start() - (5 if text[match.start() - 1] in "sS" else 4)
        stop = _run_end(text, match.end())
        address = _address(text, start, stop, joined=joined) if start >= position else None
        if address:
            start = max(position, start - (text[start - 1 : start] in _OPENERS))
            stop = _word_end(text, address.end)
            yield address._replace(word_start=start, word_end=stop)
        position = max(stop, match.end())


def _address(text: str, start: int, stop: int, *, joined: bool) -> Address | None:
    before = text[max(0, start - 5) : start]
    if stop - start > LONGEST or _GLUED.match(before[-1:]):
        return None
    if _ANGLE.search(before):
        end = _lines_end(text, stop)
        return _at(text, start, end) if end and end - start <= LONGEST else None
    if joined and (soft := _SOFT.match(text, stop)):
        stop = soft.end()
        if _quoted(text, start):
            return None
    if joined and _SOFT_TO_ELSEWHERE.match(text, stop):
        return None
    pair = _PAIRS.get(before[-1:], "")
    if text[stop : stop + 1] in _UNCERTAIN - {pair} or _torn(text, start, stop):
        return None
    end = _end(text, start, stop, pair)
    return None if text.startswith(_ELLIPSES, end) else _at(text, start, end)


def _at(text: str, start: int, end: int) -> Address:
    return Address(LINE_BREAK.sub("", text[start:end]), start, end, start, end)


def _run_end(text: str, position: int) -> int:
    match = _RUN.match(text, position)
    return match.end() if match else position


def _lines_end(text: str, stop: int) -> int | None:
    """Where an address in angle brackets ends, line breaks in it being none of it (RFC 3986 Appendix C)."""
    match = _LINES.match(text, stop)
    return match.end() if match else None


def _word_end(text: str, end: int) -> int:
    match = _SURROUNDING.match(text, end)
    return match.end() if match else end


def _quoted(text: str, start: int) -> bool:
    """Whether the line of `start` is quoted: then where the next one goes on hangs on how deeply that is."""
    return text[text.rfind("\n", max(0, start - _LONGEST_LINE), start) + 1] == ">"


def _torn(text: str, start: int, stop: int) -> bool:
    """Whether a long address seems to go on in the next line, as where a program wrapped lines by their length."""
    match = _NEXT_LINE.match(text, stop) if stop - start >= _WRAPPED else None
    return bool(match and _OF_ADDRESSES.search(match[1]) and not match[1].lower().startswith("http"))


def _end(text: str, start: int, stop: int, pair: str) -> int:
    """Where an address in running text ends: at the bracket it stands in, and before what ends a sentence."""
    if any(pair == close for _, close in _BRACKETS):
        stop, pair = _closing(text, start, stop, pair), ""
    spare = {close: text.count(close, start, stop) - text.count(opener, start, stop) for opener, close in _BRACKETS}
    while stop > start:
        mark = text[stop - 1]
        if spare.get(mark, 0) > 0:
            spare[mark] -= 1
        elif mark not in ".,;:!?'" and mark != pair:
            break
        stop -= 1
    return stop


def _closing(text: str, start: int, stop: int, pair: str) -> int:
    """Where the bracket closes in which an address stands, those within it aside; `stop` if nowhere before."""
    depth = 0
    for position in range(start, stop):
        if text[position] == pair:
            depth -= 1
        elif _PAIRS.get(text[position]) == pair:
            depth += 1
        if depth < 0:
            return position
    return stop
