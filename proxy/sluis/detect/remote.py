"""Does this address lead off the message, whatever scheme it names?

`urls.parse` answers for http and https, where trackers live. A client may also be made to open a file share (which on
Windows sends a password hash), a document in a `data:` URL, or a socket.
"""

import re

# WHATWG URL §4.4: leading C0 controls and blanks, and tabs and newlines anywhere, do not count.
_IGNORED = re.compile(r"^[\x00-\x20]+|[\t\n\r]+")
_WEB = re.compile(r"https?:|[/\\]{2}", re.IGNORECASE | re.ASCII)
_FOREIGN = re.compile(r"(?:ftps?|wss?|feed|gopher|news|nntp|ldap|jar|view-source):", re.IGNORECASE | re.ASCII)
_APP = re.compile(r"(?!https?:|[cm]id:|about:)[a-z][a-z0-9+.-]{1,31}:[/\\]{2}", re.IGNORECASE | re.ASCII)
_SHARE = re.compile(r"(?:file|smb|nfs):|\\\\", re.IGNORECASE | re.ASCII)
_DOCUMENT = re.compile(r"(?:data|javascript|vbscript|blob|filesystem|jar|mhtml|view-source):", re.IGNORECASE | re.ASCII)


def squeeze(value: str) -> str:
    """`value` as a URL parser reads it: without the blanks it ignores."""
    return _IGNORED.sub("", value) if value[:1] <= " " or "\n" in value or "\t" in value or "\r" in value else value


def is_remote(value: str) -> bool:
    """Whether a client that follows `value` opens a connection."""
    value = squeeze(value)
    return bool(_WEB.match(value) or _SHARE.match(value) or _FOREIGN.match(value))


def is_foreign(value: str) -> bool:
    """Whether `value` is called by another protocol than the web's."""
    return bool(_FOREIGN.match(squeeze(value)))


def is_app(value: str) -> bool:
    """Whether `value` is for a program to open that has a scheme of its own."""
    return bool(_APP.match(squeeze(value)))


def is_share(value: str) -> bool:
    """Whether `value` names a file on another machine (Windows sends credentials there unasked)."""
    return bool(_SHARE.match(squeeze(value)))


def is_document(value: str) -> bool:
    """Whether `value` is a document or a program in itself."""
    return bool(_DOCUMENT.match(squeeze(value)))
