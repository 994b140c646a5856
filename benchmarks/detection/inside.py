"""The destination that a redirect carries in itself, found by trying every way of writing one.

The cleaner reads a destination where a vendor's rule says it stands. This reads anything anywhere that comes out as a
web address, so a person who labels is shown what there is; whether it *is* the destination, the person decides.
"""

import binascii
import re
import zlib
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import unquote

_PLAIN = re.compile(r"https?:/{1,2}[^\s\"'<>\\\x00-\x1f\x7f-\xff]{4,}", re.IGNORECASE)
_CODED = re.compile(r"https?(?:%3A|:)%2F%2F[^\s\"'<>\\&\x00-\x1f\x7f-\xff]{4,}", re.IGNORECASE)
_AMP = re.compile(r"/amp/(s/)?([\w-]+(?:\.[\w-]+)+(?:[/?].*)?)$")
_BARE = re.compile(r"(?<=[=/])//([\w-]+(?:\.[\w-]+)+[^\s&]*)")
_PROOFPOINT = re.compile(r"https?-3A__[^&]+", re.IGNORECASE)
_BASE64 = re.compile(r"[\w-]{12,}={0,2}")


def inside(url: str) -> str | None:
    """The address that `url` carries, or None."""
    return next(_carried(url), None)


def _carried(url: str) -> Iterator[str]:
    rest = url[8:]
    yield from _coded(rest)
    if found := _PROOFPOINT.search(rest):
        yield unquote(found[0].replace("_", "/").replace("-", "%"))
    if found := _PLAIN.search(rest):
        yield found[0]
    if found := _AMP.search(rest):
        yield f"http{'s' if found[1] else ''}://{found[2]}"
    if found := _BARE.search(unquote(rest)):
        yield "https://" + found[1]
    for word in _BASE64.findall(unquote(rest).replace("+", "-")):
        for text in _texts(word):
            if found := _CODED.search(text):
                yield unquote(found[0])
            elif found := _PLAIN.search(text):
                yield found[0]


def _coded(rest: str) -> Iterator[str]:
    """What is percent-encoded once or twice, as a segment of the path or the value of a parameter."""
    for part in re.split(r"[?&;#/]", rest):
        for value in (part, part.partition("=")[2]):
            if found := _CODED.search(value) or _CODED.search(unquote(value)):
                yield unquote(found[0])


def _texts(word: str) -> Iterator[str]:
    """What a base64 word says: as it is, and inflated, with up to two characters ahead of it that are none of it."""
    word = word.rstrip("=")
    for coded in (word, word[1:], word[2:]):
        with suppress(binascii.Error, ValueError):
            octets = urlsafe_b64decode(coded + "=" * (-len(coded) % 4))
            yield octets.decode("latin-1").replace("\\/", "/")
            with suppress(zlib.error):
                yield zlib.decompress(octets).decode("latin-1")
