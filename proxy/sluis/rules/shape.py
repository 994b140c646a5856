"""URL shapes and an index over them: of hundreds, a URL is held against the few it could have.

A shape needs all that it names. Those bound to hosts are found by walking up the URL's host; those that hold on any
host (custom tracking domains) by the first segment of the path, which nearly all of them spell out.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import unquote

from sluis.urls.parse import Url

_SEEN = 4096
_NAME = re.compile(r"\(\?P<\w+>")
_SEGMENT = re.compile(r"\^/((?:[A-Za-z0-9_-]|\\\.)++)(?:/|\$$)")


@dataclass(frozen=True, slots=True)
class Shape:
    """Where a URL points: `hosts` ('*.x' for x and all below it; none: anywhere), `path`, and values in its query.

    The name '' stands for the whole query, where a token has no name.
    """

    hosts: tuple[str, ...]
    path: re.Pattern[str]
    query: tuple[tuple[str, re.Pattern[str]], ...] = ()

    def matches(self, url: Url) -> bool:
        """Whether `url` has the shape, its host aside."""
        return bool(self.path.match(url.path)) and (not self.query or self._holds(url.query))

    def _holds(self, query: str) -> bool:
        given = parameters(query) | {"": query}
        return all(name in given and pattern.fullmatch(given[name]) for name, pattern in self.query)

    @property
    def segment(self) -> str | None:
        """The first segment of every path it matches, where the pattern spells it out."""
        found = _SEGMENT.match(self.path.pattern)
        return found[1].replace("\\.", ".") if found else None


def parameters(query: str) -> dict[str, str]:
    """The first value of each name in a query, percent-decoded."""
    pairs = (pair.partition("=") for pair in query.replace("&amp;", "&").split("&"))
    if "%" not in query:
        return {name: value for name, _, value in reversed(list(pairs))}
    return {unquote(name): unquote(value) for name, _, value in reversed(list(pairs))}


T = TypeVar("T")


class Index(Generic[T]):
    """Things by the shape that leads to them, in the order given."""

    def __init__(self, entries: Iterable[tuple[Shape, T]]) -> None:
        entries = list(entries)
        self._entries = tuple(entries)
        self._hosts: dict[str, list[tuple[Shape, T]]] = {}
        self._seen: dict[str, list[tuple[Shape, T]]] = {}
        self._segments: dict[str, list[tuple[Shape, T]]] = {}
        rest: list[tuple[Shape, T]] = []
        for shape, thing in entries:
            for host in shape.hosts:
                self._hosts.setdefault(host, []).append((shape, thing))
            if not shape.hosts and shape.segment is not None:
                self._segments.setdefault(shape.segment, []).append((shape, thing))
            elif not shape.hosts:
                rest.append((shape, thing))
        self._rest = _Gated(entry for entry in rest if not entry[0].query)
        self._queried = _Gated(entry for entry in rest if entry[0].query)

    def things(self) -> tuple[T, ...]:
        """Everything in the index, in the order given."""
        return tuple(thing for _, thing in self._entries)

    def entries(self) -> tuple[tuple[Shape, T], ...]:
        """The same with the shapes that lead there."""
        return self._entries

    def find(self, url: Url) -> Iterator[tuple[Shape, T]]:
        """What has the shape of `url`, those bound to its host first."""
        for shape, thing in self._on(url.host):
            if shape.matches(url):
                yield shape, thing
        end = url.path.find("/", 1)
        for shape, thing in self._segments.get(url.path[1:end] if end > 0 else url.path[1:], ()):
            if shape.matches(url):
                yield shape, thing
        yield from self._rest.find(url)
        if url.query:
            yield from self._queried.find(url)

    def _on(self, host: str) -> Sequence[tuple[Shape, T]]:
        """What is bound to `host`. A mailing names few hosts many times, so the last few thousand are remembered."""
        found = self._seen.get(host)
        if found is None:
            if len(self._seen) >= _SEEN:
                self._seen.clear()
            found = self._seen[host] = [entry for name in _above(host) for entry in self._hosts.get(name, ())]
        return found


class _Gated(Generic[T]):
    """Shapes that no index leads to: one look at a path tells whether any of them is worth trying."""

    def __init__(self, entries: Iterable[tuple[Shape, T]]) -> None:
        self._entries = tuple(entries)
        patterns = [_NAME.sub("(?:", shape.path.pattern) for shape, _ in self._entries]
        self._gate = re.compile("|".join(patterns) or r"(?!)", re.ASCII)

    def find(self, url: Url) -> Iterable[tuple[Shape, T]]:
        if self._gate.match(url.path) is None:
            return ()
        return ((shape, thing) for shape, thing in self._entries if shape.matches(url))


def _above(host: str) -> Iterator[str]:
    """The names under which a host may be listed: itself, and `*.` before itself and every domain above."""
    yield host
    yield "*." + host
    dot = host.find(".")
    while dot > 0:
        yield "*" + host[dot:]
        dot = host.find(".", dot + 1)
