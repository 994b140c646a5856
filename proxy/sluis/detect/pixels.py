"""Is this image there to be fetched rather than to be seen?

No single trait decides: a spacer is as small as a beacon, a responsive image as hidden. Each trait is a signal with a
weight, the sum is the confidence, and from `CERTAIN` on an image goes. The weights stand in one table; they rest on
labelled real mail, where of 1,455 images of up to 3 px 636 were beacons: all but four of these were asked for with a
query or a token, or from a host that no other image came from, and all but eight of the others were neither.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from sluis.detect.box import Box
from sluis.detect.layout import ONCE, Use
from sluis.rules.shape import parameters
from sluis.rules.table import Hit
from sluis.urls.parse import Url, parse
from sluis.urls.within import written

CERTAIN = 0.6
_QUERY = 8  # characters of a query that still may be a version; spacers have no more to tell their server
REPEATS = 3  # a beacon is asked for once; what stands more often in one mail is layout
_LINES = 2  # and a line twice


@dataclass(frozen=True, slots=True)
class Signal:
    """One trait of an image: its weight for (or against) a beacon, and what a person should read about it."""

    technique: str
    weight: float
    why: str


_SIGNALS = {
    signal.technique: signal
    for signal in (
        Signal("vendor-path", 0.9, "its address is {vendor}'s for counting opens"),
        Signal("vendor-shape", 0.75, "its address has the shape {vendor} uses for counting opens"),
        Signal("listed", 0.6, "the list {vendor} names its address as a tracker's"),
        Signal("recipient", 0.4, "its address carries the recipient's {how}"),
        Signal("size-zero", 0.5, "it is drawn with no size"),
        Signal("size", 0.5, "it is {size} pixels large"),
        Signal("small", 0.45, "it is {size} pixels large"),
        Signal("hidden-style", 0.5, "its style hides it ({hidden})"),
        Signal("one-sided-size", 0.4, "one of its sides is at most 3 pixels"),
        Signal("closing", 0.4, "it comes behind the last word, with no size and no text in its place"),
        Signal("token", 0.25, "its address carries a token"),
        Signal("query", 0.2, "its address tells its server something"),
        Signal("numbers", 0.2, "its address carries numbers, as of a mailing and a reader"),
        Signal("counter", 0.2, "it is named like a counter, or lies in a folder that is"),
        Signal("counting", 0.4, "its page is named for counting openings"),
        Signal("nameless", 0.2, "its address names no file"),
        Signal("blank", 0.4, "what it leads to is named like a spacer"),
        Signal("void", 0.2, "it has neither width nor height, nor a name by which a style sheet could give it one"),
        Signal("alone", 0.2, "nothing that a reader sees comes from its host"),
        Signal("kindred", 0.2, "the mail's links carry its token, or ask the same script"),
        Signal("alike", 0.2, "its address is made as the links are that its host counts clicks by"),
        Signal("unlike", 0.2, "the pictures of its host have names"),
        Signal("dot", 0.5, "it is a dot"),
        Signal("watch", 0.6, "it is asked for where the mail is printed, answered or sent on"),
        Signal("repeated", -0.6, "the same image stands here {count} times"),
        Signal("beside", -0.6, "it lies with the mail's pictures, and says no more than they do"),
        Signal("spacer", -0.5, "it is named like a spacer and carries no token"),
        Signal("variant", -0.7, "it is a picture for another width of screen"),
        Signal("picture", -0.2, "it is named like a picture"),
    )
}
# Which signal names the finding, the most telling first.
_TELLING = (
    "vendor-path",
    "vendor-shape",
    "listed",
    "size-zero",
    "size",
    "hidden-style",
    "small",
    "one-sided-size",
    "recipient",
    "closing",
)

_SPACER = re.compile(
    r"/(?:[\w.-]*(?:spacer|blan[ck]|clear|trans|shim|pixel|dot|leer|1x1)[\w.-]*|s\.gif)$", re.IGNORECASE | re.ASCII
)
_PICTURE = re.compile(r"\.(?:jpe?g|png|webp|svg)$", re.IGNORECASE | re.ASCII)
_IMAGE = re.compile(r"\.(?:jpe?g|png|webp|svg|gif|bmp)$", re.IGNORECASE | re.ASCII)
# "qr" alone would be found in every other token.
_SEEN = re.compile(
    r"qr(?=code|server|[^a-z0-9]|$)|barcode|captcha|chart|map|ticket|signature|mail-sig|avatar|logo|banner|photo"
    # What was pasted from a mail in Roundcube, Gmail, Exchange or Zimbra.
    r"|_action=get&|view=fimg|getfileattachment|/service/home/",
    re.IGNORECASE,
)
_COUNTING = re.compile(r"open|track|beacon|pixel", re.IGNORECASE)
_COUNTER = re.compile(r"/[\w.-]*(?:open|track|count|beacon)[\w.-]*$", re.IGNORECASE | re.ASCII)
_COUNTERS = re.compile(r"/(?:opens?|track(?:er|ing)?|count(?:er)?|contador|beacon|pixel)/", re.IGNORECASE)
# The same of a segment, which a page's name may be; of an image without a size nothing less says that it counts.
_COUNTS = re.compile(
    r"(?<![a-z0-9])(?:(?:e?mail|msg|message)[_-]?opens?|opens?|opened|(?:e?mail[_-]?)?(?:track(?:er|ing)?|pixels?)|trk|beacons?"
    r"|count(?:er)?|contador)(?![a-z0-9])",
    re.IGNORECASE,
)
# What a script is told to do, where its page is named for nothing.
_COUNTED = re.compile(
    r"(?:^|&)[^=&]*+=(?:e?mail[_.-]?)?(?:opens?|opened|track(?:ing)?|beacon|pixel)(?:&|$)", re.IGNORECASE
)
_FILE = re.compile(r"\.[a-z0-9]{2,5}/?$", re.IGNORECASE | re.ASCII)
_NUMBERS = re.compile(r"/[0-9]{4,}/[0-9]{5,}/|/[0-9]{6,}(?:\.[a-z]+)?$", re.IGNORECASE | re.ASCII)
_LEADING = re.compile(r"(?<![^&])[^=&]*+=(?:https?(?::|%3a)|aHR0c|//|%2f%2f)", re.IGNORECASE)
_TOKEN_VALUE = re.compile(r"[\w%~.+-]{6,}", re.ASCII)
# Digits and letters mixed at length, or an object in base64; words with a number before or behind them, a date, a
# version or a measure, are none. Entropy tells no more: at any threshold, of what it finds beside these nearly all are
# words.
_OPAQUE = re.compile(
    r"/(?:(?![A-Za-z_-]*+[0-9]*+(?![^/.]))"
    r"(?![0-9]++(?:[_-](?:[A-Z]++(?![a-z])|[A-Z]?[a-z]*+))++[0-9x]*+(?![^/.]))"
    r"(?=[^/.]{12})(?=(?:[^/.0-9]*+[0-9]){3})(?=(?:[0-9]*+[^/.0-9]){3})|eyJ[\w-]{9})",
    re.ASCII,
)


class Judgement(NamedTuple):
    """How sure it is that an image is a beacon (0 to 1), by which technique, and why."""

    confidence: float
    technique: str
    why: str

    @property
    def certain(self) -> bool:
        """Whether the image goes."""
        return self.confidence >= CERTAIN


INNOCENT = Judgement(0.0, "", "nothing speaks for it")


def judge(url: Url, box: Box, hit: Hit | None, leak: str | None, use: Use = ONCE) -> Judgement:
    """Weigh the signals of one image. Nobody reads why an image is left alone."""
    signals = [_SIGNALS[name] for name in _present(url, box, hit, leak, use)]
    confidence = min(0.99, max(0.0, round(sum(signal.weight for signal in signals), 2)))
    if confidence < CERTAIN and not hit and not leak:
        return INNOCENT._replace(confidence=confidence)
    technique = min((s.technique for s in signals if s.technique in _TELLING), key=_TELLING.index, default="")
    why = "; ".join(signal.why for signal in signals if signal.weight > 0).format(
        vendor=hit.vendor if hit else "",
        how=f"address {leak}",
        size=f"{box.width or 0:g}×{box.height or 0:g}",
        hidden=box.hidden,
        count=use.count,
    )
    return Judgement(confidence, technique, why)


def judge_closing(url: Url, count: int) -> Judgement:
    """Weigh an image that stands behind everything else, says nothing of itself and is asked for `count` times."""
    names = ["closing"] + ["token"] * _telling(url) + ["picture"] * shows(url)
    return _named(*names, *["repeated"] * (count >= REPEATS))


def _named(*names: str) -> Judgement:
    """The judgement of these signals, the first of which names it."""
    signals = [_SIGNALS[name] for name in names]
    confidence = round(sum(signal.weight for signal in signals), 2)
    return Judgement(confidence, names[0], "; ".join(signal.why for signal in signals if signal.weight > 0))


# Of an image that says nothing of itself: it is asked for as the links are, and nothing else from its host is, or only
# by a name; its page is named for counting, or it leads to a picture of nothing.
KINDRED = _named("kindred", "token", "alone")
ALIKE = _named("alike", "token", "unlike")
COUNTING = _named("counting", "token")
BLANK = _named("blank", "token")
# Of a dot whose name the links carry, and of a background that has no picture's name.
NAMESAKE = _named("kindred", "dot")
WATCH = _named("watch", "nameless")


def doubtful(url: Url | None) -> bool:
    """Whether a hidden image at `url` could be a picture for another screen, but not by its name alone."""
    return url is not None and has_token(url) and bool(_PICTURE.search(url.path))


def impersonal(url: Url) -> bool:
    """Whether an image at `url` stays wherever it stands, if it says nothing of itself and no rule knows it."""
    return not _telling(url) or shows(url)


def counts(url: Url) -> bool:
    """Whether the page of an image is named for counting openings, or told to count one, and told whose."""
    return has_token(url) and bool(_COUNTS.search(url.path) or _COUNTED.search(url.query)) and not shows(url)


def leads_to_blank(url: Url) -> bool:
    """Whether an image at `url` is a redirect, told of whom, to one that is named like a spacer."""
    if not url.query or not _names_somebody(_beside_addresses(url.query)):
        return False
    inner = (parse(each.text) for value in parameters(url.query).values() for each in written(value, ""))
    return any(each is not None and _SPACER.search(each.path) for each in inner)


def asks_for_one(url: Url) -> bool:
    """Whether it is the file itself that is a token, or its query, and not just a folder on the way to it."""
    return _names_somebody(url.query) or bool(_OPAQUE.search(url.path, max(0, url.path.rfind("/"))))


def pictured(url: Url) -> bool:
    """Whether an address is named like a picture's."""
    return bool(_IMAGE.search(url.path))


def shows(url: Url) -> bool:
    """Whether an address is named like a picture's, or for what somebody looks at."""
    return bool(_PICTURE.search(url.path) or _SEEN.search(url.text))


def _telling(url: Url) -> bool:
    """Whether the address of an image that says nothing of itself tells who asks.

    What is named like a spacer and has no size keeps no distance, and what has no ending and no query may be called
    anything: then a token in its folders counts as well.
    """
    if asks_for_one(url):
        return True
    nameless = not url.query and not _FILE.search(url.path)
    return has_token(url) and (nameless or bool(_SPACER.search(url.path.rstrip("/"))))


def _present(url: Url, box: Box, hit: Hit | None, leak: str | None, use: Use) -> Iterator[str]:
    if hit:
        yield "listed" if hit.listed else "vendor-shape" if hit.generic else "vendor-path"
    if leak:
        yield "recipient"
    yield from _drawn(box)
    one = asks_for_one(url)
    beside = (use.akin or (use.beside and not one)) and not _COUNTER.search(url.path)  # it says no more than pictures
    own = one or not use.common
    variant = _is_variant(url, box, token=own and has_token(url))
    token = own and not beside and _has_token(url, box)
    if token and not variant:
        yield "token"
    often = use.count >= (REPEATS if box.within(3) else _LINES)
    repeated = often and (use.stretched or not one)
    if repeated:
        yield "repeated"
    elif beside:
        yield "beside"
    if not variant:
        yield from _told(url, box, alone=use.alone and not repeated, token=token)
    apart = token and (use.alone or one)
    yield from _called(url, box, variant=variant, token=apart)


def _called(url: Url, box: Box, *, variant: bool, token: bool) -> Iterator[str]:
    """What its name says for an image."""
    if not token and len(url.query) < _QUERY and _SPACER.search(url.path) and _IMAGE.search(url.path):
        yield "spacer"
    elif variant:
        yield "variant"
    elif _PICTURE.search(url.path) and not box.within(3):
        yield "picture"


def _is_variant(url: Url, box: Box, *, token: bool) -> bool:
    """Whether it may be a picture for another width of screen: stores name theirs by hash, but these ask for no one,
    unless a style sheet surely shows it there."""
    if not (box.hidden or (box.empty and box.styled)) or not _PICTURE.search(url.path):
        return False
    if box.shown or _names_somebody(url.query):
        return box.shown and not _COUNTING.search(url.path)
    dot = None not in (box.width, box.height) and box.within(3)
    return not (token and (dot or _COUNTING.search(url.path)))


def _told(url: Url, box: Box, *, alone: bool, token: bool) -> Iterator[str]:
    """What its address and its host say of a dot: one of a layout has nothing to tell, and lies with the pictures or
    stands often. Of a line only the query of a script says something."""
    dot = box.within(3)
    query = url.query if dot else _beside_addresses(url.query)
    if query and not token and (dot or (box.thin and not _IMAGE.search(url.path))):
        yield "query"
    if not dot:
        return
    if _NUMBERS.search(url.path):
        yield "numbers"
    if _COUNTER.search(url.path) or _COUNTERS.search(url.path):
        yield "counter"
    elif not _FILE.search(url.path):
        yield "nameless"
    if alone:
        yield "alone"


def _drawn(box: Box) -> Iterator[str]:
    if box.empty and box.within(3):
        yield "size-zero"
    elif box.within(3):
        yield "size"
    elif box.within(6) or (box.thin and box.within(12)):
        yield "small"
    elif box.thin:
        yield "one-sided-size"
    if box.hidden:
        yield "hidden-style"
    elif box.width == box.height == 0 and not box.styled:
        yield "void"


def has_token(url: Url) -> bool:
    """Whether the query holds something no person would type, or a path segment mixes digits and letters at length."""
    return _names_somebody(url.query) or bool(_OPAQUE.search(url.path))


def _has_token(url: Url, box: Box) -> bool:
    """The same of an image as it is drawn. Of a line, an address in its query is where it leads, not who asks."""
    query = url.query if box.within(3) else _beside_addresses(url.query)
    return _names_somebody(query) or bool(_OPAQUE.search(url.path))


def _names_somebody(query: str) -> bool:
    return bool(query and _TOKEN_VALUE.search(query)) and any(mark.isdigit() for mark in query)


def _beside_addresses(query: str) -> str:
    """`query` without the parameters that are addresses."""
    if not _LEADING.search(query):
        return query
    return "&".join(pair for pair in query.split("&") if not _LEADING.match(pair))
