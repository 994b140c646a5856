"""Everything else a client may fetch or run by itself; `elements` says which attribute of which element does it.

Cutting the attribute is enough and changes least: the element stays, and with nothing to load it does nothing.
"""

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import replace

from sluis.detect.elements import ANYWHERE, LOADS, Load
from sluis.detect.page import Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import is_app, is_document, is_remote
from sluis.detect.rewrite import cut_attribute, empty_frame
from sluis.report import Action, Kind
from sluis.scan.html import Attribute, AttributeScanner, Tag

_ANYWHERE_SCANNER = AttributeScanner(ANYWHERE)
_PREFETCHING = frozenset({"dns-prefetch", "preconnect", "prefetch", "preload", "prerender", "modulepreload"})
_REFRESH = re.compile(
    r"[ \t\n\r\f]*+[0-9.]*+[ \t\n\r\f]*+[;,]?[ \t\n\r\f]*+(?:url[ \t\n\r\f]*+=[ \t\n\r\f]*+)?[\"']?", re.IGNORECASE
)
_LISTED = re.compile(r"[ \t\n\r\f;,]++")
_PINNED = "msapplication-"
_FRAME = ("iframe", "src")
INLINE = "inline-script"
_SCRIPT_END = re.compile(r"</script(?=[ \t\n\r\f/>])[^>]*+>", re.IGNORECASE | re.ASCII)
# Types whose text a browser acts on (WHATWG HTML §4.12.1); any other makes of a script a block of data.
_PROGRAM = re.compile(
    r"[ \t\n\r\f]*+(?:\Z|[\w/.+-]*?(?:java|ecma|live|j|vb)script|module|importmap|speculationrules)",
    re.IGNORECASE | re.ASCII,
)
_NEEDLESS = "it is a program, which no mail needs"
_TAG = re.compile(r"""<[A-Za-z/!?](?:"[^"<]*+"|'[^'<]*+'|[^<>"'])*+""")
_SKIPPED = "a client that skips NUL reads a name or an address here that no other sees"
_LEAD = re.compile(r"\s*+(?:<!--\s*+)?+")
_MARKUP = re.compile(r"<[A-Za-z/!?]|-->")
_WHY = {
    Kind.ACTIVE_CONTENT: "the client runs or loads it when the message is opened",
    Kind.PREFETCH: "the client connects to its host when the message is opened",
    Kind.REMOTE_STYLE: "the client fetches this style sheet when the message is opened",
    Kind.MEDIA: "the client fetches it when the message is opened",
    Kind.REMOTE_IMAGE: "the client fetches this drawing when the message is opened",
}


def loads(page: Page) -> Iterator[Proposal]:
    """Proposals for whatever loads by itself and is no image of the page's content. Raises `Overrun`."""
    ends = _script_ends(page) if any(tag.name == "script" for tag in page.tags) else []
    for tag in page.tags:
        if tag.name == "link":
            yield from _link(page, tag)
        elif tag.name == "meta":
            yield from _meta(page, tag)
        elif (load := LOADS.get(tag.name)) and not (page.base and tag.name == "base"):
            yield from _element(page, tag, load, ends)
    for attribute in _ANYWHERE_SCANNER.attributes(page.text, page.lowered, page.budget):
        if _calls(attribute):
            yield _cut(page, attribute, ANYWHERE[attribute.name], attribute.name, attribute.value)
    if "\0" in page.text:
        yield from _nulls(page)


def _element(page: Page, tag: Tag, load: Load, ends: list[re.Match[str]]) -> Iterator[Proposal]:
    if tag.name == "script":
        yield from _inline(page, tag, ends)
    for attribute in tag.named(spellings(tag, load)):
        if _loads(attribute, load):
            found = _cut(page, attribute, load.kind, tag.name, attribute.value)
            framed = (tag.name, attribute.name) == _FRAME
            yield replace(found, cut=empty_frame(page.text, attribute, fit=page.policy.fit)) if framed else found


def _calls(attribute: Attribute) -> bool:
    """Whether one of `ANYWHERE` leads off the message: in the path of an address `/ping=1` looks like an attribute."""
    if attribute.name in {"attributionsrc", "srcdoc"}:
        return bool(attribute.raw) or attribute.name == "attributionsrc"
    return any(map(is_remote, (attribute.value, *_LISTED.split(attribute.value))))


def spellings(tag: Tag, load: Load) -> list[str]:
    """The names of the tag's attributes that are the load's, with their prefixes."""
    return [name for name in tag.values if name[name.rfind(":") + 1 :] in load.attributes]


def _loads(attribute: Attribute, load: Load) -> bool:
    if attribute.name == "srcdoc":
        return False  # found wherever it stands, see ANYWHERE
    value = attribute.value
    if attribute.name in {"values", "to", "from", "by", "archive"}:
        return any(map(is_remote, _LISTED.split(value)))
    return is_remote(value) or (load.documents and (is_document(value) or is_app(value)))


def _script_ends(page: Page) -> list[re.Match[str]]:
    """Every end tag of a script, looked for once: scripts within each other end alike."""
    page.budget.spend(len(page.text))
    return list(_SCRIPT_END.finditer(page.text))


def _inline(page: Page, tag: Tag, ends: list[re.Match[str]]) -> Iterator[Proposal]:
    """A program written out goes whole; one that could be markup to a parser that sees no script stays, as text."""
    index = bisect_left(ends, tag.end, key=re.Match.start)
    if index == len(ends) or tag.stray_quote or not _PROGRAM.match(tag.value("type")):
        return
    stop = ends[index].start()
    start = _LEAD.match(page.text, tag.end, stop).end()  # type: ignore[union-attr]
    markup = _MARKUP.search(page.text, start, stop)
    if markup and (markup[0] != "-->" or page.text[markup.end() : stop].strip()):
        if page.policy.fit:  # there is no room for a name
            return
        named = page.text[tag.start : tag.inner] + " type=x"
        yield Proposal(
            Kind.ACTIVE_CONTENT, Action.BLANKED, "script-type", Cut(tag.start, tag.inner, named, len(named)), _NEEDLESS
        )
    elif start < (markup.start() if markup else stop):
        yield Proposal(Kind.ACTIVE_CONTENT, Action.REMOVED, INLINE, Cut(tag.start, ends[index].end(), " "), _NEEDLESS)


def _nulls(page: Page) -> Iterator[Proposal]:
    """NUL within tags, in whose place a letter makes of the name or address one that nobody knows."""
    for tag in _TAG.finditer(page.text):
        start = page.text.find("\0", *tag.span())
        while start >= 0:
            yield Proposal(Kind.ACTIVE_CONTENT, Action.BLANKED, "nul", Cut(start, start + 1, "_", 1), _SKIPPED)
            start = page.text.find("\0", start + 1, tag.end())


def _link(page: Page, tag: Tag) -> Iterator[Proposal]:
    relations = tag.value("rel").lower().split()
    for attribute in tag.named({"href"}):
        if "stylesheet" in relations and is_document(attribute.value):
            yield _cut(page, attribute, Kind.ACTIVE_CONTENT, "link-stylesheet", attribute.value)
        elif not is_remote(attribute.value):
            continue
        elif "stylesheet" in relations:
            url = page.url(attribute.value)
            if not (url and page.policy.shared_styles and page.rules.shared_style_host(url.host)):
                yield _cut(page, attribute, Kind.REMOTE_STYLE, "link-stylesheet", attribute.value)
        else:
            relation = next((name for name in relations if name in _PREFETCHING), "other")
            yield _cut(page, attribute, Kind.PREFETCH, f"link-{relation}", attribute.value)


def acts(tag: Tag) -> bool:
    """Whether a `meta` may make a client load what it says."""
    return _as_header(tag) or _is_pinned(tag)


def _as_header(tag: Tag) -> bool:
    return tag.value("http-equiv").strip().lower() in {"refresh", "link"}


def _is_pinned(tag: Tag) -> bool:
    return tag.value("name").strip().lower().startswith(_PINNED)


def _meta(page: Page, tag: Tag) -> Iterator[Proposal]:
    """`<meta http-equiv=refresh content="0;url=…">` (WHATWG HTML §4.2.5.3), and what else the header could do."""
    if _is_pinned(tag):
        yield from _pinned(page, tag)
    if not _as_header(tag):
        return
    for attribute in tag.named({"content"}):
        target = _REFRESH.sub("", attribute.value, count=1).lstrip("<")
        if is_remote(target) or is_document(target) or is_app(target):
            yield _cut(page, attribute, Kind.ACTIVE_CONTENT, "meta-refresh", target)


def _pinned(page: Page, tag: Tag) -> Iterator[Proposal]:
    """What Windows fetches for a page on its start screen, again and again: an address, or `name=address; …`."""
    for attribute in tag.named({"content"}):
        words = _LISTED.split(attribute.value)
        for address in (word for each in words for word in (each, each.partition("=")[2])):
            if is_remote(address):
                yield _cut(page, attribute, Kind.PREFETCH, "meta-pinned", address)
                break


def _cut(page: Page, attribute: Attribute, kind: Kind, technique: str, address: str) -> Proposal:
    _, hit = page.opens(address)
    return Proposal(
        kind,
        Action.REMOVED,
        technique,
        cut_attribute(page.text, attribute),
        _WHY[kind],
        url=address,
        vendor=hit.vendor if hit else None,
        rule=hit.rule if hit else None,
    )
