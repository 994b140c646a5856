"""Links that report a click before they lead anywhere: unwrapped where that can be done offline, else reported.

What a person relies on keeps working: a link that unsubscribes, confirms, resets or signs in is only touched where its
true destination is written in it.
"""

import re
from collections.abc import Iterator

from sluis.detect.address import clearing, look_up, propose
from sluis.detect.link_text import shown
from sluis.detect.page import Found, Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import squeeze
from sluis.detect.rewrite import new_value
from sluis.scan.html import Attribute, Tag, ValueScanner, attribute_at, enclosing
from sluis.scan.references import unescape

_LABEL = 400  # characters after a link's address in which its text is looked for
_HREF = ValueScanner("href")
_ADDRESS = re.compile(r"(?:https?:)?[/\\]{2}[^\s\"'<>]++")


def links(page: Page) -> Iterator[Proposal]:
    """Proposals for every `href`, on whatever element: most lead nowhere else, and each address is looked up once."""
    known: dict[str, Found | None] = {}
    for start, raw in _HREF.values(page.text, page.lowered, page.budget):
        if raw not in known:
            known[raw] = look_up(page, _address(page, raw))
        if (found := known[raw]) and (tag := _around(page, start)):
            attribute = attribute_at(page.text, start, page.budget)
            if not ((words := clearing(found)) and _says(page, attribute, words)):
                yield from _propose(page, tag, attribute, found)


def _around(page: Page, start: int) -> Tag | None:
    """The tag whose address stands at `start`; not a base that stays, by which the others were read."""
    tag = enclosing(page.text, start, page.budget)
    return None if tag is None or (page.base and tag.name == "base") else tag


def _address(page: Page, raw: str) -> str:
    address = page.absolute(squeeze(unescape(raw)))
    return address if address.isascii() else page.native(address)


def _propose(page: Page, tag: Tag, attribute: Attribute, found: Found) -> Iterator[Proposal]:
    address, place = _address(page, attribute.raw), Cut(attribute.start, attribute.end)
    yield propose(page, address, found, place, lambda value: new_value(attribute, value))
    yield from shown(page, tag, address, found)


def _says(page: Page, attribute: Attribute, words: re.Pattern[str]) -> bool:
    """Whether the link's text, or what else its tag says, has any of `words`: the addresses of images, which may go, do
    not count."""
    end = page.text.find("</", attribute.end, attribute.end + _LABEL)
    end = end if end >= 0 else attribute.end + _LABEL
    if not words.search(page.lowered, attribute.end, end):
        return False
    return words.search(_ADDRESS.sub("", page.lowered[attribute.end : end])) is not None
