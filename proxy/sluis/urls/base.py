"""A base and what is resolved against it (RFC 3986 §5.2), where both are so plain that no two clients differ.

Anything else, an escape or a dot too many in the base, a backslash, a blank, a colon, `//`, is no `Base` and is joined
to none: what a client makes of that is its own affair, and not to be judged by what another would.
"""

import re
from dataclasses import dataclass

_BASE = re.compile(
    r"(https?://[a-z0-9][a-z0-9.-]*+(?::[0-9]{1,5})?+)((?:/(?!\.)[\w.~!$()*+,;=@-]*+)*+)(?:\?[\w.~!$()*+,;=@:/&?-]*+)?+",
    re.IGNORECASE | re.ASCII,
)
_RELATIVE = re.compile(r"/?+(?:[\w.~%!$()*+,;=@&-]++/?+)*+(?:\?[\w.~%!$()*+,;=@&:/?-]*+)?+", re.ASCII)


@dataclass(frozen=True, slots=True)
class Base:
    """A base as written: `text`, its `root` without a path, and its `path`."""

    text: str
    root: str
    path: str

    def join(self, address: str) -> str | None:
        """What the relative `address` leads to; None for one that is not plain, absolute, a fragment or empty."""
        if not address or not _RELATIVE.fullmatch(address):
            return None
        if address[0] == "/":
            return self.root + address
        return self.root + (self.path if address[0] == "?" else self.path[: self.path.rfind("/") + 1] or "/") + address


def base(text: str) -> Base | None:
    """`text` as a base, if it is a plain one."""
    match = _BASE.fullmatch(text)
    return Base(text, match[1], match[2]) if match else None
