"""A redirect that no rule names, told by what it carries: senders count clicks on hosts and by scripts of their own.

An address within another is no proof: pages that share, translate, show or sign in are given one too. So signs have to
agree. What is written so that no person could read it was not meant for one; else its parameter, and the page or its
host, must be named for a redirect. Whatever comes back to where one was, signs in or is good for something itself is
told by its words and left alone, and so is what carries two addresses.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sluis.rules.shape import parameters
from sluis.urls import signs, vocabulary
from sluis.urls.parse import Url, parse
from sluis.urls.unwrap import destination
from sluis.urls.within import WEB, Written, carries, coded, hinted, said, written

_SEGMENTS = 8  # of a path that are coded, or over which base64 with slashes in it may be spread
_HOST = 253  # characters of a host, which DNS has no more of (RFC 1035 §2.3.4)
_WORDS = 48  # characters of a segment, over which it has no words but is a token
# An address that is written out within another's path or query: all that follows belongs to it.
_IN_PATH = re.compile(r"/\*{0,2}(?=https?(?::|%3a)/)", re.IGNORECASE)
_IN_QUERY = re.compile(r"&+(?=https?://)", re.IGNORECASE)
_NAMED = re.compile(r"([a-z_-]{1,32})[=:](?=http)", re.IGNORECASE)  # a segment that is a parameter


class Carried(NamedTuple):
    """Where a redirect leads, whether it is there to warn of dangerous sites, and whether it is surely one."""

    destination: str
    security: bool
    sure: bool


class _Parts(NamedTuple):
    """A path, and parameters, and the address that is written out behind them ('' for none), at times behind a star."""

    path: str
    given: dict[str, str]
    rest: str = ""
    starred: bool = False


def carried(url: Url) -> Carried | None:
    """The one address that `url` carries, where all speaks for a redirect to it; else None."""
    if not hinted(url.text) or len(url.host) > _HOST:
        return None
    parts = _split(url)
    page = _page(url.host, parts)
    if page.useful or (parts.rest and page.named < signs.SURE and not (parts.starred and page.spoken)):
        return None
    values = written(parts.rest, signs.WHOLE) if parts.rest or parts.starred else _values(url, page, parts.given)
    found = {text for value in values if (text := destination(value.text)) and _leads(page, value, text)}
    return Carried(found.pop(), page.guards, page.named == signs.SURE) if len(found) == 1 else None


def redirecting(url: Url) -> bool:
    """Whether the page, or its host, is named for nothing but a redirect: what parameters it has make it work."""
    return signs.surely(f"{url.host}{url.path}".lower())


def _split(url: Url) -> _Parts:
    """What `url` is made of. Some write an address twice, with stars before each: where one ends nobody knows."""
    if found := _IN_PATH.search(url.path):
        rest = url.path[found.end() :] + "?" * bool(url.query) + url.query
        return _Parts(url.path[: found.start() + 1], {}, "" if "*http" in rest else rest, starred="*" in found[0])
    if found := _IN_QUERY.search(url.query):
        return _Parts(url.path, parameters(url.query[: found.start()]), url.query[found.end() :])
    return _Parts(url.path, parameters(_separated(url.query)))


def _page(host: str, parts: _Parts) -> signs.Page:
    segments = [part.lower() for part in parts.path.split("/") if len(part) <= _WORDS and not carries(part)]
    return signs.page(host, segments, {name: value for name, value in parts.given.items() if not carries(value)})


def _leads(page: signs.Page, value: Written, text: str) -> bool:
    inner = parse(text)
    if inner is None:  # a person is led to by what is surely a redirect
        return page.named == signs.SURE
    if page.named < signs.SURE and (not value.whole or vocabulary.PICTURE.search(inner.path)):
        return False
    return signs.agree(page, value.name, inner.host, coded=value.coded)


def _values(url: Url, page: signs.Page, given: dict[str, str]) -> Iterator[Written]:
    """All that may be an address in the query of `url`, and in the segments of its path if it is coded there."""
    if WEB.match(url.query) or "=" not in url.query.rstrip("="):
        if url.path == "/" or page.spoken:  # nothing but an address is asked for
            yield from _alone(url.query)
    else:
        for name, value in given.items():
            if page.named == signs.SURE or name.lower() not in vocabulary.KEYS:
                yield from written(value, name)
    yield from _segments(url.path.split("/"))


def _alone(query: str) -> Iterator[Written]:
    """The address that is all of a query, is in a code that is, or is one of its segments."""
    found = [value if value.name else value._replace(name=signs.WHOLE) for value in written(query, signs.UNNAMED)]
    pieces = query.split("/") if "/" in query and not found else []
    yield from found
    yield from (each for piece in pieces if "%" in piece for each in written(piece, signs.WHOLE) if not each.coded)


def _separated(query: str) -> str:
    """`query` with its parameters between ampersands: some write semicolons, which no address has that is encoded."""
    return query if "&" in query or "%3a%2f%2f" not in query.lower() else query.replace(";", "&")


def _segments(segments: list[str]) -> Iterator[Written]:
    places = [place for place, segment in enumerate(segments) if coded(segment) or "%" in segment]
    for place in places if len(places) <= _SEGMENTS else ():
        named = _NAMED.match(segments[place])
        value, name = (segments[place][named.end() :], named[1]) if named else (segments[place], signs.SEGMENT)
        found = list(written(value, name))
        # Base64 has slashes too: where what follows could belong to it, nobody knows where it ends. A JWT has none.
        if found and ("." in segments[place] or not any(map(said, _joined(segments[place : place + _SEGMENTS])))):
            yield from found


def _joined(segments: list[str]) -> Iterator[str]:
    """The first of `segments` with as many of those behind it as there are, or fewer."""
    return ("/".join(segments[:end]) for end in range(2, len(segments) + 1))
