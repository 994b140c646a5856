"""Every reference to a resource that any CSS parser could see, wherever it stands.

`url(`, `@import`, `image-set(` and their like are found by spelling, in style sheets, in `style` attributes, in SVG
presentation attributes or in plain text alike, as written and with character references, escapes and comments folded
(CSS Syntax Level 3 §4.3.6, CSS Images Level 4 §2). What stands in no style sheet is edited for nothing, unseen.
"""

import re
from collections.abc import Generator, Iterator
from enum import StrEnum
from typing import NamedTuple

from sluis.scan.budget import Budget
from sluis.scan.fold import Folded, foldings

NOTHING = "none"  # a value where an image may stand, an error that drops the rule or declaration elsewhere
STUMP = "#"  # within `url(`: nothing to fetch, and with what follows it an error, lest that become the address


class Place(StrEnum):
    """What a style sheet does with the resource."""

    IMAGE = "image"
    FONT = "font"
    IMPORT = "import"
    BEHAVIOR = "behavior"


class Reference(NamedTuple):
    """A resource a style sheet names. Replacing `[start, end)` by `replacement` makes it name none.

    `url` ends at any mark that may delimit what stands around it, `whole` where a browser has it end.
    """

    url: str
    place: Place
    start: int
    end: int
    replacement: str
    whole: str


# Anchored on the parenthesis and the at sign: rare characters, which the engine finds by memchr.
_FUNCTION = re.compile(
    r"\((?:(?<=url\()(?<![\w-]url\()|(?<=src\()(?<![\w-]src\()|(?<=image\()(?<![\w-]image\()"
    r"|(?<=image-set\()|(?<=cross-fade\())",
    re.IGNORECASE | re.ASCII,
)
_IMPORT = re.compile(r"@import(?=[ \t\n\r\f\"'])", re.IGNORECASE | re.ASCII)
_VALUE = re.compile(r"""[ \t\n\r\f]*+(?:(["'])([^"'<>(\n]*+)|()([^"'<>() \t\n\r\f]*+))""")
_WHOLE = re.compile(r"""[ \t\n\r\f]*+(?:"([^"\n]*+)|'([^'\n]*+)|([^"'() \t\n\r\f]*+))""")
_CLOSE = re.compile(r"""["']?[ \t\n\r\f]*+\)""")
# What names a string of which `image-set(var(--name) 1x)` makes an address: custom properties, and what stands where
# they are registered or a function is defined, which is rare enough to look for that first.
_PROPERTY = re.compile(r"--[^ \t\n\r\f:;{}()<>\"']++[ \t\n\r\f]*+:")
_DEFINITION = re.compile(r"@(?:property|function)[ \t\n\r\f]", re.IGNORECASE | re.ASCII)
_RESULT = re.compile(r"(?<![\w-])(?:initial-value|result)[ \t\n\r\f]*+:", re.IGNORECASE | re.ASCII)
_STRING = re.compile(r"""(["'])([^"'<>\n]*+)(["']?)""")
_TOKEN = re.compile(r"""[^"'(){};<]++|"[^"\n]*+"?|'[^'\n]*+'?|</?|[(){};]""")
_IGNORED = re.compile(r"[\t\n\r]++")  # by a URL parser, wherever they stand (WHATWG URL §4.4)
_REMOTE = re.compile(
    r"[\x00-\x20]*+(?![cm]id:|data:|about:)(?:(?:[a-z][a-z0-9+.-]{1,31}:)?[/\\]{2}|(?:https?|feed|jar|view-source):)",
    re.IGNORECASE | re.ASCII,
)
_DOCUMENT = re.compile(r"[\x00-\x20]*+data:", re.IGNORECASE | re.ASCII)
_FONT_SOURCE = re.compile(r"\s*+src\s*+:", re.IGNORECASE | re.ASCII)
# What attached programs to elements: Internet Explorer before 10, and Gecko before 2 for style sheets from elsewhere.
_BEHAVIOR = re.compile(r"(?<![\w-])(?:(?:-ms-)?behavior|-moz-binding)\s*+:", re.IGNORECASE | re.ASCII)
_SLOWER = 16  # times as long as for plain words, a pattern is looked for
_FONT_FILE = re.compile(r"\.(?:woff2?|ttf|otf|eot)(?:[?#]|$)", re.IGNORECASE | re.ASCII)
_AMPERSAND = "&amp;"
_LOOK_BACK = 2048  # characters before a reference in which its declaration starts


def references(text: str, budget: Budget) -> Iterator[Reference]:
    """The remote resources that style sheets in `text` name, those written plainly first. Raises `Overrun`."""
    found = {reference.start: reference for reference in _references(text, budget)}
    for folded in foldings(text):
        budget.spend(len(folded.text))
        for reference in _references(folded.text, budget):
            written = _written(reference, folded)
            plain = found.setdefault(written.start, written)
            if written.place is not Place.IMAGE:  # an escape or a comment may hide what it is for
                found[written.start] = plain._replace(place=written.place)
    yield from found.values()


def openings(text: str) -> Iterator[tuple[int, int]]:
    """The mark, as written, with which each function, rule or property begins that could name a resource: without it,
    none does.

    Linear, and so without a budget.
    """
    yield from _openings(text)
    for folded in foldings(text):
        yield from ((folded.origin(start), folded.origin(end)) for start, end in _openings(folded.text))


def _openings(text: str) -> Iterator[tuple[int, int]]:
    for pattern in (_FUNCTION, _IMPORT):
        yield from ((match.start(), match.start() + 1) for match in pattern.finditer(text))
    for pattern in (_PROPERTY, _RESULT):
        yield from ((match.end() - 1, match.end()) for match in pattern.finditer(text))


def _references(text: str, budget: Budget) -> Iterator[Reference]:
    read = 0
    for match in _FUNCTION.finditer(text):
        if text[match.start() - 3 : match.start()].lower() in {"url", "src"}:
            yield from _url(text, match.start() - 3, match.end(), budget)
        elif match.end() > read:
            read = yield from _strings(text, match.end(), 1, budget)
    for holder in (_PROPERTY, _RESULT) if _DEFINITION.search(text) else (_PROPERTY,):
        read = 0
        for match in holder.finditer(text):
            if match.end() > read:
                read = yield from _strings(text, match.end(), 0, budget)
    for match in _IMPORT.finditer(text):
        yield from _string(text, _blanks_end(text, match.end()), Place.IMPORT)


def _url(text: str, start: int, inside: int, budget: Budget) -> Iterator[Reference]:
    """`url(…)`. One that is not closed as it was opened keeps its quotes: they may delimit what stands around it.

    An address is read up to a parenthesis, behind which another may begin: cutting that one must not complete this.
    """
    match = _VALUE.match(text, inside)
    if match is None:
        return
    group = 2 if match[1] else 4
    url, end = match[group], match.end()
    if not _leads_off(url) and not (_DOCUMENT.match(url) and _imported(text, start)):
        return
    close = _CLOSE.match(text, end)
    place = _place(text, start, url, budget)
    if close and close[0].startswith(match[1] or (")", " ", "\t", "\r", "\n", "\f")):
        yield Reference(url, place, start, close.end(), NOTHING, url)
    else:
        yield Reference(url, place, match.start(group), end, "" if match[1] else STUMP, _whole(text, inside))


def _strings(text: str, start: int, depth: int, budget: Budget) -> Generator[Reference, None, int]:
    """The strings from `start` to the end of a function (`depth` 1) or of a declaration (0), and where that is."""
    position = start
    while match := _TOKEN.match(text, position):
        position, mark = match.end(), match[0]
        if mark[0] in "\"'" and text[match.start() - 1] != "=":  # behind that stands an attribute's value
            yield from _string(text, match.start(), Place.IMAGE)
        depth += (mark == "(") - (mark == ")")
        if mark in {"{", "}", "</"} or (depth <= 0 and mark in {")", ";"}):
            break
    budget.spend(position - start)
    return position


def _string(text: str, start: int, place: Place) -> Iterator[Reference]:
    """The string at `start`. One that is not closed as it was opened keeps its quotes, as in `_url`."""
    match = _STRING.match(text, start)
    if match is None or not (_leads_off(match[2]) or (place is Place.IMPORT and _DOCUMENT.match(match[2]))):
        return
    if match[1] == match[3]:
        yield Reference(match[2], place, match.start(), match.end(), NOTHING, match[2])
    else:
        yield Reference(match[2], place, match.start(2), match.end(2), "", _whole(text, start))


def _whole(text: str, start: int) -> str:
    """What a browser takes for the address at `start`, to its own closing mark."""
    match = _WHOLE.match(text, start)
    return match[match.lastindex] if match and match.lastindex else ""


def _leads_off(url: str) -> bool:
    return bool(_REMOTE.match(_IGNORED.sub("", url)))


def _imported(text: str, start: int) -> bool:
    return text[max(0, start - 12) : start].rstrip(" \t\n\r\f").lower().endswith("@import")


def _place(text: str, start: int, url: str, budget: Budget) -> Place:
    if _imported(text, start):
        return Place.IMPORT
    if _FONT_FILE.search(url):
        return Place.FONT
    declaration = _declaration(text, start)
    budget.spend(start - declaration)
    if _attaches(text, declaration, start, budget):
        return Place.BEHAVIOR
    return Place.FONT if _FONT_SOURCE.match(text, declaration) else Place.IMAGE


def _attaches(text: str, declaration: int, start: int, budget: Budget) -> bool:
    """Whether a property between them attaches programs. Plain words are looked for first, which is far quicker."""
    first = max(declaration, text.rfind("<", declaration, start), text.rfind(">", declaration, start))
    lowered = text[first:start].lower()
    if "behavior" not in lowered and "-moz-binding" not in lowered:
        return False
    budget.spend(_SLOWER * len(lowered))
    return _BEHAVIOR.search(text, first, start) is not None


def _declaration(text: str, position: int) -> int:
    """Where the declaration around `position` starts. The semicolon of `&amp;`, as in addresses, ends none."""
    floor = max(0, position - _LOOK_BACK)
    semicolon = text.rfind(";", floor, position)
    while text.endswith(_AMPERSAND, floor, semicolon + 1):
        semicolon = text.rfind(";", floor, semicolon)
    return max(semicolon, text.rfind("{", floor, position), text.rfind("}", floor, position)) + 1


def _blanks_end(text: str, position: int) -> int:
    while text[position : position + 1] in {" ", "\t", "\n", "\r", "\f"}:
        position += 1
    return position


def _written(reference: Reference, folded: Folded) -> Reference:
    return reference._replace(start=folded.origin(reference.start), end=folded.origin(reference.end))
