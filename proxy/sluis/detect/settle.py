"""Proposals of several detectors become one list of cuts that can be made together.

State-independent scanning finds tags within tags, so proposals may overlap. What lies within something that goes is
gone with it. In any other tangle, rare and hostile, the cuts that can be made are made on a copy, the copy is read
anew, and if that finds more, the whole stretch becomes one cut: what comes out has nothing left to find.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from sluis.detect.alike import alike
from sluis.detect.closing import closing
from sluis.detect.elements import ANYWHERE
from sluis.detect.images import images
from sluis.detect.kindred import kindred
from sluis.detect.links import links
from sluis.detect.loads import INLINE, loads
from sluis.detect.page import Page
from sluis.detect.proposal import Proposal, difference
from sluis.detect.relative import resolving, serves
from sluis.detect.styles import styles
from sluis.detect.xml import xml
from sluis.report import Action
from sluis.scan.budget import Overrun
from sluis.scan.html import enclosing

_DETECTORS = (images, closing, kindred, alike, links, loads, xml, styles)
_GOING = frozenset({Action.REMOVED, Action.BLANKED})
# A value with its own name, function and quotes around it, and none of a parser's other marks in it; and an end of it
# that what stands behind might take for its own.
_CONTAINED = re.compile(
    r"""(?:[^\s<>{}()"'=]++\s*+=\s*+)?+(?:(?:url|src)?\(\s*+)?+["']?+(?:[^<>{}()"']*+["']|(?:[^<>{}()"';]|(?<=&amp);)*+)\s*+\)?+""",
    re.ASCII | re.IGNORECASE,
)
_JOINED = re.compile(r"""[^"')]["']|-(?:->|>)""")
_QUOTE = re.compile("[\"']")
_TELLING = re.compile(rf"\(|@import|[\s/\"':](?:href|background|{'|'.join(ANYWHERE)})\s*+=", re.ASCII | re.IGNORECASE)
# Techniques whose cuts make other text of what stands around: a name or an address without its NUL is another.
_REREAD = frozenset({INLINE, "nul", "entity"})
_ROUNDS = 8  # readings of a tangled text; hostile ones that need more pass whole


def proposals(page: Page) -> tuple[Proposal, ...]:
    """What to do about `page`, by place; the cuts of equal or disjoint places. Raises `Overrun`."""
    found, based = _survey(page)
    settled, tangled = _settle(found)
    again = tangled or any(based or _reaching(page, each) for each in settled)
    return _reread(page, settled) if again else settled


def _reaching(page: Page, proposal: Proposal) -> bool:
    """Whether making this cut may change what stands around it.

    A `>` within a value may end a tag around its own, a brace a declaration; where a value has no closing quote, the
    quote or the `-->` behind it had another meaning, and so has all that stands behind quotes which go. What is decoded
    may read as markup itself, and a script may stand within what looks like one.
    """
    text, (start, end, replacement, _) = page.text, proposal.cut
    if proposal.technique in _REREAD or replacement is None or text.startswith("<", start):
        return proposal.technique in _REREAD and replacement is not None
    if _CONTAINED.fullmatch(text, start, end) is None or _JOINED.match(text, end - 1):
        return True
    if _QUOTE.findall(text, start, end) != _QUOTE.findall(replacement):
        return _requoting(page, start, end)
    return _TELLING.search(replacement) is not None


def _requoting(page: Page, start: int, end: int) -> bool:
    """Whether quotes that go with `[start, end)` may be others than those around one attribute, or within its value."""
    tag = enclosing(page.text, start, page.budget)
    if tag is None:
        return False
    own = [each for each in tag.attributes if each.start == start or each.value_start <= start < end <= each.value_end]
    alone = [each for each in own if each.start == start or each.quote not in page.text[start:end]]
    return not alone or enclosing(page.text, tag.start, page.budget) is not None


def _survey(page: Page) -> tuple[list[Proposal], bool]:
    """What all detectors propose, by place, and whether a base stays: where it serves something, and only then has a
    say.
    """
    based = resolving(page)
    found = _detected(based)
    stays = based is not page and serves(based, found)
    return found if stays or based is page else _detected(page), stays


def _detected(page: Page) -> list[Proposal]:
    found = [proposal for detector in _DETECTORS for proposal in detector(page)]
    found.sort(key=lambda proposal: (proposal.cut.start, -proposal.cut.end))
    return found


def _settle(found: Iterable[Proposal]) -> tuple[tuple[Proposal, ...], bool]:
    """Drop or widen cuts until none overlap; also whether one that was lost may still be needed, or one that was made
    within an address that stays makes another of it.
    """
    settled: list[Proposal] = []
    last: Proposal | None = None
    tangled, kept = False, 0
    for proposal in found:
        if proposal.cut.replacement is None:
            settled.append(proposal)
            kept = max(kept, proposal.cut.end)
        elif last is None or proposal.cut.start >= last.cut.end:
            settled.append(proposal)
            tangled = tangled or proposal.cut.start < kept
            last = proposal
        elif proposal.cut.end <= last.cut.end and last.action in _GOING:
            settled.append(replace(proposal, cut=last.cut, action=last.action))
        else:
            tangled = True
    return tuple(settled), tangled


def _reread(page: Page, settled: Sequence[Proposal]) -> tuple[Proposal, ...]:
    text, findings, count = page.text, list(settled), len(settled)
    for _ in range(_ROUNDS):
        text = apply(text, settled)
        settled, tangled = _settle(_survey(replace(page, text=text))[0])
        acted = [proposal for proposal in settled if proposal.cut.replacement is not None]
        if not acted and not tangled and len(findings) == count:
            return tuple(findings)
        if not acted and not tangled:
            whole = difference(page.text, text)
            return tuple(replace(proposal, cut=whole) for proposal in findings if proposal.cut.replacement is not None)
        findings += acted
    raise Overrun("tangle")


def apply(text: str, settled: Iterable[Proposal]) -> str:
    """`text` with the cuts of settled proposals made."""
    pieces: list[str] = []
    position = 0
    for cut in dict.fromkeys(proposal.cut for proposal in settled):
        if cut.replacement is not None:
            pieces += (text[position : cut.start], cut.replacement)
            position = cut.end
    return "".join([*pieces, text[position:]])
