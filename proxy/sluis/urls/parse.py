"""A URL as browsers parse it (WHATWG URL), which decides whose it is: never guessed from its spelling."""

from dataclasses import dataclass
from functools import lru_cache

import can_ada

_LONGEST = 65_536  # characters; what is longer is no link anybody follows
_IGNORED = str.maketrans("", "", "\t\n\r")  # WHATWG URL §4.4, as are C0 controls and blanks before the address
_BLANKS = "".join(map(chr, range(0x21)))


@dataclass(frozen=True, slots=True)
class Url:
    """An http or https URL. `text` is as written; `host` is lower case, in punycode, without the port."""

    text: str
    scheme: str
    host: str
    path: str
    query: str
    fragment: str


@lru_cache(maxsize=8192)
def parse(text: str) -> Url | None:
    """`text` as a URL, a protocol-relative one as https; None if it is no http or https URL with a host."""
    if len(text) > _LONGEST:
        return None
    try:
        url = can_ada.parse(_absolute(text))
    except (ValueError, TypeError):  # TypeError: lone surrogates have no UTF-8
        return None
    if url.protocol not in {"http:", "https:"} or not url.hostname:
        return None
    return Url(text, url.protocol[:-1], url.hostname, url.pathname, url.search[1:], url.hash[1:])


def _absolute(text: str) -> str:
    """Protocol-relative addresses are read as https; blanks before them, and line ends anywhere, do not count."""
    stripped = text.translate(_IGNORED).lstrip(_BLANKS) if text[:1] <= "/" or text[:1] == "\\" else text
    return "https:" + stripped if stripped[:2] in {"//", "\\\\", "/\\", "\\/"} else text
