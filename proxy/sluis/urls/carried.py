"""A redirect that no rule names, told by what it carries: senders count clicks on hosts and by scripts of their own.

An address within another is no proof: pages that share, translate, show or sign in are given one too. So signs have to
agree. What is written so that no person could read it was not meant for one; else its parameter, and the page or its
host, must be named for a redirect. Whatever comes back to where one was, signs in or is good for something itself is
told by its words and left alone, and so is what carries two addresses.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote

from sluis.rules.shape import parameters
from sluis.rules.words import any_of
from sluis.urls.parse import Url, parse
from sluis.urls.suffix import site
from sluis.urls.unwrap import DECODERS, destination

_DEPTH = 4  # layers of percent-encoding and base64
_SEGMENTS = 8  # of a path that are coded, or over which base64 with slashes in it may be spread
# Nearly no link has any of this: "http:", as it is or percent-encoded, or how base64 of "http" or of `{"` begins.
_HINT = re.compile(r"(?i:https?(?::|%(?:25)*3a))|aHR0c|eyJ")
_CODED = ("aHR0c", "eyJ")
_WEB = re.compile(r"(https?):/+(?=[^/])", re.IGNORECASE)
_REST = re.compile(r"/https?:/", re.IGNORECASE)  # an address within a path, which all that follows belongs to

# What segments of paths and labels of hosts are called that redirect: surely, or perhaps.
_SURE = (
    r"[a-z]*(?:cli(?:c?ks?|cked|que)|redir(?:ects?|ection|ector)?|track(?:ers?|ing)?|trk\w{0,3}|deref\w*)"
    r"|clk|rdr|trace|goto|outbound|outgoing|urlopener"
)
_LIKELY = r"rd|rt|cl|links?|urls?|out|go\d?|away|exit|jump|leave|counter|stats\w*|analytics|visit|forward|fwd|[celrtu]"
_PAGE = re.compile(rf"(?<![a-z0-9])(?:{_SURE}|{_LIKELY})(?![a-z0-9])")
_SURE_PAGE = re.compile(rf"(?<![a-z0-9])(?:{_SURE})(?![a-z0-9])")
# What parameters, and fields of objects, are called that have a destination, or the page that one comes back to.
_NAME = re.compile(
    r"(?:[a-z_]*[_-])?(?:ur[il]|rdu|link|href|red(?:ir(?:ect)?)?|target|dest(?:ination)?|goto|to|go|rd|adurl|location)"
    r"(?:[_-]?(?:ur[il]|to|link))?|[lqru]|ru|lp|landing_?page|[a-z]{1,12}ur[il]",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"return|contin|next|callback|back|cancel|success|fail|error|relay|service|refer|origin(?!al)|redirect_?uri",
    re.IGNORECASE,
)
# Words of what is good for something itself: anywhere in the page's address, and where a word begins.
_PERSONAL = any_of(
    (
        *("sign-?_?in", "sign-?_?up", "log-?_?in", "log-?_?out", "oauth", "saml", "passw", "verif", "confirm"),
        *("activat", "reset", "magic", "invit", "unsub", "subscri", "opt-?out", "prefer", "consent", "checkout"),
        *("regist", "rsvp"),
    )
)
_USEFUL = re.compile(
    r"(?<![a-z])(?:shar|submit|bookmark|intent|tweet|compose|messag|pin/|post|save|add(?!r)|transl|valid|view|preview"
    r"|render|embed|player|proxy|imag|img|thumb|resiz|cdn|search|archiv|cache|feed(?!b)|rss|calend|auth|sso|account|pay"
    r"|cart|order|download|setlocale|setculture|lang)"
)
# What opens doors: a link that has one at the site that it leads to, and what is written in it, are not for others.
_KEYS = frozenset(("token", "access_token", "code", "otp", "key", "ticket", "session", "state", "nonce", "auth"))
# Words of those that warn of dangerous sites.
_GUARD = any_of(("safe", "protect", "defen[cs]e", "secur", "guard", "threat", "phish", "scan", "sandbox", "inky"))


class Carried(NamedTuple):
    """Where a redirect leads, and whether it is there to warn of dangerous sites."""

    destination: str
    security: bool


class _Value(NamedTuple):
    """A text that begins as an address does, whether it was coded, and what it was called ('' for nothing)."""

    text: str
    coded: bool
    name: str


def carried(url: Url) -> Carried | None:
    """The one address that `url` carries, where all speaks for a redirect to it; else None."""
    if not _HINT.search(url.text, 8):
        return None
    path, slash, rest = url.path, "", ""
    if written := _REST.search(path):
        path, slash, rest = (
            path[: written.start()],
            "/",
            path[written.start() + 1 :] + "?" * bool(url.query) + url.query,
        )
    page = (url.host + "/".join(segment for segment in path.split("/") if not _HINT.search(segment)) + slash).lower()
    if _PERSONAL.search(page) or _USEFUL.search(page) or (rest and not _SURE_PAGE.search(page)):
        return None
    values = _read(rest, "") if rest else _values(url)
    found = {text for value in values if (text := destination(value.text)) and _redirects(url, page, value, text)}
    return Carried(found.pop(), bool(_GUARD.search(page))) if len(found) == 1 else None


def redirecting(url: Url) -> bool:
    """Whether the page, or its host, is named for nothing but a redirect: what parameters it has make it work."""
    return bool(_SURE_PAGE.search(f"{url.host}{url.path}".lower()))


def _redirects(url: Url, page: str, value: _Value, text: str) -> bool:
    """Whether the signs agree that `value`, the URL `text`, is where `url` leads."""
    inner = parse(text)
    if inner is None or (value.name and (_BACK.search(value.name) or not _NAME.fullmatch(value.name))):
        return False
    if site(inner.host) != site(url.host):
        return value.coded or bool(_PAGE.search(page))
    keys = map(str.lower, parameters(url.query))  # a site that leads to itself may do anything on the way
    return bool(_SURE_PAGE.search(page)) and _KEYS.isdisjoint(keys)


def _values(url: Url) -> Iterator[_Value]:
    """All that may be an address in the query of `url`, and in the segments of its path if it is coded there."""
    sure = redirecting(url)
    if _WEB.match(url.query) or "=" not in url.query:
        yield from _read(url.query, "")
    else:
        for name, value in parameters(url.query).items():
            if (sure or name.lower() not in _KEYS) and not _BACK.search(name):
                yield from _read(value, name)
    segments = url.path.split("/")
    coded = [place for place, segment in enumerate(segments) if segment.startswith(_CODED) or "%" in segment]
    for place in coded if len(coded) <= _SEGMENTS else ():
        # Base64 has slashes too: where what follows could belong to it, nobody knows where it ends. A JWT has none.
        if "." in segments[place] or not any(map(_decoded, _joined(segments[place : place + _SEGMENTS]))):
            yield from _read(segments[place], "")


def _joined(segments: list[str]) -> Iterator[str]:
    """The first of `segments` with as many of those behind it as there are, or fewer."""
    return ("/".join(segments[:end]) for end in range(2, len(segments) + 1))


def _read(text: str, name: str, depth: int = _DEPTH, *, coded: bool = False) -> Iterator[_Value]:
    if _WEB.match(text):
        yield _Value(_WEB.sub(r"\1://", text, count=1), coded, name)
    elif depth and "%" in text and _HINT.search(text):
        yield from _read(unquote(text), name, depth - 1, coded=coded)
    elif depth and text.startswith(_CODED):
        for field, inner in _decoded(text):
            yield from _read(inner, field, depth - 1, coded=True)


def _decoded(text: str) -> list[tuple[str, str]]:
    """What base64 says: an address, which has no name, or the texts of an object by theirs; nothing if neither."""
    with suppress(ValueError, LookupError, AttributeError, RecursionError):
        if text.startswith("aHR0c"):
            address = DECODERS["base64"](text).strip()
            return [("", address)] if address.isprintable() else []
        said = json.loads(DECODERS["jwt" if "." in text else "base64"](text))
        return [(name, each) for name, each in said.items() if isinstance(each, str)]
    return []
