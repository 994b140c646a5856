"""Every tag any HTML parser could see, with the offsets an edit needs.

How a tag is tokenised from its `<letter` on does not depend on what came before (WHATWG HTML §13.2.5.6 to .40), only
*whether* it is a tag does. So each `<letter` is read as one, whether it stands in a comment, an MSO conditional,
`<noscript>`, raw text or another tag's attribute. No trick that makes two parsers disagree can hide a tag from this.
"""

import re
from collections.abc import Iterator
from functools import cached_property

from sluis.scan.budget import Budget
from sluis.scan.references import unescape

_NAME = r"[^ \t\n\r\f/>][^ \t\n\r\f/>=]*+"
_VALUE = r"""(?:"([^"]*+)"|'([^']*+)'|([^ \t\n\r\f>"'][^ \t\n\r\f>]*+))"""
_ATTRIBUTE = re.compile(rf"({_NAME})(?:[ \t\n\r\f]*+=[ \t\n\r\f]*+{_VALUE}?+)?+")
_TAIL = re.compile(
    rf"(?:[ \t\n\r\f/]++|{_NAME}(?:[ \t\n\r\f]*+=[ \t\n\r\f]*+"
    r"""(?:"[^"]*+"|'[^']*+'|[^ \t\n\r\f>"'][^ \t\n\r\f>]*+)?+)?+)*+>?"""
)
_STRAY = re.compile("[\"']")
_NEAR = 4096  # characters in which nearly every tag of real mail ends


class Attribute:
    """One attribute as written: `[start, end)` from its name past its value's closing quote.

    `quote` is the delimiter, `''` for an unquoted or missing value. An unquoted value ends at a stray quote, so that
    an edit cannot swallow a delimiter that belongs to a tag around this one.
    """

    __slots__ = ("end", "name", "quote", "raw", "start", "value_end", "value_start")

    def __init__(self, match: re.Match[str]) -> None:
        self.name = match[1].lower()
        self.start, self.end = match.span()
        group = match.lastindex or 1
        self.quote = ("", "", '"', "'", "")[group]
        self.value_start, self.value_end = match.span(group) if group > 1 else (self.end, self.end)
        self.raw: str = match[group] if group > 1 else ""
        if group == 4 and (stray := _STRAY.search(self.raw)):
            self.raw = self.raw[: stray.start()]
            self.end = self.value_end = self.value_start + stray.start()

    @property
    def value(self) -> str:
        """The value with character references decoded."""
        return unescape(self.raw)


class Tag:
    """A start tag: `[start, end)` in the text, `name` in lower case without a namespace prefix."""

    def __init__(self, text: str, name: str, start: int, inner: int, end: int) -> None:
        self.text, self.name, self.start, self.inner, self.end = text, name, start, inner, end

    @cached_property
    def attributes(self) -> tuple[Attribute, ...]:
        """All attributes in order, repeated names included: which of them wins depends on the parser."""
        return tuple(map(Attribute, _ATTRIBUTE.finditer(self.text, self.inner, self.end)))

    @cached_property
    def first(self) -> dict[str, Attribute]:
        """The attributes by name; of repeated ones the first, which is what browsers keep."""
        return {attribute.name: attribute for attribute in reversed(self.attributes)}

    def value(self, name: str) -> str:
        """The decoded value of the first attribute called `name`, or ''."""
        attribute = self.first.get(name)
        return attribute.value if attribute else ""

    @property
    def closed(self) -> bool:
        """Whether the tag ends in `>`, as it does not when the text ends within it."""
        return self.text[self.end - 1] == ">"

    @cached_property
    def stray_quote(self) -> bool:
        """Whether a quote stands outside the attribute values: then the tag may lie within another's attribute."""
        marks = self.text.count('"', self.inner, self.end) + self.text.count("'", self.inner, self.end)
        return marks > 0 and marks != sum(
            (2 if attribute.quote else 0) + attribute.raw.count('"') + attribute.raw.count("'")
            for attribute in self.attributes
        )


class TagScanner:
    """Finds the tags of a fixed set of element names, with or without a namespace prefix."""

    def __init__(self, names: frozenset[str]) -> None:
        alternatives = "|".join(sorted(names, key=lambda name: (-len(name), name)))
        self._open = re.compile(
            rf"<(?:[a-z][a-z0-9_.-]{{0,31}}:)?({alternatives})(?=[ \t\n\r\f/>])", re.IGNORECASE | re.ASCII
        )

    def tags(self, text: str, budget: Budget) -> Iterator[Tag]:
        """Every start tag of these elements in `text`, by start; they may overlap. Raises `Overrun`."""
        for match in self._open.finditer(text):
            end = tail_end(text, match.end(), budget)
            yield Tag(text, match[1].lower(), match.start(), match.end(), end)


def tail_end(text: str, position: int, budget: Budget) -> int:
    """The offset past the `>` that ends a tag whose name ends at `position`, or the text's end."""
    limit = position + _NEAR
    match = _TAIL.match(text, position, limit)
    end = match.end() if match else position
    if end < len(text) and text[end - 1] != ">":
        budget.spend(end - position)
        match = _TAIL.match(text, position)
        end = match.end() if match else position
    budget.spend(end - position)
    return end


_ENCLOSING = re.compile(r"<([A-Za-z][^ \t\n\r\f/>]{0,31}+)(?=[ \t\n\r\f/])")


def enclosing(text: str, position: int, budget: Budget, reach: int = 2048) -> Tag | None:
    """The nearest tag that opens within `reach` characters before `position` and contains it."""
    floor = max(0, position - reach)
    start = text.rfind("<", floor, position)
    while start >= floor:
        budget.spend(position - start)
        if match := _ENCLOSING.match(text, start):
            end = tail_end(text, match.end(), budget)
            if end > position:
                return Tag(text, match[1].lower(), start, match.end(), end)
        start = text.rfind("<", floor, start)
    return None


class AttributeScanner:
    """Finds attributes by name alone, on whatever element a parser may put them."""

    def __init__(self, names: frozenset[str]) -> None:
        alternatives = "|".join(sorted(names, key=lambda name: (-len(name), name)))
        self._name = re.compile(rf"(?<=[ \t\n\r\f/\"'])(?:{alternatives})(?=[ \t\n\r\f]*+=)", re.IGNORECASE | re.ASCII)

    def attributes(self, text: str, budget: Budget) -> Iterator[Attribute]:
        """Every attribute of these names in `text`, by start. Raises `Overrun`."""
        for found in self._name.finditer(text):
            match = _ATTRIBUTE.match(text, found.start(), found.start() + _NEAR)
            if match is None or match.end() == found.start() + _NEAR:
                match = _ATTRIBUTE.match(text, found.start())
            if match is not None:
                budget.spend(match.end() - match.start())
                yield Attribute(match)
