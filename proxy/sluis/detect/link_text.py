"""The text of a link that shows its address: it follows where the address goes.

`<a href="REDIRECT">REDIRECT</a>` is what programs make of a bare address. Were only the link unwrapped, a reader would
see one address and follow another, and what is copied from the text would still report. Text that shows anything else,
an address cut short or without its scheme among it, is the writer's own.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from sluis.detect.address import look_up, only_stripped, propose
from sluis.detect.page import Found, Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.rewrite import escaped
from sluis.scan.html import Tag
from sluis.scan.references import unescape
from sluis.urls.resolve import Resolution

# The text of a link that is one address, perhaps within an element or two.
_TEXT = re.compile(
    r"(?:[ \t\n\r\f]*+<[a-z][^<>]{0,512}+>){0,3}+[ \t\n\r\f]*+(https?:[^<>]{1,4096}+)(?=</)", re.IGNORECASE | re.ASCII
)
_BREAK = re.compile(r"[ \t]*+[\r\n][ \t\r\n]*+")


def shown(page: Page, tag: Tag, link: str, found: Found) -> Iterator[Proposal]:
    """The proposal for the text behind `tag`, whose address `link` leads where `found` says, if it shows that one.

    It may be `link` itself, or its destination with parameters of the same kind.
    """
    match = _TEXT.match(page.text, tag.end)
    if tag.name != "a" or match is None or not isinstance(found, Resolution):
        return
    page.budget.spend(match.end() - tag.end)
    raw = match[1].rstrip(" \t\n\r\f")
    address = unescape(_BREAK.sub("", raw))
    here = look_up(page, address) if address.isascii() and " " not in address else None
    same = address == link or (here and only_stripped(here))
    if same and isinstance(here, Resolution) and here.destination == found.destination:
        start = match.start(1)
        replacement = escaped(found.destination, raw)
        cut = Cut(start, start + len(raw), replacement, len(replacement))
        yield replace(propose(page, address, here, cut, lambda _: cut), technique="link-text")
