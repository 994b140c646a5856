"""The recipient's address in a URL: in clear, encoded or hashed, it names the reader to whoever serves the URL.

SMTP tells who a message is for. A URL is read as far as it can be decoded, and compared with every spelling
of that address a sender is known to use. MD5 and SHA hashes of addresses are looked up in bulk by data brokers, so they
count: of the address as it is, in either case, and without what a mailbox does not tell apart.
"""

import re
from binascii import a2b_base64
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import md5, sha1, sha256, sha512
from types import MappingProxyType
from urllib.parse import unquote

_SHORTEST = 6  # octets of an address; shorter ones would be found in URLs by chance
_LONGEST = 16_384  # characters of a URL that are read
_TIMES = 3  # how often an address may be percent-encoded
_WINDOWS = 512  # places in hexadecimal digits at which a digest is looked for, beyond their ends
_HASHES = {"an MD5": md5, "a SHA-1": sha1, "a SHA-256": sha256, "a SHA-512": sha512}
_DIGITS = (32, 40, 64, 128)
_HEXADECIMAL = re.compile(r"[0-9A-Fa-f]{12,}+")
_URL_SAFE = str.maketrans("-_", "+/")
_AT = ("@", "=", "_at_")  # in clear; with `=` in bounce addresses
_ONE_MAILBOX = frozenset({"gmail.com", "googlemail.com"})  # to which dots mean nothing


@dataclass(frozen=True)
class Identity:
    """The recipients' addresses."""

    addresses: tuple[str, ...] = ()

    def leak(self, url: str) -> str | None:
        """How `url` carries a recipient's address, such as 'in clear' or 'as an MD5 hash', or None."""
        if not self.addresses:
            return None
        known: set[str] = set()
        for text in _unquoted(url[:_LONGEST]):
            if self._in_clear(text):
                return "in clear"
            for run in self._encoded.findall(text):
                if run not in known and (how := self._within(run)):
                    return how
                known.add(run)
        return None

    @cached_property
    def _clear(self) -> Mapping[str, tuple[str, ...]]:
        """In lower case, by local part: how the addresses are written."""
        mailboxes = dict.fromkeys(spelling.lower() for each in self.addresses for spelling in _spellings(each))
        found: dict[str, tuple[str, ...]] = {}
        for local, _, domain in (mailbox.rpartition("@") for mailbox in mailboxes):
            found[local] = (*found.get(local, ()), *(local + at + domain for at in _AT))
        return MappingProxyType(found)

    @cached_property
    def _encoded(self) -> re.Pattern[str]:
        """Runs of characters that are long enough for an address in base64, or for a digest."""
        written = (each for spellings in self._clear.values() for each in spellings)
        shortest = min(len(each.encode("utf-8", "surrogateescape")) for each in written)
        return re.compile(rf"[A-Za-z0-9+/_-]{{{min(shortest * 4 // 3 - 1, 22)},}}+")

    @cached_property
    def _digests(self) -> Mapping[str, str]:
        """What each digest is, in hexadecimal: of an address alone, or of a line that holds it."""
        spellings = {spelling for each in self.addresses for spelling in _spellings(each)}
        lines = [f"{each}{end}".encode("utf-8", "surrogateescape") for each in spellings for end in ("", "\n")]
        return MappingProxyType(
            {work(line).hexdigest(): f"as {name} hash" for name, work in _HASHES.items() for line in lines}
        )

    def _in_clear(self, text: str) -> bool:
        lowered = text.lower()
        for local, spellings in self._clear.items():
            if local in lowered and any(each in lowered for each in spellings):
                return True
        return False

    def _within(self, run: str) -> str | None:
        """What a run of characters holds that are none of an address's own."""
        for digits in _HEXADECIMAL.findall(run):
            if how := self._hashed(digits.lower()):
                return how
            if any(self._holds(bytes.fromhex(digits[at : at + (len(digits) - at) // 2 * 2])) for at in (0, 1)):
                return "in hexadecimal"
        plain = run.translate(_URL_SAFE)
        if any(self._holds(_from_base64(plain[at:])) for at in range(4)):
            return "in base64"
        octets = _from_base64(plain).rstrip(b"\0")
        return self._digest(octets) or (self._hashed(octets.decode().lower()) if octets.isalnum() else None)

    def _holds(self, octets: bytes) -> bool:
        text = octets.decode("utf-8", "replace")
        return self._in_clear(unquote(text) if b"%40" in octets else text)

    def _hashed(self, digits: str) -> str | None:
        """What digest stands among `digits`, beginning or ending with them if they are many."""
        for length in _DIGITS:
            last = len(digits) - length
            for start in (*range(min(last, _WINDOWS)), last) if last >= 0 else ():
                if how := self._digests.get(digits[start : start + length]):
                    return how
        return None

    def _digest(self, octets: bytes) -> str | None:
        """What digest `octets` begin with."""
        for digits in _DIGITS:
            if how := self._digests.get(octets[: digits // 2].hex()):
                return how
        return None


NOBODY = Identity()


def identity(recipients: Iterable[str]) -> Identity:
    """The identity of `recipients`, as an envelope has them. An address too short to be told from chance is none."""
    addresses = (recipient.strip().strip("<>") for recipient in recipients)
    return Identity(tuple(each for each in addresses if "@" in each[1:-1] and len(each) >= _SHORTEST))


def _spellings(address: str) -> Iterator[str]:
    """An address as it is, in either case, and as the mailbox that it leads to."""
    local, _, domain = address.rpartition("@")
    lowered, plain = domain.lower(), local.partition("+")[0].lower()
    yield from (address, address.lower(), address.upper(), f"{local}@{lowered}")
    if plain and len(plain) + len(lowered) >= _SHORTEST:
        yield f"{plain}@{lowered}"
        if lowered in _ONE_MAILBOX:
            yield from (f"{plain.replace('.', '')}@{each}" for each in sorted(_ONE_MAILBOX))


def _unquoted(url: str) -> Iterator[str]:
    """The URL as it is, and with its percent-encoding decoded, for as long as there is one."""
    yield url
    for _ in range(_TIMES):
        plain = unquote(url) if "%" in url else url
        if plain == url:
            return
        yield plain
        url = plain


def _from_base64(piece: str) -> bytes:
    return a2b_base64(piece + "A" * (-len(piece) % 4))
