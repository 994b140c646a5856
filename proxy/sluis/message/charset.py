"""Octets to texts a scan can read, and edits of a text back to octets (WHATWG Encoding; RFC 1468, 1554, 2152).

Nearly every charset of mail writes ASCII as ASCII: read as Latin-1, offsets are octets and tags are tags. UTF-16,
UTF-32, UTF-7, ISO-2022, HZ and EBCDIC do not; those go through the codec, with a map from characters to octets.
"""

import codecs
import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from sluis.report import Edit

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs by Python's names under which ASCII is not written as ASCII, or not only.
_ALIEN = re.compile(r"utf_?(?:7|16|32)|iso2022|hz$|cp(?:037|273|424|500|875|1026|1047|1140)$")
_DEFAULTS = {"utf-16": "utf-16-be", "utf-32": "utf-32-be"}  # without a byte order mark (RFC 2781 §4.3)
_TAG = re.compile(rb"<[A-Za-z]")
_PRESCAN = 1024  # octets of a page in which it may name its charset
_META = re.compile(
    rb"<meta[ \t\n\r\f/][^>]*?charset[ \t\n\r\f]*+=[ \t\n\r\f]*+[\"']?[ \t\n\r\f]*+([\w.:-]++)",
    re.IGNORECASE | re.ASCII,
)
_WIDE = re.compile("utf-(?:16|32)")  # ASCII named it, so it is not so
_OCTETS = re.compile("[\x00-\xff]++")
_AS_IT_STANDS = "sluis.as-it-stands"


def _as_it_stands(error: UnicodeError) -> tuple[str, int]:
    """Octets that a codec cannot decode, as the characters of Latin-1."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode("latin-1"), error.end


codecs.register_error(_AS_IT_STANDS, _as_it_stands)


@dataclass(frozen=True, slots=True)
class Text:
    """One reading of a part. `starts` holds the octet at which each character starts; None: offsets are octets."""

    text: str
    octets: bytes
    codec: str
    starts: Sequence[int] | None = None

    def edit(self, start: int, end: int, replacement: str, pad: int | None = None) -> Edit | None:
        """Replace the characters `[start, end)`. None where the codec cannot write that here."""
        if self.starts is None:
            return Edit(start, end, replacement.encode("latin-1", "xmlcharrefreplace"), pad)
        return self._encoded(start, end, replacement, len(replacement) if pad is None else pad)

    def native(self, fragment: str) -> str:
        """A fragment of the text with its true characters, for showing and for parsing URLs.

        What is no octet of the charset was written as a character reference, and is its own true character.
        """
        if self.starts is not None:
            return fragment
        return _OCTETS.sub(lambda octets: octets[0].encode("latin-1").decode(self.codec, _AS_IT_STANDS), fragment)

    def _encoded(self, start: int, end: int, replacement: str, pad: int) -> Edit | None:
        """Characters that share a shift sequence are written anew together, and escapes that were cut are put back."""
        starts = self.starts or ()
        first = bisect_left(starts, starts[start]) if start < len(self.text) else start
        last = bisect_right(starts, starts[end - 1]) if end > start else first
        begin, stop = starts[first], starts[last]
        head = self.text[first:start] + replacement[:pad]
        tail = replacement[pad:] + self.text[end:last]
        try:
            before, after = head.encode(self.codec), tail.encode(self.codec)
            blank = " ".encode(self.codec)
        except UnicodeEncodeError:
            return None
        escapes = b"".join(_SHIFT.findall(self.octets, begin, stop)) if _SHIFTED.search(self.codec) else b""
        octets = before + after + escapes
        edited = self.octets[:begin] + octets + self.octets[stop:]
        wanted = self.text[:start] + replacement + self.text[end:]
        if edited.decode(self.codec, "replace") != wanted:
            return None
        return Edit(begin, stop, octets, len(before), blank)


_SHIFT = re.compile(rb"\x1b[$(](?:[(B-Z@])?[A-Z@]?|\x1b[.N].|[\x0e\x0f]|~[{}]")
_SHIFTED = re.compile(r"2022|hz|utf.?7")


def as_octets(octets: bytes, _: str | None) -> tuple[Text, ...]:
    """`octets` as they are, one character each, where nothing hangs on what they mean."""
    return (Text(octets.decode("latin-1"), octets, "latin-1"),)


def as_text(octets: bytes, declared: str | None) -> tuple[Text, ...]:
    """The one reading of a plain text declared to be in the charset `declared`."""
    return readings(octets, declared, markup=False)


def readings(octets: bytes, declared: str | None, *, markup: bool = True) -> tuple[Text, ...]:
    """The readings of `octets`, a text declared to be in the charset `declared`; at least one, never raises.

    Of `markup` there may be two, since parsers differ in whether a page or its part says what charset it is in.
    """
    codec = _codec(octets, declared, markup=markup)
    plain = Text(octets.decode("latin-1"), octets, codec)
    if not _ALIEN.match(codec.replace("-", "_")):
        return (plain,)
    foreign = _foreign(octets, codec)
    if foreign.text == plain.text:
        return (plain,)
    return (foreign, plain) if markup and _TAG.search(octets) else (foreign,)


def _codec(octets: bytes, declared: str | None, *, markup: bool) -> str:
    """A byte order mark says most, then the part, then the page itself (WHATWG HTML §13.2.3.1 and .2)."""
    for bom, codec in _BOMS:
        if octets.startswith(bom):
            return codec
    name = _known((declared or "").strip("'\" "))
    if name:
        return _DEFAULTS.get(name, name)
    meta = _META.search(octets, 0, _PRESCAN) if markup else None
    name = _known(meta[1].decode("ascii")) if meta else None
    return name if name and not _WIDE.match(name) else "utf-8"


def _known(label: str) -> str | None:
    """The name of the codec called `label`, None where there is none or it is not one of characters."""
    try:
        name = codecs.lookup(label).name
        b" ".decode(name, "replace")  # nothing at all would be decoded by any codec
    except (LookupError, ValueError):
        return None
    return name


def _foreign(octets: bytes, codec: str) -> Text:
    """The text with the place of each character: by rule where all are equally wide, else octet by octet."""
    text = octets.decode(codec, "replace")
    width = len(" ".encode(codec))
    if len(text) * width == len(octets) and (width > 1 or not _SHIFTED.search(codec)):
        return Text(text, octets, codec, range(0, len(octets) + 1, width))
    decoder = codecs.getincrementaldecoder(codec)("replace")
    pieces: list[str] = []
    starts: list[int] = []
    pending = 0
    for index in range(len(octets)):
        piece = decoder.decode(octets[index : index + 1], index + 1 == len(octets))
        if piece:
            starts += [pending] * len(piece)
            pieces.append(piece)
            pending = index + 1
    return Text("".join(pieces), octets, codec, (*starts, len(octets)))
