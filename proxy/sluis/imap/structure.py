"""The tree of a message's parts as its server tells it, and a message put together from some of them (RFC 9051 §7.5.2).

A part alone cannot be cleaned: what it is, says its header, and what it lies in. A message that has the same headers
in the same tree, the texts that are read and nothing else comes out clean as the stored one does. Where our own parser
does not find in it the parts that the server numbers, nothing is known.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import accumulate, takewhile

from sluis.message.fields import fields, structured
from sluis.message.mime import Message, parse

_MOST = 200  # parts, and words in one list
_DEEPEST = 20
_WORD = re.compile(rb'[ ]*+(?:"((?:[^"\\]|\\.)*+)"|~?\{([0-9]{1,19})\}\r?\n|([()])|([^\s()"{]++))', re.DOTALL)
_MESSAGES = ([b"message", b"rfc822"], [b"message", b"global"])
_EMBEDDED = 8  # where the structure of a message in a message stands (RFC 9051 §9, body-type-msg)

Value = bytes | list["Value"]


@dataclass(frozen=True, slots=True)
class Node:
    """A part of a message, or the message: the sections that have its header and its body, and the parts in that.

    A multipart that is all of a message has no number, and no section of its own.
    """

    header: bytes
    body: bytes
    multipart: bool
    children: tuple["Node", ...]

    def walk(self) -> Iterator["Node"]:
        """It and all that it holds, in the order in which they stand."""
        yield self
        for child in self.children:
            yield from child.walk()


def structure(octets: bytes) -> Node | None:
    """The message that a BODYSTRUCTURE describes; None if that is not understood, or has too many parts."""
    value = _value(octets)
    node = _node(value, b"", b"1", b"HEADER") if value else None
    return node if node and sum(1 for _ in node.walk()) <= _MOST else None


def _node(value: Value, base: bytes, own: bytes, header: bytes) -> Node | None:
    """`base` begins the numbers of its parts if it is a multipart, `own` is its number if not (RFC 9051 §6.4.5.1)."""
    if not isinstance(value, list) or not value:
        return None
    kind = [word.lower() for word in value[:2] if isinstance(word, bytes)]
    if isinstance(value[0], list):
        parts = list(takewhile(lambda each: isinstance(each, list), value))
        paths = [b".".join(filter(None, (base, b"%d" % number))) for number in range(1, len(parts) + 1)]
        found = [_node(part, path, path, path + b".MIME") for part, path in zip(parts, paths, strict=True)]
    elif kind in _MESSAGES and len(value) > _EMBEDDED and isinstance(value[_EMBEDDED], list):
        found = [_node(value[_EMBEDDED], own, own + b".1", own + b".HEADER")]
    elif len(kind) == 2:
        return Node(header, own, False, ())
    else:
        return None
    children = tuple(child for child in found if child)
    multipart = isinstance(value[0], list)
    body = own if own == base or not multipart else b""
    return Node(header, body, multipart, children) if len(children) == len(found) else None


def _value(octets: bytes) -> Value | None:
    """The list that `octets` write."""
    opened: list[list[Value]] = [[]]
    position = 0
    while word := _WORD.match(octets, position):
        position = word.end()
        if word[2]:
            position += int(word[2])
            opened[-1].append(octets[word.end() : position])
        elif word[3] == b"(":
            opened.append([])
        elif word[3]:
            closed = opened.pop()
            if not opened:
                return None
            opened[-1].append(closed)
        else:
            opened[-1].append(word[4] if word[1] is None else word[1])
        if len(opened) > _DEEPEST or len(opened[-1]) > _MOST:
            return None
    return opened[0][0] if position == len(octets) and len(opened) == len(opened[0]) == 1 else None


@dataclass(frozen=True, slots=True)
class Assembly:
    """A message put together: its octets, what our parser finds in them, and where the sections begin it is made of."""

    raw: bytes
    message: Message
    begins: Mapping[bytes, int]


def assemble(node: Node, sections: Mapping[bytes, bytes]) -> Assembly | None:
    """The message of these sections, its other leaves empty; None if our parser would not number them so.

    Raises KeyError if a header is missing.
    """
    pieces = list(_pieces(node, sections))
    raw = b"".join(octets for _, octets in pieces)
    ends = accumulate(len(octets) for _, octets in pieces)
    spans = {name: (end - len(octets), end) for (name, octets), end in zip(pieces, ends, strict=True) if name}
    message = parse(raw)
    leaves = {part.path.encode(): part.body for part in message.parts}
    alike = list(leaves) == [each.body for each in node.walk() if not each.children]
    apart = all(spans.get(leaf, span) == span for leaf, span in leaves.items())
    return (
        Assembly(raw, message, {name: start for name, (start, _) in (leaves | spans).items()})
        if alike and apart
        else None
    )


def _pieces(node: Node, sections: Mapping[bytes, bytes]) -> Iterator[tuple[bytes | None, bytes]]:
    """The octets of a part in order, those of its body with their section."""
    header = sections[node.header]
    yield None, header if header.endswith((b"\n\r\n", b"\n\n")) or header == b"\r\n" else header + b"\r\n"
    if not node.children or node.body in sections:
        yield node.body, sections.get(node.body, b"")
        return
    boundary = _boundary(header) if node.multipart else b""
    for child in node.children:
        if node.multipart:
            yield None, b"--" + boundary + b"\r\n"
        yield from _pieces(child, sections)
        if node.multipart:
            yield None, b"\r\n"
    if node.multipart:
        yield None, b"--" + boundary + b"--\r\n"


def _boundary(header: bytes) -> bytes:
    found, _, _ = fields(header, 0, len(header))
    kinds = [structured(header[slice(*field.value)])[1] for field in found if field.name == b"content-type"]
    return next((kind["boundary"] for kind in kinds if "boundary" in kind), b"").rstrip()
