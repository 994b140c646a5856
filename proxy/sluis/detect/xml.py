"""What a document in XML may say beside its tags, and HTML has no use for: instructions that load, and declarations.

An entity stands for any text, an address or a tag among them (XML 1.0 §4), and an attribute may have a value that no
tag shows (§3.3). Both are declared at the top, where a document of honest origin has names of vocabularies at most.
"""

import re
from collections.abc import Iterator

from sluis.detect.page import Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import is_document, is_remote
from sluis.detect.rewrite import cut_attribute
from sluis.report import Action, Kind
from sluis.scan.html import attribute_at, tail_end
from sluis.scan.references import unescape

_NAMES = re.compile(r"<(?:\?(?:xml-stylesheet|import)|!(?:entity|attlist))(?=[ \t\n\r\f])")
# XML Stylesheet, in XHTML and SVG (W3C Associating Style Sheets §4); Internet Explorer's `import`.
_INSTRUCTION = re.compile(r"<\?(xml-stylesheet|import)(?=[ \t\n\r\f])")
_INSTRUCTED = re.compile(r"(?<=[ \t\n\r\f\"'])(?:href|implementation)(?=[ \t\n\r\f]*+=)")
_LITERAL = r"(?:\"([^\"]*+)\"|'([^']*+)')"
_ENTITY = re.compile(
    r"<!entity[ \t\n\r\f]++(?:%[ \t\n\r\f]++)?+[^ \t\n\r\f<>\"'%]++[ \t\n\r\f]++"
    rf"(?:(system|public)[ \t\n\r\f]++)?+{_LITERAL}(?:[ \t\n\r\f]*+{_LITERAL})?+"
)
_ATTRIBUTES = re.compile(rf"<!attlist[ \t\n\r\f](?:[^\"'<>]++|{_LITERAL})*+")
_VALUE = re.compile(_LITERAL)
# What an entity of XML may stand for: names of vocabularies, words, and characters that no address is made of.
_HARMLESS = re.compile(
    r"http://(?:www\.w3\.org|ns\.adobe\.com)/[a-z0-9./-]*+|[a-z0-9 \t\n\r\f,-]*+"
    r"|&#(?:1[3-9][0-9]|[2-9][0-9]{2}|[1-9][0-9]{3,4});"
)
_STYLE = "the client fetches this style sheet when the message is opened"
_UNSEEN = "an address or a tag can be made of it, unseen"


def xml(page: Page) -> Iterator[Proposal]:
    """Proposals for instructions and declarations, wherever they stand. Raises `Overrun`."""
    if _NAMES.search(page.lowered):
        yield from _instructions(page)
        yield from _entities(page)
        yield from _defaults(page)


def names(lowered: str) -> Iterator[tuple[int, int]]:
    """Where what begins an instruction or a declaration stands; `lowered`: a text in lower case."""
    return (match.span() for match in _NAMES.finditer(lowered))


def _instructions(page: Page) -> Iterator[Proposal]:
    for name, start, end in _instructed(page):
        for match in _INSTRUCTED.finditer(page.lowered, start, end):
            attribute = attribute_at(page.text, match.start(), page.budget)
            address = attribute.value
            if is_remote(address) or is_document(address) or address.lstrip().startswith("#"):  # a program, in XSLT
                cut = cut_attribute(page.text, attribute)
                yield Proposal(Kind.REMOTE_STYLE, Action.REMOVED, name, cut, _STYLE, url=address)


def _instructed(page: Page) -> Iterator[tuple[str, int, int]]:
    """Where attributes of instructions may stand, each once: up to `?>`, or the `>` that HTML ends one at."""
    read = mark = 0
    for match in _INSTRUCTION.finditer(page.lowered):
        mark = max(mark, match.end())
        if not page.text.startswith("?>", mark):
            mark = page.text.find("?>", mark)
            mark = len(page.text) if mark < 0 else mark
        end = max(mark, tail_end(page.text, match.end(), page.budget)) if mark < len(page.text) else mark
        if end > read:
            yield match[1], max(read, match.end()), end
            read = end


def _entities(page: Page) -> Iterator[Proposal]:
    for match in _ENTITY.finditer(page.lowered):
        for group in range(2, 6):
            start, end = match.span(group)
            value = page.lowered[max(start, 0) : max(end, 0)]
            if not _HARMLESS.fullmatch(value) and (not match[1] or is_remote(unescape(value))):
                yield Proposal(Kind.ACTIVE_CONTENT, Action.BLANKED, "entity", Cut(start, end, ""), _UNSEEN)


def _defaults(page: Page) -> Iterator[Proposal]:
    """Values that attributes have without being written."""
    for match in _ATTRIBUTES.finditer(page.lowered):
        for value in _VALUE.finditer(page.lowered, *match.span()):
            start, end = value.span(value.lastindex or 0)
            if is_remote(unescape(value[value.lastindex or 0])) and not _HARMLESS.fullmatch(page.lowered, start, end):
                yield Proposal(Kind.ACTIVE_CONTENT, Action.BLANKED, "attribute-list", Cut(start, end, ""), _UNSEEN)
