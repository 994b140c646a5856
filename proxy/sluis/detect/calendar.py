"""Calendars and visiting cards: links as elsewhere, pictures and sounds that a client fetches, HTML in a description.

Programs invent properties freely, so an address counts wherever it stands; only those that name the object itself are
left alone. A property whose value a client fetches by itself goes whole, since every one of them may be missing.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from sluis.detect.page import Page
from sluis.detect.plain import plain
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import is_remote
from sluis.detect.settle import proposals
from sluis.report import Action, Kind
from sluis.scan.content_lines import FOLD, ContentLine, content_lines, escaped, refolded, unfold
from sluis.scan.fold import Folded, laid_over

_NAMES = frozenset({"UID", "RELATED-TO", "RELATED", "PRODID", "X-WR-RELCALID", "SOURCE-UID"})
_IMAGES = frozenset({"IMAGE", "PHOTO", "LOGO"})  # RFC 7986 §5.10, RFC 6350 §6.2.4 and §6.6.3
_HTML = frozenset({"X-ALT-DESC", "STYLED-DESCRIPTION"})
_TEXTS = frozenset({"DESCRIPTION", "COMMENT", "SUMMARY", "LOCATION", "CONTACT", "NOTE", "NAME", "TITLE", *_HTML})
_FORMAT = re.compile(r";FMTTYPE=\"?(image|audio|video|text/html)", re.IGNORECASE | re.ASCII)
_QUOTED_PRINTABLE = re.compile(r"[;=]QUOTED-PRINTABLE", re.IGNORECASE | re.ASCII)  # vCard 2.1 folds it in its own way
_MARKUP = re.compile(r"<(?:a|img|html|body|div|p|span|table)[ \t\n\f/>]", re.IGNORECASE | re.ASCII)
_WHY = {
    Kind.TRACKING_IMAGE: "its address is {vendor}'s for counting opens",
    Kind.ADDRESS_LEAK: "its address carries the recipient's address {leak}",
    Kind.REMOTE_IMAGE: "the client fetches it when this is shown",
    Kind.MEDIA: "the client fetches it when this is shown or its alarm rings",
}


def calendar(page: Page) -> Iterator[Proposal]:
    """Proposals for a calendar or a card, by place."""
    whole = unfold(page.text)
    alarm = False
    for line in content_lines(whole.text):
        value = whole.text[line.value : line.end]
        if line.name in {"BEGIN", "END"}:
            alarm = line.name == "BEGIN" and value.strip().upper() == "VALARM"
        elif "//" in value and line.name not in _NAMES and not _QUOTED_PRINTABLE.search(line.parameters):
            yield from _property(page, whole, line, value, alarm=alarm)


def _property(page: Page, whole: Folded, line: ContentLine, value: str, *, alarm: bool) -> Iterator[Proposal]:
    found = _FORMAT.match(line.parameters, line.parameters.upper().find(";FMTTYPE="))
    kind = found[1].lower() if found else ""
    inner = replace(page, text=value)
    if (line.name in _IMAGES or (line.name == "ATTACH" and kind == "image")) and is_remote(value.strip()):
        yield from _image(page, whole, line, value.strip())
    elif line.name == "SOUND" or (line.name == "ATTACH" and (alarm or kind in {"audio", "video"})):
        if is_remote(value.strip()):
            yield _gone(page, whole, line, value.strip(), Kind.MEDIA)
    else:
        markup = line.name in _HTML or kind == "text/html" or _MARKUP.search(value)
        for proposal in proposals(inner) if markup else plain(inner):
            yield _written(page, whole, line, value, proposal)


def _image(page: Page, whole: Folded, line: ContentLine, address: str) -> Iterator[Proposal]:
    _, hit = page.opens(address)
    leak = page.identity.leak(address)
    kind = Kind.TRACKING_IMAGE if hit else Kind.ADDRESS_LEAK if leak else Kind.REMOTE_IMAGE
    if hit or leak or page.policy.blank_images:
        gone = _gone(page, whole, line, address, kind, leak=leak or "")
        yield replace(gone, vendor=hit.vendor, rule=hit.rule, confidence=hit.confidence) if hit else gone


def _gone(page: Page, whole: Folded, line: ContentLine, address: str, kind: Kind, *, leak: str = "") -> Proposal:
    """The property without its line; with `fit`, without its value."""
    _, hit = page.opens(address)
    why = _WHY[kind].format(vendor=hit.vendor if hit else "", leak=leak)
    start, end = (line.value, line.end) if page.policy.fit else (line.start, line.stop)
    cut = Cut(whole.origin(start), whole.origin(end), "")
    if page.policy.fit:
        cut = cut._replace(replacement=laid_over(page.text[cut.start : cut.end], FOLD, "", 0))
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
