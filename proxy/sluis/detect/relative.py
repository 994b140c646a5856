"""The `<base>` that may stay: without it a page of relative addresses loses its pictures, and its links lead nowhere.

With it, every word that stands where an address is looked for becomes one. So it stays only in a page where nothing but
images, backgrounds and links is relative, where all clients resolve them alike, and that none shows together with other
markup. There they are judged as what they resolve to. Wherever anything is odd it goes, and nothing relative loads.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import accumulate

from sluis.detect.address import look_up, only_stripped
from sluis.detect.elements import ANYWHERE, LOADS, SOURCES
from sluis.detect.loads import acts, spellings
from sluis.detect.page import Page
from sluis.detect.proposal import Proposal
from sluis.detect.remote import squeeze
from sluis.detect.xml import names
from sluis.scan.css import openings
from sluis.scan.html import Attribute, AttributeScanner, Tag, ValueScanner, attribute_at, enclosing
from sluis.urls.base import Base, base

_ABSOLUTE = re.compile(r"(?:https?:)?//[a-z0-9]|(?:[cm]id|data|about):", re.IGNORECASE | re.ASCII)
_STYLE = re.compile(
    r"""(?<=url\()[ \t\n\r\f]*+(["']?+)(?:https?:)?//[a-z0-9][^"'()<>\\ \t\n\r\f]*+\1[ \t\n\r\f]*+\)""",
    re.IGNORECASE | re.ASCII,
)
_LIST = "srcset"  # each of its words may be an address
_ELSEWHERE = AttributeScanner(ANYWHERE)
_BACKGROUND = AttributeScanner({"background"})
_HREF = ValueScanner("href")


def resolving(page: Page) -> Page:
    """`page` with the base that its addresses are resolved against, if it has one that may stay. Raises `Overrun`."""
    if not page.sole or page.policy.blank_images or "base" not in page.lowered:
        return page
    found = _base(page)
    return replace(page, base=found) if found and _unknown(page, found) and _plain(page, found) else page


def serves(page: Page, found: Iterable[Proposal]) -> bool:
    """Whether the base of `page` is of use to a picture or a link that stays when the proposals `found` are made."""
    cuts = sorted((each.cut.start, each.cut.end) for each in found if each.cut.replacement is not None)
    starts, ends = [start for start, _ in cuts], list(accumulate((end for _, end in cuts), max))
    for attribute in (*_pictures(page), *_links(page)):
        if page.absolute(attribute.value) != attribute.value:
            index = bisect_right(starts, attribute.value_start)
            if not index or ends[index - 1] <= attribute.value_start:
                return True
    return False


def _base(page: Page) -> Base | None:
    """The base, if the page has but one, however often."""
    tags = [tag for tag in page.tags if tag.name == "base"]
    written = {attribute.raw for tag in tags for attribute in tag.named(spellings(tag, LOADS["base"]))}
    return base(written.pop()) if len(written) == 1 and all(_upright(page, tag) for tag in tags) else None


def _unknown(page: Page, found: Base) -> bool:
    """Whether no rule knows the base, and nobody is named in it."""
    url, hit = page.opens(found.text)
    if url is None or hit or page.rules.listed_image(url):
        return False
    leads = look_up(page, found.text)
    return leads is None or only_stripped(leads)


def _plain(page: Page, found: Base) -> bool:
    """Whether pictures and links alone are relative, and no picture in a way of which clients make different things."""
    return (
        "\0" not in page.text
        and not any(names(page.lowered))
        and all(map(_absolute, _loading(page)))
        and all(_absolute(each) or (found.join(each.value) and _ended(page, each)) for each in _pictures(page))
        and all(_upright(page, tag) for tag in page.tags if tag.name in SOURCES)
        and all(_STYLE.match(page.text, end) for _, end in openings(page.text))
    )


def _loading(page: Page) -> Iterator[Attribute]:
    """Whatever makes a client load anything but a picture, or would with a relative address in it; and `srcset`s."""
    for tag in page.tags:
        if (load := LOADS.get(tag.name)) and tag.name != "base":
            yield from tag.named(spellings(tag, load))
        if tag.name in SOURCES:
            yield from tag.named({_LIST})
        elif tag.name == "link" or (tag.name == "meta" and acts(tag)):
            yield from tag.named({"href", "content"})
    yield from _ELSEWHERE.attributes(page.text, page.lowered, page.budget)


def _pictures(page: Page) -> Iterator[Attribute]:
    """The attributes that hold the address of a picture, one each."""
    for tag in page.tags:
        if sources := SOURCES.get(tag.name):
            yield from (attribute for attribute in tag.named(sources) if attribute.name != _LIST)
    yield from _BACKGROUND.attributes(page.text, page.lowered, page.budget)


def _links(page: Page) -> Iterator[Attribute]:
    return (
        attribute_at(page.text, start, page.budget) for start, _ in _HREF.values(page.text, page.lowered, page.budget)
    )


def _absolute(attribute: Attribute) -> bool:
    """Whether it leads nowhere else with a base, by the only or any of its words."""
    value = attribute.value
    return not value or (attribute.name != _LIST and _ABSOLUTE.match(squeeze(value)) is not None)


def _ended(page: Page, attribute: Attribute) -> bool:
    """Whether the value is all that clients take for it: for some, one without quotes goes on behind a stray one."""
    return page.text[attribute.end : attribute.end + 1] not in {'"', "'"}


def _upright(page: Page, tag: Tag) -> bool:
    """Whether all parsers see the tag alike, if they see it."""
    return tag.closed and not tag.stray_quote and not enclosing(page.text, tag.start, page.budget)
