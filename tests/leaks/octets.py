"""Whether a host is still named in a message, once everything that could disguise it is undone.

Not every client is Chromium: what Chromium does not load is judged by what is left. The standard library takes the
message apart and undoes the disguises, not Sluis: what is tested may not also be the judge. It errs on the side of
seeing too much, since nothing a case is made of has another reason to name its host.
"""

import email
import html
import re
import unicodedata
from base64 import b64decode
from collections.abc import Iterator
from email.message import Message
from urllib.parse import unquote

_BASE64 = re.compile(r"base64,((?:[A-Za-z0-9+/]{4})++)([A-Za-z0-9+/]{2,3})?")
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:([0-9a-fA-F]{1,6})\s?|([^0-9a-fA-F]))", re.DOTALL)
_IGNORED = re.compile("[\x00-\x20\u00ad]+")
_DEPTH = 3  # documents within documents that are opened


def names(raw: bytes, host: str) -> bool:
    """Whether any header field or part of the message `raw` names `host`, however it is written."""
    texts = [raw.decode("latin-1"), *map(_text, email.message_from_bytes(raw).walk())]
    return any(host in reading for text in texts for reading in _readings(text))


def skipped(raw: bytes) -> bool:
    """Whether a text of the message `raw` has a NUL, which a client may skip, and so read another text."""
    return any("\0" in _text(part) for part in email.message_from_bytes(raw).walk())


def _text(part: Message) -> str:
    octets = part.get_payload(decode=True)
    if not isinstance(octets, bytes):
        return ""
    try:
        return octets.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return octets.decode("latin-1")  # of wide characters, the NUL octets go with all that is ignored


def _readings(text: str, depth: int = _DEPTH) -> Iterator[str]:
    """`text` as it stands, and as it reads with ever more of its disguises undone, in lower case."""
    yield text.lower()
    plain = html.unescape(html.unescape(text))
    for reading in (plain, _ESCAPE.sub(_unescaped, _COMMENT.sub("", plain))):
        percent = unquote(reading)
        yield from (_folded(reading), _folded(percent))
        if depth:
            for match in _BASE64.finditer(percent):
                octets = b64decode(match[1] + (match[2] or "").ljust(4, "=") * bool(match[2]))
                yield from _readings(octets.decode("utf-8", "replace"), depth - 1)


def _unescaped(match: re.Match[str]) -> str:
    point = int(match[1], 16) if match[1] else ord(match[2])
    return chr(point) if match[1] and point < 0x110000 else (match[2] or "").replace("\n", "")


def _folded(text: str) -> str:
    """As names of hosts are compared (UTS #46), without what URL parsers skip."""
    return unicodedata.normalize("NFKC", _IGNORED.sub("", text)).replace("\u3002", ".").lower()
