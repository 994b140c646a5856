"""Which parts of a message are read, and how: one table from a media type to what finds proposals in its text.

A part is what any client might take it for. Markup needs no grammar, so one reader serves all of it; it also reads what
calls itself something else and is named like a page or a drawing, where a client may show it within the letter.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import NamedTuple

from sluis.detect.calendar import calendar
from sluis.detect.disarm import disarm
from sluis.detect.page import Page
from sluis.detect.plain import Flow, plain
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.settle import proposals
from sluis.message.charset import Text, as_octets, as_text, readings
from sluis.message.mime import Part
from sluis.report import Action, Kind
from sluis.scan.budget import Overrun

_COMMENT = "<!---->"
_PLAIN = "text/plain"


class Reader(NamedTuple):
    """`texts` reads the octets of a part, declared to be in some charset; `propose` finds what to do in a reading."""

    propose: Callable[[Page, Part], Iterable[Proposal]]
    texts: Callable[[bytes, str | None], tuple[Text, ...]] = as_text


def reader(part: Part) -> Reader | None:
    """How `part` is to be read; None for what no client shows or loads by itself. Markup counts before all else."""
    found = [_READERS[each] for each in _types(part) if each in _READERS]
    return next((each for each in found if each is _MARKUP), found[0] if found else None)


def is_markup(part: Part) -> bool:
    """Whether a client might show `part` as a page."""
    return reader(part) in {_MARKUP, _AMP}


def _types(part: Part) -> Iterator[str]:
    """Whatever a client may take `part` for. A text that is a file is none of the letter's."""
    if part.media_type != _PLAIN or not (part.disposition == "attachment" or part.filename):
        yield part.media_type
    yield from part.also
    if part.content_id or part.disposition == "inline":
        yield _BY_NAME.get(part.filename.rpartition(".")[2].lower(), "")


def _markup(page: Page, _: Part) -> Iterable[Proposal]:
    try:
        return proposals(page)
    except Overrun:
        return disarm(page)


def _amp(page: Page, _: Part) -> Iterator[Proposal]:
    """An AMP part exists to load and report; clients without one show the HTML part beside it.

    To keep a length a comment begins it: where the header has no end, an empty line would be taken for that.
    """
    if page.text.strip() not in {"", _COMMENT}:
        why = "it is AMP mail, which loads and reports while it is read; the HTML part beside it says the same"
        rest = _COMMENT if page.policy.fit else ""
        yield Proposal(Kind.ACTIVE_CONTENT, Action.BLANKED, "amp-part", Cut(0, len(page.text), rest, len(rest)), why)


def _plain(page: Page, part: Part) -> Iterator[Proposal]:
    flowed = part.parameter("format").lower() == "flowed"
    return plain(page, Flow(flowed, flowed and part.parameter("delsp").lower() == "yes"))


def _calendar(page: Page, _: Part) -> Iterator[Proposal]:
    return calendar(page)


_MARKUP = Reader(_markup, readings)
_AMP = Reader(_amp, as_octets)
_CALENDAR = Reader(_calendar)
_READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "text/html": _MARKUP,
        "text/watch-html": _MARKUP,
        "application/xhtml+xml": _MARKUP,
        "image/svg+xml": _MARKUP,
        "text/css": _MARKUP,
        "text/x-amp-html": _AMP,
        _PLAIN: Reader(_plain),
        "text/calendar": _CALENDAR,
        "application/ics": _CALENDAR,
        "text/x-vcalendar": _CALENDAR,
        "text/vcard": _CALENDAR,
        "text/x-vcard": _CALENDAR,
        "text/directory": _CALENDAR,  # RFC 2425, and vCard 3.0 (RFC 2426)
    }
)
_BY_NAME: Mapping[str, str] = MappingProxyType(
    {
        **dict.fromkeys(("html", "htm", "shtml"), "text/html"),
        **dict.fromkeys(("xhtml", "xht"), "application/xhtml+xml"),
        "svg": "image/svg+xml",
        **dict.fromkeys(("ics", "vcf"), "text/calendar"),
        "css": "text/css",
    }
)
