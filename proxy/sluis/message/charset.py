"""Octets to texts a scan can read, and edits of a text back to octets (WHATWG Encoding; RFC 1468, 1554, 2152).

Nearly every charset of mail writes ASCII as ASCII: read as Latin-1, offsets are octets and tags are tags. UTF-16,
UTF-32, UTF-7, ISO-2022, HZ and EBCDIC do not; those go through the codec, with a map from characters to octets.
"""

import codecs
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sluis.message.foreign import Foreign, foreign, reads, shifted
from sluis.report import Edit

_BOMS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Codecs by Python's names under which ASCII is not written as ASCII, or not only.
_ALIEN = re.compile(r"utf_?(?:7|16|32)|iso2022|hz$|cp(?:037|273|424|500|875|1026|1047|1140)$")
# Without a byte order mark: browsers take the little end first (WHATWG Encoding §4.2), RFC 2781 §4.3 the big one.
_ORDERS = {"utf-16": ("utf-16-le", "utf-16-be"), "utf-32": ("utf-32-le", "utf-32-be")}
# What browsers call UTF-16 besides, and Python does not (WHATWG Encoding §4.2).
_WIDE_LABELS = frozenset({"csunicode", "iso-10646-ucs-2", "ucs-2", "unicode", "unicodefeff", "unicodefffe"})
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


Cut = tuple[int, int, str, int]  # the characters `[start, end)`, what to write there, and the pad within it


@dataclass(frozen=True, slots=True)
class Text:
    """One reading of a part. `places` says at which octet each character starts; None: offsets are octets."""

    text: str
    octets: bytes
    codec: str
    places: Foreign | None = None

    def edit(self, start: int, end: int, replacement: str, pad: int | None = None) -> Edit | None:
        """Replace the characters `[start, end)`. None where the codec cannot write that here."""
        return self.edits([(start, end, replacement, len(replacement) if pad is None else pad)])[0]

    def edits(self, cuts: Iterable[Cut]) -> list[Edit | None]:
        """An edit for each of `cuts`, which lie in order and apart. Those that share a shift sequence have one.

        None takes one half of a CR LF along: what has a bare CR or LF may not be sent.
        """
        cuts = map(self._between_lines, cuts)
        if self.places is None:
            return [
                Edit(start, end, replacement.encode("latin-1", "xmlcharrefreplace"), pad)
                for start, end, replacement, pad in cuts
            ]
        return [edit for group in self._groups(cuts) for edit in [self._encoded(*group)] * len(group[2])]

    def native(self, fragment: str) -> str:
        """A fragment of the text with its true characters, for showing and for parsing URLs.

        What is no octet of the charset was written as a character reference, and is its own true character.
        """
        if self.places is not None:
            return fragment
        return _OCTETS.sub(lambda octets: octets[0].encode("latin-1").decode(self.codec, _AS_IT_STANDS), fragment)

    def _between_lines(self, cut: Cut) -> Cut:
        start, end, replacement, pad = cut
        start += start < end and self.text.startswith("\r\n", start - 1)
        end -= start < end and self.text.startswith("\r\n", end - 1)
        return start, end, replacement, pad

    def _groups(self, cuts: Iterable[Cut]) -> list[tuple[int, int, list[Cut]]]:
        """The cuts that share characters to be written anew, together, and the span of those."""
        groups: list[tuple[int, int, list[Cut]]] = []
        for cut in cuts:
            first, last = self._span(cut[0], cut[1])
            if groups and first < groups[-1][1]:
                begin, end, within = groups[-1]
                within.append(cut)
                groups[-1] = (begin, max(end, last), within)
            else:
                groups.append((first, last, [cut]))
        return groups

    def _span(self, start: int, end: int) -> tuple[int, int]:
        """The characters `[start, end)` and those that start at the same octets."""
        starts = self.places.starts if self.places else ()
        first = bisect_left(starts, starts[start]) if start < len(self.text) else start
        if first == start == end:
            return start, end
        return first, bisect_right(starts, starts[max(start, end - 1)])

    def _encoded(self, first: int, last: int, cuts: Sequence[Cut]) -> Edit | None:
        """Characters that share a shift sequence are written anew together, and escapes that were cut are put back."""
        if self.places is None:
            return None
        pieces: list[str] = []
        position = first
        for start, end, replacement, _ in cuts:
            pieces += (self.text[position:start], replacement)
            position = end
        wanted = "".join([*pieces, self.text[position:last]])
        pad = cuts[0][0] - first + cuts[0][3]
        try:
            before, after = wanted[:pad].encode(self.codec), wanted[pad:].encode(self.codec)
            blank = " ".encode(self.codec)
        except UnicodeEncodeError:
            return None
        begin, stop = self.places.starts[first], self.places.starts[last]
        escapes = b"".join(_SHIFT.findall(self.octets, begin, stop)) if shifted(self.codec) else b""
        octets = before + after + escapes
        readable = reads(self.octets, self.codec, self.places, first, last, octets, wanted)
        if not readable or self._tears(begin, octets, stop):
            return None
        return Edit(begin, stop, octets, len(before), blank)

    def _tears(self, begin: int, octets: bytes, stop: int) -> bool:
        """Whether a line end would lose one half, which the codec takes for half a character."""
        after = self.octets.startswith(b"\r\n", begin - 1) and not octets.startswith(b"\n")
        return after or (self.octets.startswith(b"\r\n", stop - 1) and not octets.endswith(b"\r"))


_SHIFT = re.compile(rb"\x1b[$(](?:[(B-Z@])?[A-Z@]?|\x1b[.N].|[\x0e\x0f]|~[{}]")


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
    names = _codecs(octets, declared, markup=markup)
    plain = Text(octets.decode("latin-1"), octets, names[0])
    alien = [name for name in names if _ALIEN.match(name.replace("-", "_"))]
    found = [Text(places.text, octets, name, places) for name in alien for places in (foreign(octets, name),)]
    if not found or found[0].text == plain.text:
        return (plain,)
    found.sort(key=lambda text: -len(text.text.encode("ascii", "ignore")))  # the likelier order of octets first
    return (*found, plain) if markup and _TAG.search(octets) else tuple(found)


def _codecs(octets: bytes, declared: str | None, *, markup: bool) -> tuple[str, ...]:
    """A byte order mark says most, then the part, then the page itself (WHATWG HTML §13.2.3.1 and .2)."""
    for bom, codec in _BOMS:
        if octets.startswith(bom):
            return (codec,)
    label = (declared or "").strip("'\" ")
    name = "utf-16" if label.lower() in _WIDE_LABELS else _known(label)
    if name:
        return _ORDERS.get(name, (name,))
    meta = _META.search(octets, 0, _PRESCAN) if markup else None
    name = _known(meta[1].decode("ascii")) if meta else None
    return (name if name and not _WIDE.match(name) else "utf-8",)


def _known(label: str) -> str | None:
    """The name of the codec called `label`, None where there is none or it is not one of characters."""
    try:
        name = codecs.lookup(label).name
        b" ".decode(name, "replace")  # nothing at all would be decoded by any codec
    except (LookupError, ValueError):
        return None
    return name
