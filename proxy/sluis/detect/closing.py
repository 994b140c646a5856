"""The image behind everything: it says no size, shows no text in its place, leads nowhere, and its address is a token.

Vendors' shapes find beacons that say nothing of themselves; a sender's own counter has no known shape. What gives it
away is where it stands: behind the last word, where nobody looks. Place and token are two weak signals; a picture's
name, an `alt` text, a link around it or in it, or a size, of any kind, each clear it.
"""

import re
from collections import Counter
from collections.abc import Iterator

from sluis.detect.beacon import unlisted
from sluis.detect.box import UNSIZED, box, declarations
from sluis.detect.page import Page
from sluis.detect.pixels import judge_closing
from sluis.detect.proposal import Proposal
from sluis.scan.html import Tag
from sluis.urls.parse import Url

_IMAGES = frozenset({"img", "image"})
_WORDLESS = re.compile(r"(?:[ \t\n\r\f\xa0]++|<[^>]*+>|&(?:nbsp|zwnj|#160|#xa0|#8203);)*+", re.IGNORECASE)


def closing(page: Page) -> Iterator[Proposal]:
    """Proposals for images behind the last word. Whether one goes does not depend on which others are there."""
    if page.policy.blank_images:
        return  # all images lose their source there
    suspects = [(tag, url) for tag in _last(page) if (url := unknown(page, tag))]
    if suspects:
        counts = asked(page)
        for tag, url in suspects:
            judgement = judge_closing(url, counts[tag.value("src")])
            if judgement.certain:
                yield from unlisted(page, tag, judgement)


def _last(page: Page) -> list[Tag]:
    """The images behind the last word that stand in no link, the last one first; none in a letter without words."""
    found: list[Tag] = []
    behind, linked = len(page.text), False
    for tag in reversed(page.tags):
        if tag.name in _IMAGES:
            if not _wordless(page.text, tag.end, behind):
                return found
            linked = _within_link(page.lowered, tag.end, behind, linked)
            found += () if linked else (tag,)
            behind = tag.start
    return [] if _wordless(page.text, 0, behind) else found


def addressed(page: Page) -> Iterator[tuple[Tag, Url]]:
    """The images that have an address on the web."""
    return ((tag, url) for tag in page.tags if tag.name in _IMAGES and (url := page.url(tag.value("src"))))


def asked(page: Page) -> Counter[str]:
    """How often the page asks for each image."""
    return Counter(tag.value("src") for tag in page.tags if tag.name in _IMAGES)


def unknown(page: Page, tag: Tag) -> Url | None:
    """The address of an image that says nothing of itself, and that no rule knows for what it is."""
    said = tag.value("alt") + tag.value("title")  # a number says nothing
    if any(map(str.isalpha, said)) or "usemap" in tag.values or box(tag) != UNSIZED or _stretches(tag):
        return None
    return unfamiliar(page, tag)


def unfamiliar(page: Page, tag: Tag) -> Url | None:
    """The address of an image that no rule knows and that does not name the recipient."""
    url, hit = page.opens(tag.value("src"))
    return url if url and not (hit or page.rules.listed_image(url) or page.identity.leak(url.text)) else None


def _stretches(tag: Tag) -> bool:
    """Whether an image is drawn as wide as there is room, or a share of that."""
    return "%" in tag.value("width") or "%" in declarations(tag.value("style")).get("width", "")


def _wordless(text: str, start: int, end: int) -> bool:
    match = _WORDLESS.match(text, start, end)
    return match is not None and match.end() == end


def _within_link(lowered: str, start: int, end: int, linked: bool) -> bool:
    """Whether what ends at `start` stands within a link; `linked` says so of what begins at `end`."""
    closes, opens = lowered.find("</a>", start, end), lowered.find("<a ", start, end)
    if closes < 0 and opens < 0:
        return linked
    return opens < 0 or 0 <= closes < opens
