"""Texts written within an address that may be addresses themselves, in whatever code: percent-encoded, base64, zlib,
hexadecimal, JSON, JSON Web Tokens, queries and lists, and what has its length before it, each within each other.

Nothing here judges: what is called what, and whether it was to be read, is told with each.
"""

import json
import re
import zlib
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import NamedTuple
from urllib.parse import unquote

from sluis.rules.shape import parameters
from sluis.urls.unwrap import base64_octets, inflated

WEB = re.compile(r"(https?):/+(?=[^/])", re.IGNORECASE)
_PERSON = re.compile(r"(?:mailto|tel):", re.IGNORECASE)
_NO_SCHEME = re.compile(r"(?://|www\.)[\w-]+(?:\.[\w-]+)+", re.ASCII)
_LATER = re.compile(r"[^/?#]{1,512}?(?=https?://)", re.ASCII)  # a token before an address
_DEPTH = 4  # layers of codes
_LONGEST = 8_192  # octets that anything compressed may come to
_AS_IT_SAYS = zlib.MAX_WBITS | 32  # zlib or gzip, by its header
_FIELDS = 64  # of an object, or of a list, that are looked at
_PART = 6  # characters of the shortest signature
_LONGEST_URL = 4_096  # octets of an address in binary data
# "http" in base64, by how many octets stand before it, `{"`, and "http" twice over; then in hexadecimal; then how zlib
# and gzip begin.
_BASE64 = ("aHR0c", "odHRw", "h0dH", "eyJ", "YUhSMG")
_HEX = "68747470"
_BARE = ("//", "%2F%2F", "%2f%2f", "www.")
_PACKED = ("eJ", "eN", "H4sI")
_BEGUN = re.compile(r"(?:(?<=\A.)|(?<=\A..)|(?<=[-_.~:=]))aHR0c(?:HM6L|DovL)")
_ALPHABET = re.compile(r"[\w+/-]{12,}", re.ASCII)
_HTTP, _PRINTED = re.compile(rb"https?://"), re.compile(rb"[!#-;=?-\[\]_a-z~]+")
_TEXT = re.compile(rb"[ -~]+")
_JOINED = re.compile(r"\.|--(?=[0-9a-f]{16,}\Z)")
_ENDING = re.compile(r"\.(?:html?|php|aspx?|jsp)\Z")
_SEPARATORS = re.compile(r"[|\t\r\n\x00]+")
_BLANKS = str.maketrans("", "", "\t\r\n\0")


class Written(NamedTuple):
    """A text that begins as a web address does, and what it was called ('' for nothing).

    `coded`: no person could read it. `whole`: it had its scheme, and nothing stood before it.
    """

    text: str
    name: str
    coded: bool
    whole: bool = True


def hinted(text: str) -> bool:
    """Whether the URL `text` could carry an address at all. Nearly none does."""
    return _hinted(text[8:])


def carries(text: str) -> bool:
    """The same of a part of one."""
    return text.startswith(_BARE) or _hinted(text)


def _hinted(text: str) -> bool:
    """Each `in` takes a tenth of the time of a pattern, and every link is asked."""
    low = text.lower()
    if (
        "http" in low
        or "mailto:" in low
        or "mailto%3a" in low
        or "=tel" in low
        or "=//" in low
        or "=%2f%2f" in low
        or "=www." in low
        or _HEX in low
    ):
        return True
    if "eyJ" in text or "aHR0c" in text or "h0dH" in text or "odHRw" in text or "H4sI" in text or "YUhSMG" in text:
        return True
    return "/eJ" in text or "=eJ" in text or ".eJ" in text or "/eN" in text or "=eN" in text or text.startswith(_PACKED)


def coded(text: str) -> bool:
    """Whether `text` looks like a code that may have an address in it."""
    return text.lstrip(".").startswith(_PACKED) or any(hint in text for hint in (*_BASE64, _HEX))


def written(text: str, name: str, depth: int = _DEPTH, *, hidden: bool = False) -> Iterator[Written]:
    """Every address that `text`, the value of `name`, is or has in it; by https where it has no scheme."""
    if WEB.match(text):
        yield Written(WEB.sub(r"\1://", text, count=1), name, hidden)
    elif _PERSON.match(text):
        yield Written(text, name, hidden)
    elif _NO_SCHEME.match(text):
        yield Written("https://" + text.removeprefix("//"), name, hidden, whole=False)
    elif depth and "%" in text and carries(text):
        yield from written(unquote(text), name, depth - 1, hidden=hidden)
    elif depth and text[:1] in {"{", "["} and ("http" in text or "mailto:" in text):
        for field, value in _object(text):
            yield from written(value, field, depth - 1, hidden=hidden)
    elif depth and coded(text):
        for field, value in said(text, inner=hidden):
            yield from written(value, field, depth - 1, hidden=True)
    elif (later := _LATER.match(text)) and text.count("http") == 1:
        yield Written(text[later.end() :], name, hidden, whole=False)


def said(text: str, *, inner: bool = False) -> list[tuple[str, str]]:
    """What a code says: texts by their names, '' for those that have none; nothing if it is none.

    Of what dots or dashes join, as JSON Web Tokens are (RFC 7519 §3) and signed values, each part that may be a code.
    What is compressed is not read within another code (`inner`): it would grow at every layer.
    """
    parts = [part for part in _JOINED.split(_ENDING.sub("", text)) if part]
    if min(map(len, parts), default=0) < _PART:  # a page's name and its ending
        return []
    read = (part for part in parts if coded(part) and not (inner and part.startswith(_PACKED)))
    return [field for part in read for field in _said(part)]


def _said(text: str) -> list[tuple[str, str]]:
    with suppress(ValueError, LookupError, RecursionError, zlib.error):
        octets = _octets(text)
        with suppress(UnicodeDecodeError):
            plain = octets.decode().strip()
            if plain.translate(_BLANKS).isprintable():
                return _fields(plain)
        return [("", each) for each in _counted(octets)]
    return []


def _octets(text: str) -> bytes:
    if text.startswith(_HEX):
        return bytes.fromhex(text)
    begun = _BEGUN.search(text)  # a mark or two may stand before an address, or more up to a mark that joins them
    text = text[begun.start() if begun else 0 :].replace(" ", "").rstrip("=~")
    if not _ALPHABET.fullmatch(text):
        raise ValueError("no base64")
    octets = base64_octets(text)
    return inflated(octets, _LONGEST, _AS_IT_SAYS) if text.startswith(_PACKED) else octets


def _fields(text: str) -> list[tuple[str, str]]:
    if text[:1] in {"{", "["}:
        return _object(text)
    if "=http" in text.lower() and not WEB.match(text):
        return list(islice(parameters(text).items(), _FIELDS))
    return [("", each) for each in islice(_SEPARATORS.split(text), _FIELDS)]


def _object(text: str) -> list[tuple[str, str]]:
    with suppress(ValueError, RecursionError):
        return list(islice(_items(json.loads(text), "", _DEPTH), _FIELDS))
    return []


def _items(value: object, name: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if depth and value[:1] == "{" and "http" in value:
            yield from _items(json.loads(value), name, depth - 1)
        else:
            yield name, value
    elif depth and isinstance(value, dict):
        for key, each in value.items():
            yield from _items(each, key, depth - 1)
    elif depth and isinstance(value, list):
        for each in value:
            yield from _items(each, name, depth - 1)


def _counted(octets: bytes) -> Iterator[str]:
    """Texts in binary data that begin with "http" and have their length right before them, in one octet or two."""
    for found in islice(_HTTP.finditer(octets), _FIELDS):
        start = found.start()
        texts = {octets[start : start + length] for length in _lengths(octets, start)}
        texts = {text for text in texts if _PRINTED.fullmatch(text)}
        if len(texts) == 1:
            yield texts.pop().decode("ascii")


def _lengths(octets: bytes, start: int) -> set[int]:
    """The lengths that what stands before `start` may tell, of those that there is so much left for."""
    before = octets[max(start - 2, 0) : start]
    found = {before[-1]} if before and not _is_text(octets, start, before) else set()
    if len(before) == 2:
        low, high = before
        found |= {low | high << 8, low << 8 | high}
        found |= {(low & 0x7F) | high << 7} if low & 0x80 and not high & 0x80 else set()
    return {length for length in found if 12 <= length <= min(len(octets) - start, _LONGEST_URL)}


def _is_text(octets: bytes, start: int, before: bytes) -> bool:
    """Whether letters or marks stand `before`, and what would follow a text of that length may be more of it."""
    return _TEXT.fullmatch(before) is not None and _PRINTED.match(octets, start + before[-1]) is not None
