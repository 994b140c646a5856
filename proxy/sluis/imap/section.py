"""Which octets of a message a client speaks of: `BODY[1.TEXT]<0.1000>` and its like as one value (RFC 9051 §6.4.5)."""

import re
from dataclasses import dataclass

_PART = rb"[1-9][0-9]*+(?:\.[1-9][0-9]*+)*+"
_NAME = rb"(?:%s\.)?(?:HEADER|TEXT|HEADER\.FIELDS(?:\.NOT)? \([^()\]]++\))|%s(?:\.MIME)?|" % (_PART, _PART)
_SECTION = re.compile(rb"BODY(?:\.PEEK)?\[(%s)\](?:<([0-9]{1,19})(?:\.[0-9]{1,19})?>)?" % _NAME, re.IGNORECASE)
_OLD = {b"RFC822": b"", b"RFC822.HEADER": b"HEADER", b"RFC822.TEXT": b"TEXT"}
_TEXT = re.compile(rb"(?:[0-9]++\.)*+[0-9]*+(?:TEXT)?")


@dataclass(frozen=True, slots=True)
class Section:
    """`name` is what stands in the brackets, in capitals; `origin` the octet at which a partial one begins."""

    name: bytes
    origin: int | None = None

    @classmethod
    def read(cls, item: bytes) -> "Section | None":
        """The section that an item of FETCH names; None if it names none that holds octets of the message."""
        if match := _SECTION.fullmatch(item):
            return cls(match[1].upper(), None if match[2] is None else int(match[2]))
        old = _OLD.get(item.upper())
        return None if old is None else cls(old)

    @property
    def whole(self) -> bool:
        """Whether it is the message from its first octet to its last."""
        return not self.name and self.origin is None

    @property
    def header(self) -> bool:
        """Whether it is the header of the message, or some fields of it."""
        return self.name.startswith(b"HEADER")

    @property
    def mime(self) -> bool:
        """Whether it is the header of a part."""
        return self.name.endswith(b".MIME")

    @property
    def rests(self) -> bool:
        """Whether how it reads clean depends on octets of the message that are not in it."""
        if self.header:
            return self.origin is not None
        return not self.whole and _TEXT.fullmatch(self.name) is not None
