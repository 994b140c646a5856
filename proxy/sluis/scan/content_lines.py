"""The content lines of calendars and visiting cards, unfolded and without escapes, and how a change is folded again.

iCalendar (RFC 5545 §3.1) and vCard (RFC 6350 §3.2) are lines `NAME;PARAMETER=VALUE:VALUE` of which none is to be longer
than 75 octets: what is longer goes on behind a line end and a blank, be it in the middle of an address. A text value
has `\\,` for a comma, `\\;` for a semicolon and `\\n` for a line end.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from sluis.scan.fold import Folded, layer

WIDTH = 75  # octets of a line without its end
FOLD = re.compile(r"\r?\n[ \t]")
_ESCAPE = re.compile(r"\\([nN,;:\\])")
_LINE = re.compile(
    r"""^(?:[\w-]{1,64}+\.)?([\w-]{1,64}+)((?:;(?:[^:"\r\n]|"[^"\r\n]*+")*+)?):([^\r\n]*+)""",
    re.MULTILINE | re.ASCII,
)
_ESCAPED = {"\\": "\\\\", ",": "\\,", ";": "\\;", "\n": "\\n", "\f": "\\n"}
_NEEDS_ESCAPE = re.compile(r"[\\,;\n\f]")


class ContentLine(NamedTuple):
    """One property: its name in upper case without a group, its parameters as written, and its value at `[value, end)`
    of the unfolded text; the line begins at `start`."""

    name: str
    parameters: str
    start: int
    value: int
    end: int


def unfold(text: str) -> Folded:
    """`text` with its lines whole and its escapes resolved; a line end within a value becomes a form feed."""
    whole = layer(FOLD, text, lambda _: "", None)
    seen = whole.text if whole else text
    plain = layer(_ESCAPE, seen, lambda match: "\f" if match[1] in "nN" else match[1], whole)
    return plain or whole or Folded(text, (0,), (0,))


def content_lines(text: str) -> Iterator[ContentLine]:
    """The properties of an unfolded text, in order."""
    for match in _LINE.finditer(text):
        yield ContentLine(match[1].upper(), match[2], match.start(), match.start(3), match.end())


def escaped(value: str) -> str:
    """`value` as a text value has it (RFC 5545 §3.3.11)."""
    return _NEEDS_ESCAPE.sub(lambda match: _ESCAPED[match[0]], value)


def refolded(text: str, start: int, end: int, replacement: str) -> str:
    """`replacement` with the folds it needs in the place of `[start, end)`, and one behind it if what follows does.

    Lines stay as long as the first was before, if that was longer than they should be: some senders never fold.
    """
    begin = text.rfind("\n", 0, start) + 1
    fold = ("\r\n" if "\r\n" in text else "\n") + " "
    limit = max(WIDTH, _line_end(text, start) - begin)
    room = limit - (start - begin)
    pieces = [replacement[:room]]
    pieces += [replacement[at : at + limit - 1] for at in range(room, len(replacement), limit - 1)]
    used = len(pieces[-1]) + (start - begin if len(pieces) == 1 else 1)
    if used + _line_end(text, end) - end > limit:
        pieces.append("")
    return fold.join(pieces)


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end - (text[end - 1] == "\r")
