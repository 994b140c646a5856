"""The answer to a FETCH: its items as spans, and the answer again with some of them replaced (RFC 9051 §7.5.2).

A response is read flat, its literals within it, so that what is not replaced is the server's own to the octet.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluis.imap.section import Section
from sluis.message.splice import splice
from sluis.report import Edit, Span

HEAD = re.compile(rb"\* [0-9]{1,10} (?:UID)?FETCH \(", re.IGNORECASE)
_NAME = re.compile(rb"([A-Za-z0-9.\-]++(?:\[[^\]\r\n]*+\])?(?:<[0-9]++>)?) ")
_LITERAL = re.compile(rb"~?\{([0-9]{1,19})\}\r?\n")
_QUOTED = re.compile(rb'"((?:[^"\\\r\n]|\\.)*+)"')
_ATOM = re.compile(rb"[^\s()\"{]++")
_BETWEEN = re.compile(rb"[^()\"{]++")
_ESCAPED = re.compile(rb"\\(.)")
_LONGEST_NUMBER = 20  # digits
_DEEPEST = 200  # lists within each other
_NEWS = frozenset({b"UID", b"FLAGS", b"MODSEQ"})
_OURS = re.compile(rb"(\(| )BODY\[\] ~?\{[0-9]++\}\r?\n\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the answer. `span` is of all of it, `text` of the octets that it gives, None if they are no string.

    `quoted`: the octets stand between quotes, with some escaped.
    """

    name: bytes
    section: Section | None
    span: Span
    text: Span | None
    quoted: bool

    def octets(self, flat: bytes) -> bytes:
        """The octets it gives."""
        octets = flat[slice(*self.text)] if self.text else b""
        return _ESCAPED.sub(rb"\1", octets) if self.quoted else octets


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer about one message: its octets, and its items in order."""

    flat: bytes
    items: tuple[Item, ...]

    @property
    def number(self) -> int:
        """The number by which it names the message."""
        return int(self.flat.split(b" ", 2)[1])

    @property
    def uid(self) -> int | None:
        """The message's unique identifier, if the answer says it."""
        return self.integer(b"UID")

    def integer(self, name: bytes) -> int | None:
        """What the item `name` gives, if that is there and a number."""
        value = self.value(name)
        return int(value) if value.isdigit() and len(value) < _LONGEST_NUMBER else None

    def value(self, name: bytes) -> bytes:
        """What stands behind the name of an item; nothing if it is not there."""
        found = next((self.flat[slice(*item.span)] for item in self.items if item.name == name), b"")
        return found[len(name) + 1 :]

    def news(self) -> bytes:
        """The response without all but what a server tells unasked: the flags of the message. Nothing without those."""
        spans = {item.name: item.span for item in self.items if item.name in _NEWS}
        if b"FLAGS" not in spans:
            return b""
        return b"* %d FETCH (%s)\r\n" % (self.number, b" ".join(self.flat[slice(*span)] for span in spans.values()))

    def texts(self) -> Iterator[tuple[Item, Section]]:
        """The items that give octets of the message."""
        return ((item, item.section) for item in self.items if item.section and item.text)

    def with_texts(self, texts: Mapping[Item, bytes], without: Item | None = None) -> bytes:
        """The answer with other octets for some items, as long as theirs, and without one of them."""
        edits = [edit for item in self.items if (edit := self._edit(item, texts, without))]
        return splice(self.flat, edits)

    def _edit(self, item: Item, texts: Mapping[Item, bytes], without: Item | None) -> Edit | None:
        start, end = item.span
        if item == without:
            if item != self.items[0]:
                return Edit(start - 1, end, b"")
            return Edit(start, end + 1 if len(self.items) > 1 else end, b"")
        if item.text is None or item not in texts or texts[item] == item.octets(self.flat):
            return None
        if item.quoted:
            return Edit(item.text[0] - 1, end, b"{%d}\r\n" % len(texts[item]) + texts[item])
        return Edit(*item.text, texts[item])


def answer(flat: bytes) -> Answer | None:
    """The items of a whole FETCH response; None if it is not understood."""
    head = HEAD.match(flat)
    position = head.end() if head else 0
    items: list[Item] = []
    if head and flat[position:] == b")\r\n":
        return Answer(flat, ())
    while name := _NAME.match(flat, position):
        value = _value(flat, name.end())
        if not value:
            return None
        end, text, quoted = value
        items.append(Item(name[1].upper(), Section.read(name[1]), (position, end), text, quoted))
        if flat[end : end + 1] == b")":
            return Answer(flat, tuple(items)) if flat[end + 1 :] in {b"\r\n", b"\n"} else None
        if flat[end : end + 1] != b" ":
            return None
        position = end + 1
    return None


def without_whole(text: bytes) -> bytes | None:
    """A line that ends with the announcement of the whole message, without that item; None if it does not."""
    match = _OURS.search(text, max(0, len(text) - 64))
    return text[: match.start()] + (b"(" if match[1] == b"(" else b"") if match else None


def _value(flat: bytes, start: int) -> tuple[int, Span | None, bool] | None:
    """Where the value at `start` ends, the span of its octets if it is a string, and whether that is quoted."""
    if literal := _LITERAL.match(flat, start):
        end = literal.end() + int(literal[1])
        return (end, (literal.end(), end), False) if end <= len(flat) else None
    if quoted := _QUOTED.match(flat, start):
        return quoted.end(), quoted.span(1), True
    if atom := _ATOM.match(flat, start):
        return atom.end(), None, False
    closed = _nested(flat, start)
    return (closed, None, False) if closed else None


def _nested(flat: bytes, start: int) -> int | None:
    """Where the list that opens at `start` closes."""
    depth, position = 0, start
    while position < len(flat):
        if flat[position : position + 1] == b"(":
            depth, position = depth + 1, position + 1
        elif flat[position : position + 1] == b")":
            depth, position = depth - 1, position + 1
        elif literal := _LITERAL.match(flat, position):
            position = literal.end() + int(literal[1])
        elif other := _QUOTED.match(flat, position) or _BETWEEN.match(flat, position):
            position = other.end()
        else:
            return None
        if depth > _DEEPEST:
            return None
        if depth <= 0:
            return position if depth == 0 and position > start and flat[start : start + 1] == b"(" else None
    return None
