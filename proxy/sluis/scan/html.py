"""Every tag any HTML parser could see, with the offsets an edit needs.

How a tag is tokenised from its `<letter` on does not depend on what came before (WHATWG HTML §13.2.5.6 to .40), only
*whether* it is a tag does. So each `<letter` is read as one, whether it stands in a comment, an MSO conditional,
`<noscript>`, raw text or another tag's attribute. No trick that makes two parsers disagree can hide a tag from this.
"""

import re
from collections.abc import Collection, Container, Iterator
from functools import lru_cache

from sluis.scan.budget import Budget
from sluis.scan.references import unescape

_NAME = r"[^ \t\n\r\f/>][^ \t\n\r\f/>=]*+"
_VALUE = r"""(?:"([^"]*+)"|'([^']*+)'|([^ \t\n\r\f>"'][^ \t\n\r\f>]*+))"""
_ATTRIBUTE = re.compile(rf"({_NAME})(?:[ \t\n\r\f]*+=[ \t\n\r\f]*+{_VALUE}?+)?+")
_REST = (
    rf"(?:[ \t\n\r\f/]++|{_NAME}(?:[ \t\n\r\f]*+=[ \t\n\r\f]*+"
    r"""(?:"[^"]*+"|'[^']*+'|[^ \t\n\r\f>"'][^ \t\n\r\f>]*+)?+)?+)*+>"""
)
_TAIL = re.compile(_REST + "?")
_ASSIGNED = re.compile(r"[ \t\n\r\f]*+=")
_BEFORE_NAME = frozenset(" \t\n\r\f/\"':")  # a colon ends a namespace prefix
_UPPER = re.compile(r"[A-Z]+")
_STRAY = re.compile("[\"']")
_SHORT = 1024  # characters of nearly every attribute value
_REACH = 2048  # characters before a place in which a tag around it is looked for
_NEAR = 4096  # characters in which nearly every tag of real mail ends


class Attribute:
    """One attribute as written: `[start, end)` from its name past its value's closing quote.

    `quote` is the delimiter, `''` for an unquoted or missing value. An unquoted value ends at a stray quote, so that
    an edit cannot swallow a delimiter that belongs to a tag around this one; `whole` goes on, as browsers do.
    """

    __slots__ = ("end", "name", "quote", "raw", "start", "value_end", "value_start", "whole")

    def __init__(self, match: re.Match[str]) -> None:
        self.name = match[1].lower()
        self.start, self.end = match.span()
        group = match.lastindex or 1
        self.quote = ("", "", '"', "'", "")[group]
        self.value_start, self.value_end = match.span(group) if group > 1 else (self.end, self.end)
        self.raw: str = match[group] if group > 1 else ""
        self.whole = self.raw
        if group == 4 and (stray := _STRAY.search(self.raw)):
            self.raw = self.raw[: stray.start()]
            self.end = self.value_end = self.value_start + stray.start()

    @property
    def value(self) -> str:
        """The value with character references decoded."""
        return unescape(self.raw)

    @property
    def values(self) -> tuple[str, ...]:
        """What different parsers take for the value, decoded: the one, or behind it what goes on past a stray quote."""
        return (self.value,) if self.whole is self.raw else (self.value, unescape(self.whole))


class Tag:
    """A start tag: `[start, end)` in the text, `name` in lower case without a namespace prefix.

    Its attributes are read when first asked for, and made into `Attribute`s only where one is wanted: of the hundreds
    of tags in a newsletter few are edited.
    """

    __slots__ = ("_matches", "_values", "end", "inner", "name", "start", "text")

    def __init__(self, text: str, name: str, start: int, inner: int, end: int) -> None:
        self.text, self.name, self.start, self.inner, self.end = text, name, start, inner, end
        self._matches: list[tuple[str, re.Match[str]]] | None = None
        self._values: dict[str, str] | None = None

    @property
    def matches(self) -> list[tuple[str, re.Match[str]]]:
        """The attributes by name in lower case, as matches of the grammar."""
        if self._matches is None:
            found = _ATTRIBUTE.finditer(self.text, self.inner, self.end)
            self._matches = [(match[1].lower(), match) for match in found]
        return self._matches

    @property
    def attributes(self) -> list[Attribute]:
        """All attributes in order, repeated names included: which of them wins depends on the parser."""
        return [Attribute(match) for _, match in self.matches]

    def named(self, names: Container[str]) -> list[Attribute]:
        """The attributes called one of `names`, repeated ones included."""
        return [Attribute(match) for name, match in self.matches if name in names]

    @property
    def values(self) -> dict[str, str]:
        """The values by name, as written; of repeated names the first, which is what browsers keep."""
        if self._values is None:
            self._values = {
                name: match[match.lastindex] if match.lastindex != 1 else ""  # type: ignore[index]
                for name, match in reversed(self.matches)
            }
        return self._values

    def value(self, name: str) -> str:
        """The decoded value of the first attribute called `name`, or ''."""
        return unescape(self.values.get(name, ""))

    @property
    def closed(self) -> bool:
        """Whether the tag ends in `>`, as it does not when the text ends within it."""
        return self.text[self.end - 1] == ">"

    @property
    def stray_quote(self) -> bool:
        """Whether a quote stands outside the attribute values: then the tag may lie within another's attribute."""
        marks = self.text.count('"', self.inner, self.end) + self.text.count("'", self.inner, self.end)
        return marks > 0 and marks != sum(
            (2 if attribute.quote else 0) + attribute.raw.count('"') + attribute.raw.count("'")
            for attribute in self.attributes
        )


class TagScanner:
    """Finds the tags of a fixed set of element names, with or without a namespace prefix."""

    def __init__(self, names: Collection[str]) -> None:
        self._open = re.compile(
            rf"<(?:[a-z][a-z0-9_.-]{{0,31}}+:)?+({_alternatives(names)})(?=[ \t\n\r\f/>])", re.ASCII
        )

    def tags(self, text: str, lowered: str, budget: Budget) -> Iterator[Tag]:
        """Every start tag of these elements by start, even overlapping; `lowered`: `lower(text)`. Raises `Overrun`."""
        for match in self._open.finditer(lowered):
            end = tail_end(text, match.end(), budget)
            yield Tag(text, match[1], match.start(), match.end(), end)

    def names(self, lowered: str) -> Iterator[tuple[int, int]]:
        """Where the names of these tags stand. Linear, and so without a budget."""
        return (match.span(1) for match in self._open.finditer(lowered))


def _alternatives(names: Collection[str]) -> str:
    """A pattern for any of `names`, branching at the first letter: the engine tries branches one by one."""
    rests: dict[str, list[str]] = {}
    for name in sorted(names, key=lambda name: (-len(name), name)):
        rests.setdefault(name[0], []).append(name[1:])
    return "|".join(f"{letter}(?:{'|'.join(rest)})" for letter, rest in sorted(rests.items()))


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


# A tag that may contain what stands behind it. Nearly all have no other `<` in them: the same grammar that never takes
# one ends at the same `>`.
_AROUND = re.compile("<(?=[A-Za-z])(?![^ \t\n\r\f/><]++" + _REST.replace("[^", "[^<") + ")")
_NAMED = re.compile(r"<([A-Za-z][^ \t\n\r\f/>]{0,31}+)(?=[ \t\n\r\f/])")


def enclosing(text: str, position: int, budget: Budget) -> Tag | None:
    """The nearest tag that opens not far before `position` and contains it."""
    floor = max(0, position - _REACH)
    nearest = text.rfind("<", floor, position)
    if nearest < 0:
        return None
    if found := _containing(text, nearest, position, budget):
        return found
    blocks = range(position // _REACH, floor // _REACH - 1, -1)
    starts = (start for block in blocks for start in _around(text, block) if floor <= start < nearest)
    return next((tag for start in starts if (tag := _containing(text, start, position, budget))), None)


@lru_cache(maxsize=8)
def _around(text: str, block: int) -> tuple[int, ...]:
    """Where tags start that may contain others, the last one first: found once for all places in and behind a block."""
    found = _AROUND.finditer(text, block * _REACH, (block + 1) * _REACH)
    return tuple(match.start() for match in found)[::-1]


def _containing(text: str, start: int, position: int, budget: Budget) -> Tag | None:
    match = _NAMED.match(text, start)
    if match is None:
        return None
    end = tail_end(text, match.end(), budget)
    return Tag(text, match[1].lower(), start, match.end(), end) if end > position else None


class AttributeScanner:
    """Finds attributes by name alone, on whatever element a parser may put them."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = tuple(names)

    def attributes(self, text: str, lowered: str, budget: Budget) -> Iterator[Attribute]:
        """Every attribute of these names in `text`, name by name; `lowered` is `lower(text)`. Raises `Overrun`."""
        return (attribute_at(text, start, budget) for start, _ in self.names(text, lowered))

    def names(self, text: str, lowered: str) -> Iterator[tuple[int, int]]:
        """Where these names stand. Linear, and so without a budget."""
        for name in self._names:
            start = lowered.find(name)
            while start >= 0:
                end = start + len(name)
                if lowered[start - 1 : start] in _BEFORE_NAME and _ASSIGNED.match(text, end):
                    yield start, end
                start = lowered.find(name, end)


class ValueScanner:
    """Finds the values of one attribute, on whatever element a parser may put it, where most of them are of no use."""

    def __init__(self, name: str) -> None:
        # Anchored on the name, which the engine finds by its letters; the usual spellings of a value in one go.
        self._found = re.compile(
            rf"{name}(?<=[ \t\n\r\f/\"':]{name})(?=[ \t\n\r\f]*+=[ \t\n\r\f]*+"
            rf"""(?:"([^"]{{0,{_SHORT}}}+)"|'([^']{{0,{_SHORT}}}+)'|))"""
        )

    def values(self, text: str, lowered: str, budget: Budget) -> Iterator[tuple[int, str]]:
        """Where each attribute starts, for `attribute_at`, and its value as written. Raises `Overrun`."""
        for match in self._found.finditer(lowered):
            group = match.lastindex
            if group:
                start, end = match.span(group)
                budget.spend(end - start)
                yield match.start(), text[start:end]
            else:
                yield match.start(), attribute_at(text, match.start(), budget).raw


def lower(text: str) -> str:
    """`text` with at least its ASCII letters in lower case, as markup is compared, and every offset kept."""
    try:
        return text.encode("latin-1").lower().decode("latin-1")  # four times as quick as `str.lower`
    except UnicodeEncodeError:
        lowered = text.lower()
        return lowered if len(lowered) == len(text) else _UPPER.sub(lambda match: match[0].lower(), text)


def attribute_at(text: str, start: int, budget: Budget) -> Attribute:
    """The attribute whose name and equals sign stand at `start`. Raises `Overrun`."""
    match = _ATTRIBUTE.match(text, start, start + _NEAR)
    if match is None or match.end() == start + _NEAR:
        match = _ATTRIBUTE.match(text, start)
    if match is None:  # pragma: no cover - a name and an equals sign stand here
        raise ValueError(start)
    budget.spend(match.end() - start)
    return Attribute(match)
