"""How an address, or a document that holds one, can be written so that a program reads it and a search does not.

One function a spelling, one row of `SPELLINGS` each; a case asks for one by name, as in `{url.entities}`.
"""

import base64
import binascii
import html
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

_FULL_WIDTH = 0xFEE0  # from an ASCII character to its full-width form (Unicode block Halfwidth and Fullwidth Forms)
_HEXADECIMAL = frozenset("0123456789abcdefABCDEF")


def _each(form: str) -> Callable[[str], str]:
    """Every character by its number, as `form` has it."""
    return lambda text: "".join(form.format(ord(mark)) for mark in text)


def _upper(url: str) -> str:
    """Scheme and host in capitals, which differ in nothing."""
    parts = urlsplit(url)
    return url.replace(f"{parts.scheme}://{parts.netloc}", f"{parts.scheme}://{parts.netloc}".upper(), 1)


def _full_width(text: str) -> str:
    """Letters, digits and dots in full width, which host names fold (UTS #46)."""
    return "".join(chr(ord(mark) + _FULL_WIDTH) if mark.isalnum() or mark == "." else mark for mark in text)


def _escaped(text: str) -> str:
    """A backslash before every character that it does not turn into a number (CSS Syntax §4.3.7)."""
    return "".join(mark if mark in _HEXADECIMAL else "\\" + mark for mark in text)


def _uuencoded(text: str) -> str:
    """As Unix did before MIME (POSIX uuencode)."""
    octets = text.encode()
    lines = [binascii.b2a_uu(octets[start : start + 45]).decode() for start in range(0, len(octets), 45)]
    return f"begin 644 a.html\n{''.join(lines)}`\nend\n"


SPELLINGS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {
        "base64": lambda text: base64.b64encode(text.encode()).decode(),
        "capitals": _upper,
        "css": _each("\\{:x} "),
        "css-escaped": _escaped,
        "css-long": _each("\\{:06x}"),
        "entities": _each("&#{};"),
        "entities-bare": _each("&#{:07}"),
        "entities-hex": _each("&#x{:X};"),
        "full-width": _full_width,
        "ideographic-dots": lambda host: host.replace(".", "\u3002"),
        "line-ends": "\r\n".join,
        "percent": _each("%{:02X}"),
        "quoted": html.escape,
        "soft-hyphens": "\u00ad".join,
        "soft-hyphens-named": "&shy;".join,
        "tabs": "\t".join,
        "thousandfold": lambda text: text * 1000,
        "uuencoded": _uuencoded,
        "wide": lambda text: "".join(f"{mark}\0" for mark in text),
        "twice": lambda text: html.escape(html.escape(text)),
    }
)
