"""Links in a letter's plain text: unwrapped and stripped as in HTML, where it is certain which characters they are.

Nothing in plain text loads by itself. So an image's address in brackets, as programs write it that make text of HTML,
counts no open and stays; followed, it is a link like any other.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sluis.detect.address import clearing, look_up, propose
from sluis.detect.page import Found, Page
from sluis.detect.proposal import Cut, Proposal
from sluis.scan.fold import laid_over
from sluis.scan.html import lower
from sluis.scan.plain import LINE_BREAK, Address, addresses

_EXACT = ("\n@@ -", "-----BEGIN PGP ")  # a unified diff, a signed text: programs read them, and to the letter
_BEFORE, _AFTER = 160, 80  # characters around an address that may say what it is for
_BACK, _CONTEXT = 8, 1024  # characters before and behind an address that bear on where it ends
_REST_OF_LINE = re.compile(r"[^\r\n]*+")
_LINE_END = re.compile(r"[ \t]*+(?:\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class Flow:
    """How the lines of a text flow (RFC 3676): `flowed`, a blank at a line's end means the line goes on; `joined`
    (`DelSp=yes`), that blank goes where the lines are joined."""

    flowed: bool = False
    joined: bool = False


FIXED = Flow()


def plain(page: Page, flow: Flow = FIXED) -> Iterator[Proposal]:
    """Proposals for the addresses in a plain text, by place."""
    if any(mark in page.text for mark in _EXACT):
        return
    innocent: set[str] = set()
    position = 0
    for address in addresses(page.text, joined=flow.joined):
        found = None if address.url in innocent else look_up(page, address.url)
        if found is None:
            innocent.add(address.url)
        elif not _goes_on(page, address) and not (
            (words := clearing(found)) and _says(page.text, address, position, words)
        ):
            yield from _proposed(page, address, found, flow)
        position = address.end


def _proposed(page: Page, address: Address, found: Found, flow: Flow) -> Iterator[Proposal]:
    place = Cut(address.start, address.end)
    proposal = propose(page, address.url, found, place, lambda target: _rewritten(page, address, target, flow))
    if proposal.destination is None or _reads_back(page.text, address, proposal.destination, flow):
        yield proposal


def _rewritten(page: Page, address: Address, destination: str, flow: Flow) -> Cut:
    """Another address in the same word. Blanks go behind the word, but where they would make a line flow before it.

    To keep the lines of one that is broken over them, the breaks stay where they are.
    """
    text, start, end = page.text, address.word_start, address.word_end
    word = text[start : address.start] + destination + text[address.end : end]
    if page.policy.fit and len(address.url) < address.end - address.start:
        over = laid_over(text[start:end], LINE_BREAK, word, len(word))
        return Cut(start, end, over or word, len(over or word))
    leading = start > 0 and flow.flowed and _LINE_END.match(text, end)
    return Cut(start, end, word, 0 if leading else len(word))


def _reads_back(text: str, address: Address, destination: str, flow: Flow) -> bool:
    """Whether a client will take exactly `destination` for the address in this place."""
    before = text[max(0, address.start - _BACK) : address.start]
    around = before + destination + text[address.end : address.end + _CONTEXT]
    return any(
        (again.start, again.url) == (len(before), destination) for again in addresses(around, joined=flow.joined)
    )


def _goes_on(page: Page, address: Address) -> bool:
    """Whether a letter beyond ASCII follows, which some clients take for part of the address."""
    behind = page.text[address.word_end : address.word_end + 4]
    return not behind[:1].isascii() and page.native(behind)[:1].isalnum()


def _says(text: str, address: Address, position: int, words: re.Pattern[str]) -> bool:
    """Whether what stands around an address, back to the one before it, is of something a person relies on."""
    before = text[max(position, address.start - _BEFORE) : address.start]
    rest = _REST_OF_LINE.match(text, address.end, address.end + _AFTER)
    return bool(words.search(lower(before)) or (rest and words.search(lower(rest[0]))))
