"""The image whose address is made as the links are, by a script that sends them all, where pictures have names.

Some kits put a bare token behind every link and behind their counter, which may even be linked itself, and pictures
with sizes and names beside it at the same host, or none in a letter of words; others call a dot by the letter's short
token, which the links carry too. Neither token is long enough, or shared in such a way, to say anything alone.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from sluis.detect.beacon import unlisted
from sluis.detect.box import box
from sluis.detect.closing import IMAGES, asked, unknown
from sluis.detect.kindred import linked
from sluis.detect.page import Page
from sluis.detect.pixels import ALIKE, KINDRED, NAMESAKE, REPEATS, Judgement, asks_for_one, pictured
from sluis.detect.proposal import Proposal
from sluis.scan.html import Tag
from sluis.urls.parse import Url

_WORDS = 60  # of a letter that says what it has to without a picture
_LENGTH = 8  # characters in which lengths of tokens are counted
# A page of letters in either case at random, whatever digits it has; among tokens it is one.
_MIXED = re.compile(r"/(?=(?:[\w-]*?[a-z][A-Z]){3})[\w-]{32,}+$", re.ASCII)
_NO_ENDING = re.compile(r"/[\w-]{16,}+$", re.ASCII)
# What stands for one letter, however short: digits and letters mixed.
_NAME = re.compile(r"/((?=[A-Za-z_-]*+[0-9])(?=[0-9_-]*+[A-Za-z])[\w-]{6,}+)(?:\.(?:gif|png))?$", re.ASCII)
_MARKUP = re.compile(r"<[^>]*+")
_PIECES = re.compile(r"[/=&?.]")

# A host and a folder of it.
_Place = tuple[str, str]


def alike(page: Page) -> Iterator[Proposal]:
    """Proposals for images whose address is made as the links are. Whether one goes does not hang on the others."""
    if page.policy.blank_images:
        return  # all images lose their source there
    if not (suspects := [(tag, url) for tag in page.tags if tag.name in IMAGES and (url := _suspect(page, tag))]):
        return
    often = asked(page)
    for tag, judgement in _judged(page, [each for each in suspects if often[each[0].value("src")] < REPEATS]):
        yield from unlisted(page, tag, judgement)


def _suspect(page: Page, tag: Tag) -> Url | None:
    """The address of an image that says nothing of itself and is a bare token, or of a dot that is called by one."""
    url = page.url(tag.value("src"))
    if url is None or url.query:
        return None
    if (_bare(url) or _MIXED.search(url.path)) and unknown(page, tag):
        return url
    if not (_NAME.search(url.path) and box(tag).within(3)):
        return None
    known = page.opens(tag.value("src"))[1] or page.rules.listed_image(url) or page.identity.leak(url.text)
    return None if known else url


def _judged(page: Page, suspects: Iterable[tuple[Tag, Url]]) -> Iterator[tuple[Tag, Judgement]]:
    links = list(linked(page))
    lengths, names = defaultdict[_Place, set[int]](set), defaultdict[str, set[str]](set)
    for link in links:
        names[link.host].update(_PIECES.split(f"{link.path}?{link.query}"))
        if _bare(link):
            lengths[_place(link)].add(len(link.path) // _LENGTH)
    images = [url for tag in page.tags if tag.name in IMAGES and (url := page.url(tag.value("src")))]
    named = {url.host for url in images if pictured(url)}
    times = Counter(url.host for url in images)
    for tag, url in suspects:
        name = _NAME.search(url.path)
        if name and box(tag).within(3):
            if name[1] in names[url.host]:
                yield tag, NAMESAKE
        elif lengths[_place(url)] & _lengths(url):
            if url.host in named:
                yield tag, ALIKE
            elif times[url.host] == 1 and _words(page) >= _WORDS:
                yield tag, KINDRED


def _bare(url: Url) -> bool:
    """Whether the page of an address is a token and no more."""
    return not url.query and bool(_NO_ENDING.search(url.path)) and asks_for_one(url)


def _lengths(url: Url) -> set[int]:
    """How long a path is, and nearly is: an encrypted token differs by a block or two."""
    length = len(url.path) // _LENGTH
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


def _place(url: Url) -> _Place:
    return url.host, url.path.rpartition("/")[0]
