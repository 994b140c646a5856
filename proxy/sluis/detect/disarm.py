"""What becomes of markup that is nested beyond reading: whatever could load in it is switched off, by name.

Tags within the attributes of tags, hundreds deep, would take the square of their length to read. No honest mail is
like that, and letting one pass would show everybody where to hide. What names an element, an attribute, a function, a
processing instruction or an entity can still be found in one pass, and with another name it does nothing. Links go
that way too, since where they lead was not read either.

What is left has nothing that any detector finds, so that a second cleaning, which may be able to read it, agrees.
"""

from collections.abc import Iterator

from sluis.detect.elements import ANYWHERE, ELEMENTS
from sluis.detect.page import Page
from sluis.detect.proposal import Proposal, difference
from sluis.detect.xml import names
from sluis.report import Action, Kind
from sluis.scan.css import openings
from sluis.scan.html import AttributeScanner, TagScanner, lower

_TAGS = TagScanner(ELEMENTS)
_ATTRIBUTES = AttributeScanner({*ANYWHERE, "background", "href"})
_NOTHING = "_"  # a letter of names that nobody knows, and no mark of any function
_ROUNDS = 4  # one, but for texts made so that a change makes something new


def disarm(page: Page) -> Iterator[Proposal]:
    """One proposal for the whole page; none where nothing in it could load. Never raises `Overrun`."""
    text = page.text
    for _ in range(_ROUNDS):
        spans = _spans(text)
        if not spans:
            break
        text = _renamed(text, spans)
    else:
        text = ""
    if text != page.text:
        yield Proposal(
            Kind.ACTIVE_CONTENT,
            Action.REMOVED,
            "tangle",
            difference(page.text, text),
            "its tags stand within each other beyond what can be read, which no honest mail needs; nothing in it loads",
        )


def _spans(text: str) -> list[tuple[int, int]]:
    """What to write `_` for: the last letter of each name, the mark that each function begins with."""
    lowered = lower(text)
    found = {(end - 1, end) for _, end in (*_TAGS.names(lowered), *_ATTRIBUTES.names(text, lowered), *names(lowered))}
    return sorted(found.union(openings(text)))


def _renamed(text: str, spans: list[tuple[int, int]]) -> str:
    pieces: list[str] = []
    position = 0
    for start, end in spans:
        if start >= position:
            pieces += (text[position:start], _NOTHING)
            position = end
    pieces.append(text[position:])
    return "".join(pieces)
