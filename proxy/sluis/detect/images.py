"""Images a client fetches on its own: beacons go, vendors' counting images lose their source, the rest is content."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from sluis.detect import pixels
from sluis.detect.box import Box, box
from sluis.detect.elements import SOURCES
from sluis.detect.page import Page
from sluis.detect.proposal import Proposal
from sluis.detect.remote import is_remote, is_share
from sluis.detect.rewrite import blank_image, cut_attribute, cut_tag
from sluis.report import Action, Kind
from sluis.rules.table import Hit
from sluis.scan.html import Attribute, Tag


@dataclass(frozen=True, slots=True)
class Image:
    """One remote address of one image element; `whole` says whether the element is nothing but that image."""

    tag: Tag
    attribute: Attribute
    address: str
    box: Box
    whole: bool


def images(page: Page) -> Iterator[Proposal]:
    """Proposals for `img` and its kin. Of one element's addresses the first that condemns it speaks for all."""
    found = [image for tag in page.tags if tag.name in SOURCES for image in _images(tag)]
    counts = Counter(image.address for image in found)
    gone: set[int] = set()
    for image in found:
        if image.tag.start in gone:
            continue
        for proposal in _propose(page, image, counts[image.address]):
            if proposal.cut.start == image.tag.start:
                gone.add(image.tag.start)
            yield proposal


def _images(tag: Tag) -> Iterator[Image]:
    names = SOURCES[tag.name]
    sources = [attribute for attribute in tag.attributes if attribute.name in names and attribute.raw]
    if not sources:
        return
    size = box(tag)
    for attribute in sources:
        for address in addresses(attribute):
            if is_remote(address):
                yield Image(tag, attribute, address, size, tag.name in {"img", "image"})


def addresses(attribute: Attribute) -> list[str]:
    """The addresses of a source attribute: one, or every word of a `srcset`, descriptors included."""
    if attribute.name not in {"srcset", "imagesrcset"}:
        return [attribute.value]
    return [word.strip(",") for word in attribute.value.split()]


def _propose(page: Page, image: Image, count: int) -> Iterator[Proposal]:
    url, hit = page.opens(image.address)
    if url is None:
        if is_share(image.address):
            yield _share(page, image)
        return
    leak = page.identity.leak(url.text)
    judgement = pixels.judge(url, image.box, hit, leak, count)
    if judgement.certain and not image.box.visible:
        yield _beacon(page, image, hit, judgement)
    elif hit or leak or page.policy.blank_images:
        kind = Kind.TRACKING_IMAGE if hit else Kind.ADDRESS_LEAK if leak else Kind.REMOTE_IMAGE
        yield Proposal(
            kind,
            Action.BLANKED,
            "visible-image",
            blank_image(page.text, image.attribute, fit=page.policy.fit),
            judgement.why if hit or leak else "the client fetches it when the message is opened",
            url=image.address,
            vendor=hit.vendor if hit else None,
            rule=hit.rule if hit else None,
            confidence=hit.confidence if hit else 1.0,
        )


def _beacon(page: Page, image: Image, hit: Hit | None, judgement: pixels.Judgement) -> Proposal:
    whole = cut_tag(image.tag, page.budget, fit=page.policy.fit) if image.whole else None
    return Proposal(
        Kind.OPEN_PIXEL,
        Action.REMOVED,
        judgement.technique,
        whole or cut_attribute(page.text, image.attribute),
        judgement.why,
        url=image.address,
        vendor=hit.vendor if hit else None,
        rule=hit.rule if hit else None,
        confidence=max(judgement.confidence, hit.confidence if hit else 0.0),
    )


def _share(page: Page, image: Image) -> Proposal:
    return Proposal(
        Kind.ACTIVE_CONTENT,
        Action.REMOVED,
        "file-share",
        cut_attribute(page.text, image.attribute),
        "it makes the client open a file on another machine, which may send credentials there",
        url=image.address,
    )
