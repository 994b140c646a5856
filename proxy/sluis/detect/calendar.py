"""Calendars and visiting cards: links as elsewhere, pictures and sounds that a client fetches, HTML in a description.

Programs invent properties freely, so an address counts wherever it stands; only those that name the object itself are
left alone. A property whose value a client fetches by itself goes, since every one of them may be missing; a value with
markup beyond reading goes too (`disarm` says what that is).
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace

from sluis.detect.page import Page
from sluis.detect.plain import plain
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import is_remote
from sluis.detect.settle import proposals
from sluis.report import Action, Kind
from sluis.scan.budget import Overrun
from sluis.scan.content_lines import FOLD, ContentLine, content_lines, escaped, refolded, unfold
from sluis.scan.fold import Folded, laid_over

_NAMES = frozenset({"UID", "RELATED-TO", "RELATED", "PRODID", "X-WR-RELCALID", "SOURCE-UID"})
_IMAGES = frozenset({"IMAGE", "PHOTO", "LOGO"})  # RFC 7986 §5.10, RFC 6350 §6.2.4 and §6.6.3
_HTML = frozenset({"X-ALT-DESC", "STYLED-DESCRIPTION"})
_TEXTS = frozenset({"DESCRIPTION", "COMMENT", "SUMMARY", "LOCATION", "CONTACT", "NOTE", "NAME", "TITLE", *_HTML})
_UNREAD = "its tags stand within each other beyond what can be read, which no honest calendar needs"
_PLAYED = "the client fetches it when this is shown or its alarm rings"
_CUT = "X-CUT:"  # shorter than whatever it replaces
_FORMAT = re.compile(r";FMTTYPE=\"?(image|audio|video|text/html)", re.IGNORECASE | re.ASCII)
_QUOTED_PRINTABLE = re.compile(r"[;=]QUOTED-PRINTABLE", re.IGNORECASE | re.ASCII)  # vCard 2.1 folds it in its own way
_TAG = re.compile(r"<(?!https?:)[A-Za-z/!][^<>]*+>", re.IGNORECASE | re.ASCII)


def calendar(page: Page) -> Iterator[Proposal]:
    """Proposals for a calendar or a card, by place. Never raises `Overrun`."""
    whole = unfold(page.text)
    alarm = False
    for line in content_lines(whole.text):
        value = whole.text[line.value : line.end]
        if line.name in {"BEGIN", "END"}:
            alarm = line.name == "BEGIN" and value.strip().upper() == "VALARM"
        elif "//" in value and line.name not in _NAMES and not _QUOTED_PRINTABLE.search(line.parameters):
            yield from _property(page, whole, line, value, alarm=alarm)


def _property(page: Page, whole: Folded, line: ContentLine, value: str, *, alarm: bool) -> Iterator[Proposal]:
    found = _FORMAT.search(line.parameters)
    kind = found[1].lower() if found else ""
    inner = replace(page, text=value)
    if (line.name in _IMAGES or (line.name == "ATTACH" and kind == "image")) and is_remote(value.strip()):
        yield from _image(page, whole, line, value.strip())
    elif line.name == "SOUND" or (line.name == "ATTACH" and (alarm or kind in {"audio", "video"})):
        if is_remote(value.strip()):
            yield _gone(page, whole, line, value.strip(), Kind.MEDIA, _PLAYED)
    else:
        for proposal in _value(inner, markup=line.name in _HTML or kind == "text/html"):
            yield _written(page, whole, line, value, proposal)


def _value(page: Page, *, markup: bool) -> tuple[Proposal, ...]:
    """Proposals for a value. They share one budget: once it is spent, each that needs more of it is emptied."""
    try:
        return proposals(page) if markup else tuple(_text(page))
    except Overrun:
        return (Proposal(Kind.ACTIVE_CONTENT, Action.REMOVED, "tangle", Cut(0, len(page.text), ""), _UNREAD),)


def _text(page: Page) -> Iterator[Proposal]:
    """Proposals for a text, in which some programs write HTML and others show its tags."""
    if "<" not in page.text:
        yield from plain(page)
        return
    found = list(proposals(page))
    ends = [proposal.cut.end for proposal in found]
    yield from found
    for proposal in plain(replace(page, text=_TAG.sub(lambda tag: " " * len(tag[0]), page.text))):
        index = bisect_right(ends, proposal.cut.start)
        if index == len(found) or found[index].cut.start >= proposal.cut.end:
            yield proposal


def _image(page: Page, whole: Folded, line: ContentLine, address: str) -> Iterator[Proposal]:
    _, hit = page.opens(address)
    leak = page.identity.leak(address)
    if hit:
        why = f"its address is {hit.vendor}'s for counting opens"
        gone = _gone(page, whole, line, address, Kind.TRACKING_IMAGE, why)
        yield replace(gone, vendor=hit.vendor, rule=hit.rule, confidence=hit.confidence)
    elif leak:
        why = f"its address carries the recipient's address {leak}"
        yield _gone(page, whole, line, address, Kind.ADDRESS_LEAK, why)
    elif page.policy.blank_images:
        yield _gone(page, whole, line, address, Kind.REMOTE_IMAGE, "the client fetches it when this is shown")


def _gone(page: Page, whole: Folded, line: ContentLine, address: str, kind: Kind, why: str) -> Proposal:
    """Another property in the place of this one, which nobody knows.

    A line less would leave no place for the blanks that keep a length: at the start of a line they continue the last.
    """
    start, end = whole.origin(line.start), whole.origin(line.end)
    over = laid_over(page.text[start:end], FOLD, _CUT, len(_CUT)) if page.policy.fit else None
    cut = Cut(start, end, over or _CUT, len(over or _CUT))
    return Proposal(kind, Action.REMOVED, f"{line.name.lower()}-property", cut, why, url=address)


def _written(page: Page, whole: Folded, line: ContentLine, value: str, proposal: Proposal) -> Proposal:
    """A proposal for a value as one for the lines it is written in."""
    cut = proposal.cut
    start, end = whole.origin(line.value + cut.start), whole.origin(line.value + cut.end)
    if cut.replacement is None:
        return replace(proposal, cut=Cut(start, end))
    written = str if _is_address(line, value) else escaped
    head, tail = written(cut.replacement[: cut.pad]), written(cut.replacement[cut.pad :])
    if not page.policy.fit:
        replacement = refolded(page.text, start, end, head + tail)
        return replace(proposal, cut=Cut(start, end, replacement, len(replacement) if not tail else 0))
    over = laid_over(page.text[start:end], FOLD, head + tail, len(head))
    if over is None:
        why = proposal.why + "; kept, since there is no room for the change"
        return replace(proposal, action=Action.KEPT, why=why, cut=Cut(start, end))
    return replace(proposal, cut=Cut(start, end, over, len(over)))


def _is_address(line: ContentLine, value: str) -> bool:
    """Whether a value is an address alone, in which commas and semicolons stand for themselves."""
    return line.name not in _TEXTS and value.lstrip().lower().startswith("http")
