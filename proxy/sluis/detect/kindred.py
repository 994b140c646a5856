"""The image that is asked for as the links are: it says nothing of itself, and nothing a reader sees is from its host.

A sender's kit names the reader by one token in links that count clicks and in the image that counts openings, or has
one script for both. On a domain of the sender's own no list knows either. A token is one weak signal, that the links
share it another, that the image is alone at its host a third; that its page is named for counting, or that it leads to
a picture of nothing, is worth both. A picture's name, an `alt` text, a link around it or a size each clear it.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sluis.detect.address import look_up
from sluis.detect.beacon import unlisted
from sluis.detect.box import UNSIZED, box
from sluis.detect.closing import addressed, asked, unknown
from sluis.detect.page import Page
from sluis.detect.pixels import BLANK, COUNTING, KINDRED, REPEATS, Judgement, counts, impersonal, leads_to_blank
from sluis.detect.proposal import Proposal
from sluis.detect.remote import squeeze
from sluis.rules.shape import parameters
from sluis.scan.html import Tag, ValueScanner
from sluis.scan.references import unescape
from sluis.urls.parse import Url
from sluis.urls.resolve import Resolution

_HREF = ValueScanner("href")
_SIDES = ("width", "height")  # whether an attribute's, a style's or a picture's that is made to measure
# Digits and letters mixed at such a length stand for one reader or one letter.
_TOKEN = re.compile(r"(?<![\w-])(?=(?:[A-Za-z_-]*+[0-9]){3})(?=[0-9]*+[A-Za-z_-])[\w-]{16,}+", re.ASCII)
# The same in the value of a parameter, where dots may stand in it.
_VALUE = re.compile(r"(?=(?:[A-Za-z_.-]*+[0-9]){3})(?=[0-9.]*+[A-Za-z_-])[\w.-]{16,}+", re.ASCII)
_LINK = 4096  # characters ahead of an image in which a link around it would begin


class _Suspect(NamedTuple):
    """An image, its address, and what that says by itself."""

    tag: Tag
    url: Url
    judgement: Judgement | None


def kindred(page: Page) -> Iterator[Proposal]:
    """Proposals for images that share a token or a script with a link, or whose page is one that counts. Whether one
    goes does not hang on the others."""
    if page.policy.blank_images:
        return  # all images lose their source there
    if not (suspects := [each for tag, url in addressed(page) if (each := _suspect(page, tag, url))]):
        return
    often = asked(page)
    for tag, judgement in _judged(page, [each for each in suspects if often[each.tag.value("src")] < REPEATS]):
        yield from unlisted(page, tag, judgement)


def _judged(page: Page, suspects: list[_Suspect]) -> Iterator[tuple[Tag, Judgement]]:
    yield from ((tag, judgement) for tag, _, judgement in suspects if judgement)
    if others := [(tag, url) for tag, url, judgement in suspects if not judgement]:
        hosts = showing(page)
        if alone := [(tag, url) for tag, url in others if url.host not in hosts]:
            shared = {mark for url in linked(page) for mark in _marks(url)}
            yield from ((tag, KINDRED) for tag, url in alone if not shared.isdisjoint(_marks(url)))


def _suspect(page: Page, tag: Tag, url: Url) -> _Suspect | None:
    """An image that says nothing of itself, in no link, whose address is not a picture's but a token."""
    if any(page.lowered.find(side, tag.start, tag.end) >= 0 for side in _SIDES):
        return None
    counting, blank = counts(url), leads_to_blank(url)
    if not (counting or blank) and impersonal(url):
        return None
    if _linked(page, tag.start):
        return None
    # What leads to nothing may say of itself what it likes.
    found = (None if page.opens(tag.value("src"))[1] else url) if blank else unknown(page, tag)
    return _Suspect(tag, found, COUNTING if counting else BLANK if blank else None) if found else None


def _linked(page: Page, start: int) -> bool:
    """Whether a link that begins not far ahead of `start` still is open there."""
    far = max(0, start - _LINK)
    opened = max(page.lowered.rfind(each, far, start) for each in ("<a ", "<a\n", "<a\t"))
    return opened > page.lowered.rfind("</a", far, start)


def showing(page: Page) -> set[str]:
    """The hosts of the images that stay and that a reader may see."""
    urls = {url for tag, url in addressed(page) if _seen(tag, url)}
    return {url.host for url in urls if not (page.rules.open(url) or page.rules.listed_image(url) or _leaks(page, url))}


def _seen(tag: Tag, url: Url) -> bool:
    drawn = box(tag)
    return drawn.drawn or (drawn == UNSIZED and impersonal(url))


def _leaks(page: Page, url: Url) -> bool:
    return page.identity.leak(url.text) is not None


def linked(page: Page) -> Iterator[Url]:
    """Where the links lead as they will stand, so that reading them again finds no more. Raises `Overrun`."""
    for raw in {raw for _, raw in _HREF.values(page.text, page.lowered, page.budget)}:
        address = page.absolute(squeeze(unescape(raw)))
        found = look_up(page, address)
        if url := page.url(found.destination if isinstance(found, Resolution) else address):
            yield url


def _marks(url: Url) -> list[str]:
    """The tokens in an address, however they are encoded, and the script that is asked by it."""
    tokens = _TOKEN.findall(f"{url.path}?{url.query}#{url.fragment}")
    if not url.query:
        return tokens
    values = [value for value in parameters(url.query).values() if _VALUE.fullmatch(value)]
    return [f"{url.host}{url.path}?", *tokens, *values]
