"""Which account on which server: an IMAP URL (RFC 5092) as a person writes it.

A person writes the address they log in with as it is, so the last @ before the host divides. A password has no place
in a URL, since every process may read a command line.
"""

import re
from dataclasses import dataclass
from hashlib import blake2b
from urllib.parse import unquote

from sluis.config.address import Endpoint

_URL = re.compile(r"(imaps?)://(.*)", re.IGNORECASE | re.DOTALL)
_PORTS = {"imaps": 993, "imap": 143}


class PlaceError(ValueError):
    """A URL that names no account, in words for a person."""


@dataclass(frozen=True, slots=True)
class Place:
    """`implicit`: TLS from the first octet; without it STARTTLS comes before the login, unless `plaintext`.

    `folder` is '' for a URL that names none; INBOX is so written, since it alone has no case (RFC 9051 §5.1).
    """

    endpoint: Endpoint
    implicit: bool
    user: str
    folder: str = ""
    plaintext: bool = False

    @property
    def readers(self) -> tuple[str, ...]:
        """The address of whoever reads there, where that is what they log in with."""
        return (self.user,) if "@" in self.user else ()

    def token(self, folder: str) -> str:
        """A folder of the account in 32 hexadecimal digits, whatever the port: tells it apart, and is nobody's name."""
        facts = "\0".join((self.endpoint.host, self.user, folder))
        return blake2b(facts.encode(), digest_size=16).hexdigest()


def is_url(text: str) -> bool:
    """Whether `text` is meant for a place, and for no file."""
    return _URL.fullmatch(text) is not None


def place(text: str, *, plaintext: bool = False) -> Place:
    """What `imaps://user@host/FOLDER` names; parts may be percent-encoded. Without TLS only this machine is spoken to,
    or whatever `plaintext` allows. Raises `PlaceError`, whose message never repeats what might be a password.
    """
    if not (match := _URL.fullmatch(text)):
        raise PlaceError("an account is written imaps://user@host/FOLDER")
    scheme, rest = match[1].lower(), match[2]
    server, _, folder = rest.partition("/")
    login, at, host = server.rpartition("@")
    if not at or not login:
        raise PlaceError("the URL names no user: it is written imaps://user@host/FOLDER")
    if ":" in login:
        raise PlaceError("a password does not belong in a URL: give it when asked, or in a file or the environment")
    try:
        endpoint = Endpoint.parse(host, _PORTS[scheme])
    except ValueError as error:
        raise PlaceError("the server in the URL is no host or host:port (IPv6 in brackets)") from error
    implicit = scheme == "imaps"
    bare = not implicit and (plaintext or endpoint.loopback)
    name = _decoded(folder)
    return Place(endpoint, implicit, _decoded(login), "INBOX" if name.upper() == "INBOX" else name, bare)


def _decoded(text: str) -> str:
    try:
        found = unquote(text, errors="strict")
    except UnicodeDecodeError as error:
        raise PlaceError("the URL's percent-encoding is not UTF-8") from error
    if not found.isprintable():
        raise PlaceError("the URL holds a character that does not print")
    return found
