"""The image whose address is made as the links are, by a script that sends them all, where pictures have names.

Some kits put a bare token behind every link and behind their counter, which may even be linked itself, and pictures
with sizes and names beside it at the same host, or none in a letter of words; others call a dot by the letter's short
token, which the links carry too. Neither token is long enough, or shared in such a way, to say anything alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sluis.detect.beacon import unlisted
from sluis.detect.box import box
from sluis.detect.closing import addressed, asked, closing, unfamiliar, unknown
from sluis.detect.kindred import kindred, linked, showing
from sluis.detect.layout import folder
from sluis.detect.page import Page
from sluis.detect.pixels import ALIKE, KINDRED, NAMESAKE, REPEATS, Judgement, asks_for_one, pictured
from sluis.detect.proposal import Proposal
from sluis.scan.html import Tag
from sluis.urls.parse import Url

_WORDS = 60  # of a letter that says what it has to without a picture
_TOKEN = 16  # characters of the shortest that stands for a page
_STEP = 8  # characters in which the lengths of addresses are counted
_PAGE = re.compile(rf"[\w-]{{{_TOKEN},}}+", re.ASCII)
# Letters in either case at random, whatever digits there are; among tokens it is one.
_MIXED = re.compile(r"(?=(?:[\w-]*?[a-z][A-Z]){3})[\w-]{32,}+", re.ASCII)
# What stands for one letter, however short: digits and letters mixed.
_NAME = re.compile(r"((?=[A-Za-z_-]*+[0-9])(?=[0-9_-]*+[A-Za-z])[\w-]{6,}+)(?:\.(?:gif|png))?", re.ASCII)
# Most images are not asked for their box.
_SMALL = re.compile(r"(?:width|height)[ \t\n\r\f]*+[=:][ \t\n\r\f]*+[\"']?+[ \t]*+[0-3](?![0-9.%])")
_MARKUP = re.compile(r"<[^>]*+")
_PIECES = re.compile(r"[/=&?.]")


class _Suspect(NamedTuple):
    """An image, its address, and its `name` if it is a dot."""

    tag: Tag
    url: Url
    name: str = ""


def alike(page: Page) -> Iterator[Proposal]:
    """Proposals for images whose address is made as the links are. Whether one goes does not hang on the others."""
    if page.policy.blank_images:
        return  # all images lose their source there
    if not (suspects := [each for tag, url in addressed(page) if (each := _suspect(page, tag, url))]):
        return
    often = asked(page)
    for tag, judgement in _judged(page, suspects):
        if often[tag.value("src")] < REPEATS:
            yield from unlisted(page, tag, judgement)


def _suspect(page: Page, tag: Tag, url: Url) -> _Suspect | None:
    """An image that says nothing of itself and whose page is a token, or a dot that is called by one."""
    if url.query:
        return None
    last = _last(url)
    if len(last) >= _TOKEN and (_is_token(url) or _MIXED.fullmatch(last)) and unknown(page, tag):
        return _Suspect(tag, url)
    name = _NAME.fullmatch(last)
    if not (name and _SMALL.search(page.lowered, tag.start, tag.end) and box(tag).within(3)):
        return None
    return _Suspect(tag, url, name[1]) if unfamiliar(page, tag) else None


def _judged(page: Page, suspects: Sequence[_Suspect]) -> Iterator[tuple[Tag, Judgement]]:
    lengths, names = defaultdict[tuple[str, str], set[int]](set), defaultdict[str, set[str]](set)
    for link in linked(page):
        names[link.host].update(_PIECES.split(f"{link.path}?{link.query}"))
        if _is_token(link):
            lengths[folder(link)].add(len(link.path) // _STEP)
    named = {url.host for _, url in addressed(page) if pictured(url)}
    alone = _alone(page, [each for each in suspects if not each.name])
    for tag, url, name in suspects:
        if name and name in names[url.host]:
            yield tag, NAMESAKE
        elif not name and lengths[folder(url)] & _lengths(url) and (url.host in named or url.host in alone):
            yield tag, ALIKE if url.host in named else KINDRED


def _alone(page: Page, tokens: Sequence[_Suspect]) -> set[str]:
    """The hosts of which a letter of words has one image. Those that go for another reason are none, or the one left
    would be guilty the next time."""
    if not tokens or _words(page) < _WORDS:
        return set()
    going = {each.url for each in (*closing(page), *kindred(page))}
    staying = {each.url for each in tokens if each.tag.value("src") not in going}
    hosts = Counter(url.host for url in staying)
    return {host for host, count in hosts.items() if count == 1} - showing(page)


def _is_token(url: Url) -> bool:
    """Whether the page of an address is a token and no more."""
    return not url.query and _PAGE.fullmatch(_last(url)) is not None and asks_for_one(url)


def _last(url: Url) -> str:
    """The last segment of the path."""
    return url.path.rpartition("/")[2]


def _lengths(url: Url) -> set[int]:
    """How long a path is, and nearly is: an encrypted token differs by a block or two."""
    length = len(url.path) // _STEP
    return {length - 1, length, length + 1}


def _words(page: Page) -> int:
    """How many words a letter has, those of its style sheets aside."""
    start, texts = 0, list[str]()
    while (sheet := page.lowered.find("<style", start)) >= 0:
        texts.append(page.text[start:sheet])
        if (start := page.lowered.find("</style", sheet)) < 0:
            break
    texts.append(page.text[start:] if start >= 0 else "")
    return len(_MARKUP.sub(" ", "".join(texts)).split())
