"""Character references in attribute values, as browsers read them.

`html.unescape` is made for text: it turns `?a=1&copy=2` into `?a=1©=2`, which no browser does in an attribute (WHATWG
HTML §13.2.5.73: a legacy name without `;` stays when a letter, digit or `=` follows). URLs live in attributes.
"""

import re
from html import unescape as _unescape
from html.entities import html5

_REFERENCE = re.compile(r"&(?:#[0-9]++;?+|#[xX][0-9a-fA-F]++;?+|[A-Za-z][A-Za-z0-9]*+(?:;|(?![A-Za-z0-9=])))")
_DIGITS = 7  # more digits name no character (Unicode ends at U+10FFFF, 1114111)


def unescape(value: str) -> str:
    """`value` with the character references of an attribute decoded."""
    if "&" not in value:
        return value
    if value.count("&") == value.count("&amp;"):
        return value.replace("&amp;", "&")
    return _REFERENCE.sub(_decode, value)


def _decode(match: re.Match[str]) -> str:
    reference = match[0]
    if reference.startswith("&#"):
        return _numbered(reference[2:].rstrip(";"))
    return html5.get(reference[1:], reference)


def _numbered(number: str) -> str:
    """A character by its decimal or, after an x, hexadecimal number."""
    base = "x" if number[0] in "xX" else ""
    digits = number.lstrip("xX").lstrip("0")
    if len(digits) > _DIGITS:
        return "\ufffd"
    return _unescape(f"&#{base}{digits or '0'};") or chr(int(digits, 16 if base else 10))  # controls, which it drops
