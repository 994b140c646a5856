"""What a client's command means to the gate: which ones fetch octets of a message, and which it cannot let pass.

A command is read as far as that takes and no further. One that servers might understand and the gate does not could be
a way around it, so what is read here is the grammar to the letter.
"""

import re
from dataclasses import dataclass

from sluis.imap.section import Section

REFUSED = frozenset(
    {b"COMPRESS", b"CONVERT", b"GENURLAUTH", b"GETJMAPACCESS", b"PARTIAL", b"RESETKEY", b"URLFETCH", b"XCONVFETCH"}
)
"""Ways around the gate: octets we could not read, messages under other names, in older forms or by another protocol."""

CONVERSES = frozenset({b"AUTHENTICATE", b"IDLE"})
"""Commands in whose course the client sends lines that are no commands, each when the server asks for it."""

LOGINS = frozenset({b"LOGIN", b"AUTHENTICATE"})
"""Commands that say who reads."""

CHANGES_MAILBOX = frozenset({b"SELECT", b"EXAMINE", b"CLOSE", b"UNSELECT", b"UNAUTHENTICATE", b"LOGOUT"})
"""After these a number no longer means the message it meant."""

_TAG = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\+]++")
_COMMAND = re.compile(
    rb"(%s) (?:(UID) )?((?!UID )[^\x00-\x20\x7f-\xff(){%%*\"\\\]]++)(?: |\r?\n)" % _TAG.pattern, re.IGNORECASE
)
_SET = re.compile(rb"([0-9:,*$]++) ")
_ITEM = re.compile(rb"[A-Za-z0-9.\-]++(?:\[[^\]\r\n]*+\])?(?:<[0-9.]++>)?")
_NESTED = re.compile(rb"\((?:[^()\"\r\n]|\([^()\"\r\n]*+\))*+\)")
_BEHIND = re.compile(rb"(?: \([^()\r\n]*+\))?\r?\n")
_TELLS = re.compile(rb"[\[\]]|RFC822(?!\.SIZE)|BINARY", re.IGNORECASE)
_SPARE = re.compile(rb"(\"(?:[^\"\\\r\n]|\\.)*+\")|([(\[]?)[ \t]++([)\]\r]?)")
_NUMBERS = re.compile(rb"[0-9]{1,10}(?:,[0-9]{1,10})*+")
_PART = re.compile(rb"[0-9]++(?:\.[0-9]++)*+")
_MOST = 100  # messages named one by one, up to which it is worth looking whether they are known


@dataclass(frozen=True, slots=True)
class Command:
    """A command's first line: `verb` in capitals, without the UID that may stand before it; `at` is where it ends."""

    tag: bytes
    verb: bytes
    uid: bool
    at: int

    @classmethod
    def read(cls, line: bytes) -> "Command | None":
        """The command that `line` begins; None if it is none."""
        match = _COMMAND.match(line)
        return cls(match[1], match[3].upper(), match[2] is not None, match.end(3) + 1) if match else None


def tag(line: bytes) -> bytes:
    """What an answer to `line` begins with, be it a command or none."""
    match = _TAG.match(line)
    return match[0] if match and line[match.end() : match.end() + 1] == b" " else b"*"


def tells(line: bytes) -> bool:
    """Whether a FETCH may ask for octets of a message, however it is written."""
    return _TELLS.search(line) is not None


@dataclass(frozen=True, slots=True)
class Ask:
    """A FETCH: `before` its set of messages, the set, its items as they stand in their list, and what is `behind` them.

    `numbers` are its messages if they are few and named one by one, else none. `rests` are the sections that cannot be
    cleaned by themselves; `whole`: the message is asked for too; `binary`: so are decoded parts (RFC 3516).
    """

    before: bytes
    messages: bytes
    items: bytes
    behind: bytes
    numbers: tuple[int, ...]
    rests: frozenset[bytes]
    whole: bool
    binary: bool

    @property
    def of_parts(self) -> bool:
        """Whether all that cannot be cleaned by itself is parts with numbers."""
        return all(_PART.fullmatch(name) for name in self.rests)

    def line(self, messages: bytes | None = None) -> bytes:
        """The command for these messages."""
        return self._line(messages, b"(%s)" % self.items + self.behind)

    def fuller(self, messages: bytes | None = None) -> bytes:
        """The command with the message asked for beside the rest, without being seen."""
        return self._line(messages, b"(%s BODY.PEEK[])" % self.items + self.behind)

    def question(self, items: bytes, messages: bytes | None = None) -> bytes:
        """A command of the same kind for other items."""
        return self._line(messages, b"(%s)\r\n" % items)

    def _line(self, messages: bytes | None, items: bytes) -> bytes:
        return self.before + (messages or self.messages) + b" " + items


def ask(line: bytes, at: int) -> Ask | None:
    """What a FETCH whose arguments begin at `at` asks for, though blanks too many stand in it; None if unknown."""
    return _ask(line, at) or _ask(line[:at] + _SPARE.sub(_needed, line[at:]), at)


def _needed(spare: re.Match[bytes]) -> bytes:
    """What has to stand where blanks stand: nothing beside a bracket and at the end of a line, or else one."""
    string, opened, closed = spare.groups(b"")
    return string or (opened + closed) or b" "


def _ask(line: bytes, at: int) -> Ask | None:
    messages = _SET.match(line, at)
    if not messages:
        return None
    begin = messages.end()
    listed = line[begin : begin + 1] == b"("
    found = _items(line, begin + 1) if listed else _single(line, begin)
    if not found:
        return None
    items, end = found
    if not all(map(_understood, items)) or not _BEHIND.fullmatch(line, end + listed):
        return None
    sections = [section for item in items if (section := Section.read(item))]
    return Ask(
        line[:at],
        messages[1],
        line[begin + listed : end],
        line[end + listed :],
        _few(messages[1]),
        frozenset(section.name for section in sections if section.rests),
        any(section.whole for section in sections),
        any(item.upper().startswith(b"BINARY") for item in items),
    )


def _understood(item: bytes) -> bool:
    """Whether it is known what an item gives of the message, be that nothing."""
    return not tells(item) or Section.read(item) is not None or item.upper().startswith(b"BINARY")


def _single(line: bytes, begin: int) -> tuple[list[bytes], int] | None:
    item = _ITEM.match(line, begin)
    return ([item[0]], item.end()) if item else None


def _items(line: bytes, position: int) -> tuple[list[bytes], int] | None:
    """The items of a list that opens before `position`, and where it closes."""
    items: list[bytes] = []
    while item := _ITEM.match(line, position) or _NESTED.match(line, position):
        items.append(item[0])
        position = item.end()
        if line[position : position + 1] == b")":
            return items, position
        if line[position : position + 1] != b" ":
            return None
        position += 1
    return None


def _few(messages: bytes) -> tuple[int, ...]:
    if len(messages) > _MOST * 11 or not _NUMBERS.fullmatch(messages):
        return ()
    numbers = tuple(map(int, messages.split(b",")))
    return numbers if len(numbers) <= _MOST else ()
