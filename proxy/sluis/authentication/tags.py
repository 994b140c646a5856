"""Tag lists, `v=1; a=rsa-sha256; …`: the one grammar of signatures, keys and policies (RFC 6376 §3.2)."""

import re
from base64 import b64decode
from binascii import Error as Base64Error

_TAG = re.compile(r"[ \t\r\n]*+([A-Za-z][A-Za-z0-9_]*+)[ \t\r\n]*+=(.*)\Z", re.DOTALL)
_BLANK = re.compile(r"[ \t\r\n]++")
_BLANKS = " \t\r\n"


def tags(octets: bytes) -> dict[str, str]:
    """The tags of a list in their order, blanks around values taken off. Raises ValueError for what is none."""
    found: dict[str, str] = {}
    *pieces, last = octets.decode("utf-8").split(";")
    for piece in (*pieces, last) if last.strip(_BLANKS) else pieces:
        tag = _TAG.match(piece)
        if tag is None or tag[1] in found:
            raise ValueError("not a list of tags")
        found[tag[1]] = tag[2].strip(_BLANKS)
    return found


def base64(value: str) -> bytes:
    """The octets of a value in base64, which may be folded. Raises ValueError."""
    try:
        return b64decode(_BLANK.sub("", value), validate=True)
    except Base64Error as error:
        raise ValueError("not base64") from error


def words(value: str) -> tuple[str, ...]:
    """The words of a list with colons, in lower case."""
    return tuple(word.strip(_BLANKS).lower() for word in value.split(":"))
