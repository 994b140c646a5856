"""The recipient's address in a URL: in clear, encoded or hashed, it names the reader to whoever serves the URL.

SMTP tells who a message is for. Every spelling of that address a sender is known to use is computed once a message;
a URL that holds one leaks it. MD5 and SHA hashes of addresses are looked up in bulk by data brokers, so they count.
"""

import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import md5, sha1, sha256
from urllib.parse import quote

_SHORTEST = 6  # octets of an address; shorter ones would be found in URLs by chance


@dataclass(frozen=True, slots=True)
class Identity:
    """The recipients' addresses in all spellings: each maps to its name, such as 'in clear' or 'as an MD5 hash'."""

    spellings: Mapping[str, str]
    pattern: re.Pattern[str] | None

    def leak(self, url: str) -> str | None:
        """How `url` carries a recipient's address, or None."""
        found = self.pattern.search(url) if self.pattern else None
        return self.spellings[found[0].lower()] if found else None


NOBODY = Identity({}, None)


def identity(recipients: Iterable[str]) -> Identity:
    """The spellings of `recipients`. Base64 is matched without regard to case, which in practice costs nothing."""
    spellings: dict[str, str] = {}
    for recipient in recipients:
        address = recipient.strip().strip("<>")
        if "@" in address and len(address) >= _SHORTEST:
            spellings |= _spellings(address)
            spellings |= _spellings(address.lower())
    if not spellings:
        return NOBODY
    alternatives = "|".join(re.escape(spelling) for spelling in sorted(spellings, key=len, reverse=True))
    return Identity(spellings, re.compile(alternatives, re.IGNORECASE))


def _spellings(address: str) -> dict[str, str]:
    octets = address.encode("utf-8", "surrogateescape")
    named = {
        address: "in clear",
        quote(address, safe=""): "in clear",
        quote(quote(address, safe=""), safe=""): "in clear",
        octets.hex(): "in hexadecimal",
        md5(octets, usedforsecurity=False).hexdigest(): "as an MD5 hash",
        sha1(octets, usedforsecurity=False).hexdigest(): "as a SHA-1 hash",
        sha256(octets).hexdigest(): "as a SHA-256 hash",
    }
    named |= dict.fromkeys(_base64(octets), "in base64")
    return {spelling.lower(): name for spelling, name in named.items()}


def _base64(octets: bytes) -> Iterator[str]:
    """The characters that `octets` alone decide among others, for each of the three places they may stand at."""
    for ahead, decided in enumerate((0, 2, 3)):
        shifted = bytes(ahead) + octets
        end = len(shifted) * 8 // 6
        yield b64encode(shifted).decode()[decided:end]
        yield urlsafe_b64encode(shifted).decode()[decided:end]
