"""Every reference to a resource that any CSS parser could see, wherever it stands.

`url(`, `@import`, `image-set(` and their like are found by spelling, in style sheets, in `style` attributes, in SVG
presentation attributes or in plain text alike, as written and with character references, escapes and comments folded
(CSS Syntax Level 3 §4.3.6, CSS Images Level 4 §2). What stands in no style sheet is edited for nothing, unseen.
"""

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

from sluis.scan.budget import Budget
from sluis.scan.fold import Folded, fold

NOTHING = "none"  # a value where an image may stand, an error that drops the rule or declaration elsewhere


class Place(StrEnum):
    """What a style sheet does with the resource."""

    IMAGE = "image"
    FONT = "font"
    IMPORT = "import"


class Reference(NamedTuple):
    """A resource a style sheet names. Replacing `[start, end)` by `replacement` makes it name none."""

    url: str
    place: Place
    start: int
    end: int
    replacement: str


# Anchored on the parenthesis and the at sign: rare characters, which the engine finds by memchr.
_FUNCTION = re.compile(
    r"\((?:(?<=url\()(?<![\w-]url\()|(?<=src\()(?<![\w-]src\()|(?<=image\()(?<![\w-]image\()"
    r"|(?<=image-set\()|(?<=cross-fade\())",
    re.IGNORECASE | re.ASCII,
)
_IMPORT = re.compile(r"@import(?=[ \t\n\r\f\"'])", re.IGNORECASE | re.ASCII)
_VALUE = re.compile(r"""[ \t\n\r\f]*+(?:(["'])([^"'<>(\n]*+)|()([^"'<>() \t\n\r\f]*+))""")
_CLOSE = re.compile(r"""["']?[ \t\n\r\f]*+\)""")
_ARGUMENTS = re.compile(r"[^;{}<>]*+")
_STRING = re.compile(r""""([^"'<>\n]*+)"|'([^"'<>\n]*+)'""")
_REMOTE = re.compile(r"[ \t\n\r\f]*+(?:[a-z]{2,5}:)?[/\\]{2}|[ \t]*+https?:", re.IGNORECASE | re.ASCII)
_FONT_SOURCE = re.compile(r"\s*+src\s*+:", re.IGNORECASE | re.ASCII)
_FONT_FILE = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:[?#]|$)", re.IGNORECASE | re.ASCII)
_LOOK_BACK = 2048  # characters before a reference in which its declaration starts
_LOOK_AHEAD = 2048  # characters of an `image-set()` after its parenthesis


def references(text: str, budget: Budget) -> Iterator[Reference]:
    """The remote resources that style sheets in `text` name, those written plainly first. Raises `Overrun`."""
    plain = list(_references(text, budget))
    yield from plain
    folded = fold(text)
    if folded is None:
        return
    budget.spend(len(folded.text))
    seen = {reference.start for reference in plain}
    for reference in _references(folded.text, budget):
        written = _written(reference, folded)
        if written.start not in seen:
            yield written


def _references(text: str, budget: Budget) -> Iterator[Reference]:
    for match in _FUNCTION.finditer(text):
        if text[match.start() - 3 : match.start()].lower() in {"url", "src"}:
            yield from _url(text, match.start() - 3, match.end(), budget)
        else:
            yield from _strings(text, match.end(), budget)
    for match in _IMPORT.finditer(text):
        if string := _STRING.match(text, _blanks_end(text, match.end())):
            yield from _string(string, Place.IMPORT)


def _url(text: str, start: int, inside: int, budget: Budget) -> Iterator[Reference]:
    """`url(…)`. One that is not closed as it was opened keeps its quotes: they may delimit what stands around it.

    An address is read up to a parenthesis, behind which another may begin: cutting that one must not complete this.
    """
    match = _VALUE.match(text, inside)
    if match is None:
        return
    group = 2 if match[1] else 4
    url, end = match[group], match.end()
    if not _REMOTE.match(url):
        return
    close = _CLOSE.match(text, end)
    place = _place(text, start, url, budget)
    if close and close[0].startswith(match[1] or (")", " ", "\t", "\r", "\n", "\f")):
        yield Reference(url, place, start, close.end(), NOTHING)
    else:
        yield Reference(url, place, match.start(group), end, "")


def _strings(text: str, start: int, budget: Budget) -> Iterator[Reference]:
    """The bare strings of `image-set("…" 1x)` and its like; each function within is found by its own name."""
    match = _ARGUMENTS.match(text, start, start + _LOOK_AHEAD)
    end = match.end() if match else start
    budget.spend(end - start)
    for match in _STRING.finditer(text, start, end):
        yield from _string(match, Place.IMAGE)


def _string(match: re.Match[str], place: Place) -> Iterator[Reference]:
    url = match[1] or match[2] or ""
    if _REMOTE.match(url):
        yield Reference(url, place, match.start(), match.end(), NOTHING)


def _place(text: str, start: int, url: str, budget: Budget) -> Place:
    if text[max(0, start - 12) : start].rstrip(" \t\n\r\f").lower().endswith("@import"):
        return Place.IMPORT
    if _FONT_FILE.search(url):
        return Place.FONT
    declaration = max(text.rfind(mark, max(0, start - _LOOK_BACK), start) for mark in ";{}") + 1
    budget.spend(start - declaration)
    return Place.FONT if _FONT_SOURCE.match(text, declaration) else Place.IMAGE


def _blanks_end(text: str, position: int) -> int:
    while text[position : position + 1] in {" ", "\t", "\n", "\r", "\f"}:
        position += 1
    return position


def _written(reference: Reference, folded: Folded) -> Reference:
    return reference._replace(start=folded.origin(reference.start), end=folded.origin(reference.end))
