"""What style sheets and backgrounds make a client fetch: images, fonts, programs and further style sheets."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from sluis.detect import pixels
from sluis.detect.box import UNSIZED, Box, box
from sluis.detect.images import apart_from_the_web
from sluis.detect.layout import Use
from sluis.detect.page import Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import is_remote
from sluis.detect.rewrite import cut_attribute
from sluis.report import Action, Kind
from sluis.scan.css import Place, Reference, references
from sluis.scan.html import AttributeScanner, enclosing
from sluis.scan.references import unescape

_BACKGROUND = AttributeScanner({"background"})
# What is drawn on paper, around a mail that is read or in one that is answered or sent on: no letter has a use for it.
_WATCHED = re.compile(
    r"@media[^{}<>]{0,80}\bprint\b|outlookmessageheader|moz-email-headers|mailcontainerbody|(?:gmail|yahoo)_quote"
    r"|blockquote[ \t\n\r\f]+#"
)
_PRELUDE = 400  # characters before a background in which what it is drawn for may stand
_WHY = {
    Place.IMPORT: "the client fetches this style sheet when the message is opened",
    Place.FONT: "the client fetches this font when the message is opened",
    Place.IMAGE: "the client fetches this background when the message is opened",
    Place.BEHAVIOR: "the client attaches this program to an element when the message is opened",
}


def styles(page: Page) -> Iterator[Proposal]:
    """Proposals for CSS references and `background` attributes anywhere in the page. Raises `Overrun`."""
    found = list(references(page.text, page.budget))
    counts = Counter(reference.url for reference in found)
    for reference in found:
        cut = Cut(reference.start, reference.end, reference.replacement, len(reference.replacement))
        if reference.place is Place.IMAGE:
            both = dict.fromkeys((reference.url, reference.whole))
            yield from _images(page, both, cut, "css-background", counts[reference.url])
        else:
            yield from _sheet(page, reference, cut)
    for attribute in _BACKGROUND.attributes(page.text, page.lowered, page.budget):
        if addresses := list(filter(is_remote, map(page.absolute, attribute.values))):
            yield from _images(page, addresses, cut_attribute(page.text, attribute), "background-attribute", 1)


def _sheet(page: Page, reference: Reference, cut: Cut) -> Iterator[Proposal]:
    program = reference.place is Place.BEHAVIOR
    url = None if program else page.url(reference.url)
    if url and page.policy.shared_styles and page.rules.shared_style_host(url.host):
        return
    kind, why = Kind.ACTIVE_CONTENT if program else Kind.REMOTE_STYLE, _WHY[reference.place]
    yield Proposal(kind, Action.REMOVED, f"css-{reference.place}", cut, why, url=reference.url)


def _images(page: Page, addresses: Iterable[str], cut: Cut, technique: str, count: int) -> Iterator[Proposal]:
    """What to do about a background of which parsers make different addresses: the first proposal is for all."""
    found = (proposal for address in addresses for proposal in _image(page, address, cut, technique, count))
    yield from islice(found, 1)


def _image(page: Page, address: str, cut: Cut, technique: str, count: int) -> Iterator[Proposal]:
    url, hit = page.opens(unescape(address))
    if url is None:
        if apart := apart_from_the_web(unescape(address)):
            yield Proposal(Kind.ACTIVE_CONTENT, Action.REMOVED, apart.technique, cut, apart.why, url=address)
        return
    hit = hit or page.rules.listed_image(url)
    leak = page.identity.leak(url.text)
    size = _box(page, cut.start)
    judgement = pixels.judge(url, size, hit, leak, Use(count))
    if not (judgement.certain or pixels.shows(url)) and _watches(page, cut.start):
        judgement = pixels.WATCH
    stays = leak and not hit and size == UNSIZED and pixels.shows(url) and not page.policy.blank_images
    if (hit or judgement.certain) and not stays:
        yield Proposal(
            Kind.OPEN_PIXEL,
            Action.REMOVED,
            technique,
            cut,
            judgement.why,
            url=address,
            vendor=hit.vendor if hit else None,
            rule=hit.rule if hit else None,
            confidence=max(judgement.confidence, hit.confidence if hit else 0.0),
        )
    elif leak:
        action, place = (Action.KEPT, Cut(cut.start, cut.end)) if stays else (Action.BLANKED, cut)
        why = f"its address carries the recipient's address {leak}"
        yield Proposal(Kind.ADDRESS_LEAK, action, technique, place, why, url=address)
    elif page.policy.blank_images:
        yield Proposal(Kind.REMOTE_IMAGE, Action.BLANKED, technique, cut, _WHY[Place.IMAGE], url=address)


def _watches(page: Page, position: int) -> bool:
    """Whether the rule at `position` is for what is printed, answered or sent on."""
    far = max(0, position - _PRELUDE)
    ended = page.lowered.rfind("}", far, position)
    return _WATCHED.search(page.lowered, max(far, ended), position) is not None


def _box(page: Page, position: int) -> Box:
    """A background is a beacon by size only if its element is next to nothing: thin elements are rules and spacers."""
    tag = enclosing(page.text, position, page.budget)
    size = box(tag) if tag else UNSIZED
    return size if size.within(3) else UNSIZED
