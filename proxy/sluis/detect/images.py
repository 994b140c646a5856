"""Images a client fetches on its own: beacons go, vendors' counting images lose their source, the rest is content."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sluis.detect.beacon import leaving
from sluis.detect.box import UNSIZED, Box, box
from sluis.detect.elements import SOURCES
from sluis.detect.layout import ONCE, Layout, Use, name
from sluis.detect.page import Page
from sluis.detect.pixels import INNOCENT, Judgement, doubtful, impersonal, judge, shows
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import is_foreign, is_remote, is_share
from sluis.detect.rewrite import blank_image, cut_attribute, cut_tag
from sluis.detect.screens import shown
from sluis.report import Action, Kind
from sluis.rules.table import Hit
from sluis.scan.html import Attribute, Tag
from sluis.urls.parse import Url
from sluis.urls.proxied import proxied

SHARE = Judgement(
    1.0, "file-share", "it makes the client open a file on another machine, which may send credentials there"
)
FOREIGN = Judgement(1.0, "foreign-scheme", "it makes the client call by another protocol than the web's")
_APART = (SHARE, FOREIGN)
_WHOLE = frozenset({"img", "image"})  # elements that are nothing but their image
# Webmails' own; other hosts of theirs serve what anybody puts there.
_PROXY = re.compile(r"ci[0-9]\.googleusercontent\.com|ecp\.yusercontent\.com")
_FETCHED = "the client fetches it when the message is opened"


_BEFORE_REMOTE = re.compile(r",(?=(?:[a-z]{2,5}:)?[/\\]{2})", re.IGNORECASE | re.ASCII)


class Source(NamedTuple):
    """One remote address of an image element: the attribute it stands in, and the box the image is drawn in."""

    attribute: str
    address: str
    box: Box


class Outcome(NamedTuple):
    """What is known of a source, wherever in the page it stands; None of it where the image is innocent."""

    hit: Hit | None
    leak: str | None
    judgement: Judgement

    @property
    def by_looks(self) -> bool:
        """Whether it is a beacon for how it is drawn, and its address known for nothing."""
        return self.judgement.certain and not (self.hit or self.leak or self.judgement in _APART)


def images(page: Page) -> Iterator[Proposal]:
    """Proposals for `img` and its kin. Newsletters repeat tags by the dozen: each spelling is read and judged once."""
    read: dict[str, tuple[Source, ...]] = {}
    found = [(tag, _sources(page, tag, read)) for tag in page.tags if tag.name in SOURCES]
    outcomes = _outcomes(page, [source for _, sources in found for source in sources])
    for tag, sources in found:
        guilty = {
            (source.attribute, source.address): (source, outcome) for source in sources if (outcome := outcomes[source])
        }
        if guilty:
            yield from _proposals(page, tag, guilty)


def _outcomes(page: Page, sources: list[Source]) -> dict[Source, Outcome | None]:
    """What is known of each source. What is a beacon by itself may be layout, by what else the page does with images.

    That it stands there often speaks for layout, until one of them is a beacon all the same: then all of them are, or
    those that stay would be fewer, and guilty, the next time.
    """
    outcomes = {source: _outcome(page, source) for source in dict.fromkeys(sources)}
    if not any(outcome and outcome.by_looks for outcome in outcomes.values()):
        return outcomes
    urls = {source: url for source in outcomes if (url := _unknown(page, source, outcomes[source]))}
    seen = [url for source, url in urls.items() if source.box.drawn or (source.box.unremarkable and impersonal(url))]
    layout = Layout(((urls[source], source.box) for source in sources if source in urls), seen)
    again = {
        source: _outcome(page, source, layout.use(url))
        for source, url in urls.items()
        if (outcome := outcomes[source]) and outcome.by_looks
    }
    beacons = {name(urls[source]) for source, outcome in again.items() if outcome and outcome.judgement.certain}
    return outcomes | {source: outcome for source, outcome in again.items() if name(urls[source]) not in beacons}


def _unknown(page: Page, source: Source, outcome: Outcome | None) -> Url | None:
    """The address of a source, if nothing but its looks may speak against it."""
    return None if outcome and (outcome.hit or outcome.leak) else _asked(page.url(source.address))


def _asked(url: Url | None) -> Url | None:
    """What a webmail's proxy asks for, whose own address is all token; any other address as it is."""
    return (proxied(url) or url) if url and _PROXY.fullmatch(url.host) else url


def _sources(page: Page, tag: Tag, read: dict[str, tuple[Source, ...]]) -> tuple[Source, ...]:
    spelling = tag.text[tag.start : tag.end]
    if spelling not in read:
        names = SOURCES[tag.name]
        candidates = [
            (attribute.name, address)
            for attribute in (tag.named(names) if not tag.values.keys().isdisjoint(names) else ())
            for address in _addresses(page, attribute)
            if is_remote(address)
        ]
        size = box(tag) if candidates else UNSIZED
        if size.styled and any(doubtful(page.url(address)) for _, address in candidates) and shown(tag, page.sheets):
            size = size._replace(shown=True)
        read[spelling] = tuple(Source(name, address, size) for name, address in candidates)
    return read[spelling]


def _addresses(page: Page, attribute: Attribute) -> list[str]:
    return list(map(page.absolute, addresses(attribute))) if page.base else addresses(attribute)


def addresses(attribute: Attribute) -> list[str]:
    """The addresses of a source attribute: its value, or every word of a `srcset`, descriptors included.

    The comma that ends a descriptor may have the next address right behind it.
    """
    values = attribute.values
    if attribute.name != "srcset":
        return list(values)
    words = (word for value in values for word in value.split())
    return [part.strip(",") for word in words for part in _BEFORE_REMOTE.split(word)]


def apart_from_the_web(address: str) -> Judgement | None:
    """What an address is that leads elsewhere than to a server of the web; None for any other."""
    return SHARE if is_share(address) else FOREIGN if is_foreign(address) else None


def _outcome(page: Page, source: Source, use: Use = ONCE) -> Outcome | None:
    url, hit = page.opens(source.address)
    if url is None:
        return Outcome(None, None, apart) if (apart := apart_from_the_web(source.address)) else None
    hit = hit or page.rules.listed_image(url)
    leak = page.identity.leak(url.text)
    if not hit and not leak and source.box.unremarkable:
        return Outcome(None, None, INNOCENT) if page.policy.blank_images else None
    judgement = judge(_asked(url) or url, source.box, hit, leak, use)
    if hit or leak or judgement.certain or page.policy.blank_images:
        return Outcome(hit, leak, judgement)
    return None


def _proposals(page: Page, tag: Tag, guilty: Mapping[tuple[str, str], tuple[Source, Outcome]]) -> Iterator[Proposal]:
    """What to do about the sources of one tag, in each of the attributes that hold them, however many there are."""
    whole = cut_tag(page, tag) if tag.name in _WHOLE else None
    for attribute in tag.named(SOURCES[tag.name]):
        for address in dict.fromkeys(_addresses(page, attribute)):
            if found := guilty.get((attribute.name, address)):
                proposal = _propose(page, attribute, *found, whole)
                yield proposal
                if proposal.cut.start == tag.start:
                    return  # the whole element goes, and its other sources with it


def _propose(page: Page, attribute: Attribute, source: Source, outcome: Outcome, whole: Cut | None) -> Proposal:
    if outcome.judgement in _APART:
        return _proposal(Kind.ACTIVE_CONTENT, Action.REMOVED, source, outcome, cut_attribute(page.text, attribute))
    stays = _only_names(page, source, outcome)
    if outcome.judgement.certain and not (source.box.visible or stays):
        return _beacon(page, attribute, source, outcome, whole)
    kind = Kind.TRACKING_IMAGE if outcome.hit else Kind.ADDRESS_LEAK if outcome.leak else Kind.REMOTE_IMAGE
    shown = outcome._replace(judgement=_shown(outcome))
    if stays:
        return _proposal(kind, Action.KEPT, source, shown, Cut(attribute.value_start, attribute.value_end))
    return _proposal(kind, Action.BLANKED, source, shown, blank_image(page.text, attribute, fit=page.policy.fit))


def _only_names(page: Page, source: Source, outcome: Outcome) -> bool:
    """Whether all that speaks against a picture which a reader sees is that it names the recipient: one sign of two."""
    if page.policy.blank_images or outcome.hit or not outcome.leak:
        return False
    url = page.url(source.address)
    return source.box.drawn or (source.box.unremarkable and url is not None and shows(url))


def _beacon(page: Page, attribute: Attribute, source: Source, outcome: Outcome, whole: Cut | None) -> Proposal:
    action, cut = leaving(page, attribute, whole, roomless=source.box.absent)
    return _proposal(Kind.OPEN_PIXEL, action, source, outcome, cut)


def _shown(outcome: Outcome) -> Judgement:
    """An image that a reader sees is judged by what its address says, not by its size."""
    why = outcome.judgement.why if outcome.hit or outcome.leak else _FETCHED
    technique = "recipient" if outcome.leak and not outcome.hit else "visible-image"
    return Judgement(outcome.hit.confidence if outcome.hit else 1.0, technique, why)


def _proposal(kind: Kind, action: Action, source: Source, outcome: Outcome, cut: Cut) -> Proposal:
    hit, _, judgement = outcome
    return Proposal(
        kind,
        action,
        judgement.technique,
        cut,
        judgement.why,
        url=source.address,
        vendor=hit.vendor if hit else None,
        rule=hit.rule if hit else None,
        confidence=max(judgement.confidence, hit.confidence if hit else 0.0),
    )
