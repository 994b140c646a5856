"""What becomes of markup that is nested beyond reading: whatever could load in it is switched off, by name.

Tags within the attributes of tags, hundreds deep, would take the square of their length to read. No honest mail is
like that, and letting one pass would show everybody where to hide. What names an element, an attribute or a function
can still be found in one pass, and with another name it does nothing.
"""

from collections.abc import Iterator

from sluis.detect.elements import ANYWHERE, ELEMENTS
from sluis.detect.page import Page
from sluis.detect.proposal import Cut, Proposal
from sluis.report import Action, Kind
from sluis.scan.css import openings
from sluis.scan.html import AttributeScanner, TagScanner

_TAGS = TagScanner(ELEMENTS)
_ATTRIBUTES = AttributeScanner({*ANYWHERE, "background"})
_NOTHING = "_"  # a letter of names that nobody knows, and no mark of any function


def disarm(page: Page) -> Iterator[Proposal]:
    """One proposal for the whole page; none where nothing in it could load. Never raises `Overrun`."""
    spans = sorted(set(_spans(page)))
    if spans:
        yield Proposal(
            Kind.ACTIVE_CONTENT,
            Action.REMOVED,
            "tangle",
            _renamed(page.text, spans),
            "its tags stand within each other beyond what can be read, which no honest mail needs; nothing in it loads",
        )


def _spans(page: Page) -> Iterator[tuple[int, int]]:
    """What to write `_` for: the last letter of each name, the mark that each function begins with."""
    yield from ((end - 1, end) for _, end in _TAGS.names(page.lowered))
    yield from ((end - 1, end) for _, end in _ATTRIBUTES.names(page.text, page.lowered))
    yield from openings(page.text)


def _renamed(text: str, spans: list[tuple[int, int]]) -> Cut:
    first, last = spans[0][0], max(end for _, end in spans)
    pieces: list[str] = []
    position = first
    for start, end in spans:
        if start >= position:
            pieces += (text[position:start], _NOTHING)
            position = end
    pieces.append(text[position:last])
    renamed = "".join(pieces)
    return Cut(first, last, renamed, len(renamed))
