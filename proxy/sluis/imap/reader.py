"""Who reads: the address that a client logs in with, which is whom the mail in its mailbox was sent to.

By it policies are chosen, and it is looked for in what a URL carries, as `sluis clean --rcpt` does. It is taken from
the client's own words (RFC 4616, 5802, 7628) and holds where the server lets the client in. Who logs in by a name that
is no address reads as nobody in particular.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from contextlib import suppress
from functools import reduce

from sluis.envelope import Envelope
from sluis.imap.command import Command

_LONGEST = 8192  # octets of a login in which a name is looked for
_ADDRESS = re.compile(r"[^\s<>()\",;:@*\\]{1,64}@[^\s<>()\",;:@*\\]{1,253}")
_LOGIN = re.compile(rb'"((?:[^"\\\r\n]|\\.)*+)" |\{([0-9]{1,3})\+?\}\r?\n|([^\s"(){%*\\]++) ')
_ESCAPED = re.compile(rb"\\(.)")
_FIRST_WORDS: Mapping[bytes, re.Pattern[bytes]] = {
    b"PLAIN": re.compile(rb"([^\0]++)\0|\0([^\0]++)\0"),
    b"LOGIN": re.compile(rb"(.++)"),
    b"XOAUTH2": re.compile(rb"user=([^\x01]++)\x01"),
    b"OAUTHBEARER": re.compile(rb"[nyp][^,]*+,a=([^,]++),"),
    b"SCRAM": re.compile(rb"[nyp][^,]*+,a=([^,]++),|[nyp][^,]*+,,n=([^,]++),"),
}
_NAMES = ((b"=2C", b","), (b"=3D", b"="))  # as SCRAM and OAUTHBEARER write them


class Reader:
    """Whose session it is; `envelope` has the address, or none."""

    def __init__(self) -> None:
        self.envelope = Envelope()
        self._said = bytearray()
        self._named = False

    def begins(self) -> None:
        """A login begins: nobody is known until it has said who it is for."""
        self.envelope = Envelope()
        self._said.clear()
        self._named = False

    def says(self, command: Command, octets: bytes) -> None:
        """Take note of a login's octets as they pass; they are kept no longer than until they have named somebody."""
        if self._named:
            return
        self._said += octets[: _LONGEST - len(self._said)]
        words = bytes(self._said[command.at :])
        name = _named(words) if command.verb == b"LOGIN" else _meant(words)
        if name is not None:
            self._named = True
            self._said.clear()
            text = name.decode("latin-1")
            self.envelope = Envelope(recipients=(text,) if _ADDRESS.fullmatch(text) else ())


def _named(words: bytes) -> bytes | None:
    """The name in the arguments of LOGIN, as far as they are there."""
    match = _LOGIN.match(words)
    if not match or match[2] is None:
        return match and (_ESCAPED.sub(rb"\1", match[1]) if match[1] is not None else match[3])
    end = match.end() + int(match[2])
    return words[match.end() : end] if len(words) >= end else None


def _meant(words: bytes) -> bytes | None:
    """The name in the first words of a mechanism, which come with its name or on the next line."""
    said = words.split(maxsplit=2)
    if len(said) < 2:
        return None
    mechanism = said[0].upper().partition(b"-")[0]
    with suppress(ValueError):
        if mechanism in _FIRST_WORDS and (match := _FIRST_WORDS[mechanism].match(b64decode(said[1], validate=True))):
            return reduce(lambda name, pair: name.replace(*pair), _NAMES, match[match.lastindex or 0])
    return b""
