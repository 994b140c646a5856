"""By which name a client logs in, or which mailbox it selects, as far as its command says so itself.

A name is kept as a digest that means nothing outside of this process. Only mechanisms count in which the server goes by
that name: with a token it may go by what the token says.
"""

import re
import secrets
from base64 import b64decode
from binascii import Error
from hashlib import blake2b

from sluis.imap.command import Command

_KEY = secrets.token_bytes(32)
_LOGIN = re.compile(rb'("(?:[^"\\\r\n]|\\.)++"|[^\s"(){%*\\]++) ')
_PLAIN = re.compile(rb"PLAIN ([A-Za-z0-9+/=]++)\r?\n", re.IGNORECASE)
_MAILBOX = re.compile(rb'((?:[^"{\r\n]|"(?:[^"\\\r\n]|\\.)*+")++)\r?\n')


def account(command: Command, line: bytes) -> bytes | None:
    """Whose account a LOGIN or AUTHENTICATE is for; None where it does not say."""
    if command.verb == b"LOGIN":
        match = _LOGIN.match(line, command.at)
        return _digest(b"LOGIN", match[1]) if match else None
    plain = _PLAIN.fullmatch(line, command.at)
    if command.verb != b"AUTHENTICATE" or not plain:
        return None
    try:
        names = b64decode(plain[1], validate=True).split(b"\0")
    except Error:
        return None
    return _digest(b"PLAIN", b"\0".join(names[:2])) if len(names) == 3 else None  # RFC 4616 §2


def mailbox(command: Command, line: bytes) -> bytes | None:
    """What a SELECT or EXAMINE names, as it writes it; None where that is not in the line."""
    match = _MAILBOX.fullmatch(line, command.at) if command.verb in {b"SELECT", b"EXAMINE"} else None
    return match[1] if match else None


def _digest(how: bytes, name: bytes) -> bytes:
    return blake2b(how + b" " + name, key=_KEY, digest_size=16).digest()
