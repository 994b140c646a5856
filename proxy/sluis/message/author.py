"""Whom a message says it is from, and by which list it says it came: claims, which anybody may write.

Each is read only where every reader reads the same. Two From fields, two authors, an address in the place of a name:
then there is no author, and what rests on one does not hold.
"""

import re
from collections.abc import Sequence

from sluis.message.fields import Field
from sluis.message.tokens import Token, Tokens

_ADDRESSES = Tokens("<>,;:@")
_BRACKETED = Tokens("<>")
_DOMAIN = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*+[a-z0-9_-]{1,63}", re.ASCII)
_LONGEST_DOMAIN = 253
_AT, _OPEN, _CLOSE = Token("@"), Token("<"), Token(">")
_SPECIALS = frozenset(map(Token, "<>,;:@"))


def author(fields: Sequence[Field], raw: bytes) -> str | None:
    """The one address of the one From field (RFC 5322 §3.6.2), in lower case; None where there is not just one."""
    tokens = _ADDRESSES(_only(fields, raw, b"from"))
    if _OPEN in tokens:
        opened = tokens.index(_OPEN)
        if tokens[-1] != _CLOSE or not _SPECIALS.isdisjoint(tokens[:opened]):
            return None
        tokens = tokens[opened + 1 : -1]
    match tokens:
        case (local, at, Token(domain, quoted=False)) if at == _AT and local not in _SPECIALS:
            host = _ascii(domain)
            return f"{local.text.lower()}@{host}" if _DOMAIN.fullmatch(host) else None
    return None


def _ascii(domain: str) -> str:
    """`domain` in lower case, in its ASCII form (RFC 5890 §2.3.2.1); "" where it has none."""
    try:
        return domain.lower() if domain.isascii() else domain[:_LONGEST_DOMAIN].encode("idna").decode("ascii").lower()
    except UnicodeError:
        return ""


def list_id(fields: Sequence[Field], raw: bytes) -> str | None:
    """The identifier of the one List-Id field (RFC 2919 §2) without its brackets, in lower case; else None."""
    tokens = _BRACKETED(_only(fields, raw, b"list-id"))
    match tokens:
        case (*phrase, before, Token(name, quoted=False), behind) if (before, behind) == (_OPEN, _CLOSE):
            return name.lower() if _SPECIALS.isdisjoint(phrase) and _DOMAIN.fullmatch(name.lower()) else None
    return None


def _only(fields: Sequence[Field], raw: bytes, name: bytes) -> bytes:
    """The value of the one field called `name`; nothing where there are more."""
    values = [raw[slice(*field.value)] for field in fields if field.name == name]
    return values[0] if len(values) == 1 else b""
