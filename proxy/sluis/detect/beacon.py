"""How a beacon leaves the page: whole where nothing moves for it, else its source alone.

Even one pixel has a line, which closes up when it goes: amid the words, and behind them in a box that has a colour or a
border. On the line of the last word, and where the page ends, nobody sees that there is a pixel less.
"""

from collections.abc import Iterator

from sluis.detect.page import Page
from sluis.detect.pixels import Judgement
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.rewrite import blank_image, cut_attribute, cut_tag, room_for_blank
from sluis.report import Action, Kind
from sluis.scan.html import Attribute, Tag


def unlisted(page: Page, tag: Tag, judgement: Judgement) -> Iterator[Proposal]:
    """The proposal for an image that no rule knows and `judgement` condemns; none where its tag cannot be cut."""
    if whole := cut_tag(page, tag):
        action, cut = leaving(page, tag.named({"src"})[0], whole)
        confidence, technique, why = judgement
        yield Proposal(Kind.OPEN_PIXEL, action, technique, cut, why, url=tag.value("src"), confidence=confidence)


def leaving(page: Page, attribute: Attribute, whole: Cut | None, *, roomless: bool = False) -> tuple[Action, Cut]:
    """What to do with the beacon whose source `attribute` is. `whole` is the cut of its tag, where that can be cut, and
    `roomless` says that it is not drawn at all, as far as its tag says."""
    if whole is None:
        return Action.REMOVED, cut_attribute(page.text, attribute)
    if (
        (roomless and not page.draws_all)
        or _last(page, whole.start)
        or not room_for_blank(attribute, fit=page.policy.fit)
    ):
        return Action.REMOVED, whole
    return Action.BLANKED, blank_image(page.text, attribute, fit=page.policy.fit)


def _last(page: Page, start: int) -> bool:
    """Whether neither a word nor a box ends behind `start`, or only blanks stand between it and the last word."""
    if start < page.last_word:  # which comes before the last box, and is sooner found
        return False
    return start <= page.last_line or start >= page.last_box
