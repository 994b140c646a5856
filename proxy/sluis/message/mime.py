"""The leaf parts of a message as spans over its octets, however broken its MIME is (RFC 2045, RFC 2046, RFC 3501).

One pass from the first octet to the last: the stack of open multiparts is a value in a loop, not recursion, and every
line is looked at once. Where parsers disagree (no boundary, two types), the reading that shows a client more counts.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluis.message.body import Encoding
from sluis.message.fields import LONGEST, MAX_FIELDS, Field, fields, scattered, structured
from sluis.report import Flaw, Span

MAX_PARTS = 20_000  # leaf parts; what stands behind them is not read
MAX_DEPTH = 20_000  # multiparts and messages within each other; deeper ones are read as one part
NUMBERED = 200  # levels that part numbers tell apart: a number names each level, and would take the square of the depth
_ARMOUR = b"-----BEGIN PGP "
_PGP = re.compile(rb"^-----BEGIN PGP (?:SIGNED )?MESSAGE-----", re.MULTILINE)
_PROTECTED = {
    "multipart/signed": "signed",
    "multipart/encrypted": "encrypted",
    "application/pkcs7-mime": "smime",
    "application/x-pkcs7-mime": "smime",
}
_MESSAGES = frozenset({"message/rfc822", "message/global"})
_ENCODINGS = {
    "": Encoding.IDENTITY,
    "7bit": Encoding.IDENTITY,
    "8bit": Encoding.IDENTITY,
    "binary": Encoding.IDENTITY,
    "quoted-printable": Encoding.QUOTED_PRINTABLE,
    "base64": Encoding.BASE64,
    **dict.fromkeys(("x-uuencode", "uuencode", "x-uue", "uue"), Encoding.UUENCODE),
}
_SAYING = (b"content-type", b"content-disposition", b"content-transfer-encoding", b"content-id")
_LATER = re.compile(rb"^content-(?:type|transfer-encoding|disposition)[ \t]*+:", re.IGNORECASE | re.MULTILINE)
_GUESS = re.compile(rb"^--([^\s-][^\r\n]*+)", re.MULTILINE)
_LONGEST_LINE = 4096  # octets of a line that are looked at for a boundary


@dataclass(frozen=True, slots=True)
class Part:
    """A leaf part. `path` is its IMAP part number (RFC 3501 §6.4.5), `body` ends before the delimiter's line end.

    `parameters` are those of its type; `also` holds other types it might be taken for, `encodings` and `charsets` all
    that it declares, the likeliest first; `attached` counts the messages it lies in, but for those that are shown
    in line (RFC 2183 §2.1), as lists wrap their members' mail, and are not returned in a report (RFC 6522);
    `protected` says why it must not be touched.
    """

    path: str
    header: Span
    body: Span
    media_type: str
    also: tuple[str, ...]
    parameters: Mapping[str, bytes]
    encodings: tuple[Encoding, ...]
    charsets: tuple[str | None, ...]
    content_id: str
    disposition: str
    filename: str
    attached: int
    protected: str | None

    def parameter(self, name: str) -> str:
        """A parameter of its type, '' where there is none."""
        return self.parameters.get(name, b"").decode("latin-1")


@dataclass(frozen=True, slots=True)
class Message:
    """The fields of the top header, the leaf parts in order, and what was wrong with the structure."""

    fields: tuple[Field, ...]
    parts: tuple[Part, ...]
    protected: str | None
    flaws: tuple[Flaw, ...]


@dataclass(slots=True)
class _Open:
    """A multipart, or a message within one, whose end has not been met."""

    path: str
    boundary: bytes
    body: int
    attached: int
    protected: str | None
    media_type: str
    count: int = 0


@dataclass(frozen=True, slots=True)
class _Entity:
    """What the header of one part says, and where its body begins."""

    header: Span
    body: int
    media_type: str
    also: tuple[str, ...]
    parameters: dict[str, bytes]
    encodings: tuple[Encoding, ...]
    charsets: tuple[str | None, ...]
    content_id: str
    disposition: str
    filename: str


def parse(raw: bytes) -> Message:
    """The structure of `raw`. Never raises; time and memory are linear in its length."""
    return _Parser(raw).run()


class _Parser:
    """The walk over one message: what is open, what was found."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._top: tuple[Field, ...] = ()
        self._stack: list[_Open] = []
        self._boundaries: dict[bytes, list[int]] = {}
        self._leaf: tuple[_Entity, str, int, str | None] | None = None
        self._parts: list[Part] = []
        self._flaws: dict[Flaw, None] = {}
        self._marks: dict[bytes, int] = {}
        self._position = 0

    def run(self) -> Message:
        self._enter(0)
        for start, end, key in self._dashed_lines():
            if Flaw.TOO_MANY_PARTS in self._flaws:
                break
            if start >= self._position:
                self._meet(start, end, key)
        if self._stack:
            self._flaws[Flaw.UNTERMINATED] = None
        self._close(0, len(self._raw))
        whole = {part.protected for part in self._parts}
        protected = whole.pop() if len(whole) == 1 else None
        return Message(self._top, tuple(self._parts), protected, tuple(self._flaws))

    def _dashed_lines(self) -> Iterator[tuple[int, int, bytes]]:
        """Each line that begins with two dashes: its start, its end past the line end, and what follows the dashes."""
        raw, start = self._raw, 0 if self._raw.startswith(b"--") else self._raw.find(b"\n--") + 1
        while start or raw.startswith(b"--", start):
            end = raw.find(b"\n", start) + 1 or len(raw)
            yield start, end, raw[start + 2 : min(end, start + _LONGEST_LINE)].rstrip(b" \t\r\n")
            start = raw.find(b"\n--", end - 1) + 1
            if not start:
                return

    def _meet(self, start: int, end: int, key: bytes) -> None:
        """A line that may delimit one of the open multiparts (RFC 2046 §5.1.1): of two alike, the inner one."""
        closing = key not in self._boundaries
        boundary = key.removesuffix(b"--") if closing else key
        if not self._boundaries.get(boundary):
            return
        index = self._boundaries[boundary][-1]
        line_end = 2 if self._raw[start - 2 : start] == b"\r\n" else 1
        self._close(index + 1, max(start - line_end, self._position))
        self._position = end
        if closing:
            self._pop(max(start - line_end, 0))
        else:
            self._enter(end)

    def _close(self, depth: int, end: int) -> None:
        """The part being read ends here, and with it all that is open beyond `depth`."""
        if self._leaf:
            entity, path, attached, protected = self._leaf
            self._leaf = None
            self._add(entity, path, (entity.body, max(end, entity.body)), attached, protected)
        while len(self._stack) > depth:
            self._pop(end)

    def _pop(self, end: int) -> None:
        opened = self._stack.pop()
        if opened.boundary:
            self._boundaries[opened.boundary].pop()
            if not opened.count:  # nothing was delimited: a client shows it as text, or guesses
                self._flaws[Flaw.MISSING_BOUNDARY] = None
                self._add(
                    _SHOWN, opened.path or "1", (opened.body, max(end, opened.body)), opened.attached, opened.protected
                )

    def _add(self, entity: _Entity, path: str, body: Span, attached: int, protected: str | None) -> None:
        if len(self._parts) >= MAX_PARTS:
            self._flaws[Flaw.TOO_MANY_PARTS] = None
            return
        if entity.media_type.startswith("text/") and self._armoured(body):
            protected = protected or "pgp"
        self._parts.append(
            Part(
                path,
                entity.header,
                body,
                entity.media_type,
                entity.also,
                entity.parameters,
                entity.encodings,
                entity.charsets,
                entity.content_id,
                entity.disposition,
                entity.filename,
                attached,
                protected,
            )
        )

    def _armoured(self, body: Span) -> bool:
        """Whether inline PGP stands in a text (RFC 9580 §6.2)."""
        start = self._raw.find(_ARMOUR, *body)
        return start >= 0 and bool(_PGP.search(self._raw, max(start - 1, body[0]), body[1]))

    def _enter(self, start: int) -> None:
        """Read the header at `start` and open what it announces: a leaf, a multipart, or a message and what that is."""
        while True:
            within = self._stack[-1] if self._stack else _Open("", b"", 0, 0, None, "")
            entity = self._entity(start, digest=within.media_type == "multipart/digest")
            start = self._position = entity.body
            within.count += 1
            path = f"{within.path}.{within.count}".lstrip(".") if len(self._stack) < NUMBERED else within.path
            protected = within.protected or _PROTECTED.get(entity.media_type)
            deep = len(self._stack) >= MAX_DEPTH
            if deep:
                self._flaws[Flaw.TOO_DEEP] = None
            if entity.media_type.startswith("multipart/") and not deep:
                path = within.path if not within.boundary else path
                self._open_multipart(entity, path, within.attached, protected)
                return
            if entity.media_type not in _MESSAGES or entity.encodings[0] is not Encoding.IDENTITY or deep:
                self._leaf = (entity, path, within.attached, protected)
                return
            shown = entity.disposition == "inline" and within.media_type != "multipart/report"
            self._stack.append(_Open(path, b"", start, within.attached + (not shown), protected, entity.media_type))

    def _open_multipart(self, entity: _Entity, path: str, attached: int, protected: str | None) -> None:
        boundary = entity.parameters.get("boundary", b"")[: _LONGEST_LINE - 2].rstrip()
        if not boundary:
            self._flaws[Flaw.MISSING_BOUNDARY] = None
            guess = _GUESS.search(self._raw, entity.body, entity.body + _LONGEST_LINE)
            boundary = guess[1].rstrip() if guess else b"\0"
        self._boundaries.setdefault(boundary, []).append(len(self._stack))
        self._stack.append(_Open(path, boundary, entity.body, attached, protected, entity.media_type))

    def _entity(self, start: int, *, digest: bool) -> _Entity:
        found, body = self._header(start)
        if not self._top and start == 0:
            self._top = found
        said: dict[bytes, list[bytes]] = {name: [] for name in _SAYING}
        for field in found:
            if field.name in said:
                said[field.name].append(self._raw[slice(*field.value)])
        types = self._types(said[b"content-type"])
        media_type, parameters = types[0] if types else ("message/rfc822" if digest else "text/plain", {})
        disposition, about = structured(next(iter(said[b"content-disposition"]), b""))
        name = about.get("filename") or parameters.get("name") or b""
        return _Entity(
            (start, body),
            body,
            media_type if "/" in media_type else "text/plain",
            tuple(each[0] for each in types[1:]),
            parameters,
            self._encodings(said[b"content-transfer-encoding"]),
            tuple(dict.fromkeys(_charset(about) for _, about in types)) or (None,),
            next(iter(said[b"content-id"]), b"").decode("latin-1").strip(" \t\r\n<>"),
            disposition,
            name.decode("latin-1"),
        )

    def _header(self, start: int) -> tuple[tuple[Field, ...], int]:
        """The fields of the header at `start`, and where the body begins.

        At a line that is no field a header ends for some, and others pass over the line. What they would read of the
        body's kind behind it counts where nothing was said before; where it contradicts that, both cannot be read.
        """
        found, body, ended = fields(self._raw, start, len(self._raw))
        if len(found) >= MAX_FIELDS:
            self._flaws[Flaw.TOO_MANY_FIELDS] = None
        if ended:
            return found, body
        self._flaws[Flaw.NO_HEADER_END] = None
        empty = min(self._ahead(b"\n\n", body), self._ahead(b"\n\r\n", body))
        if empty >= min(self._ahead(b"\n--", body), len(self._raw)) or not _LATER.search(self._raw, body, empty):
            return found, body
        if any(field.name in _SAYING for field in found):
            self._flaws[Flaw.AMBIGUOUS_HEADER] = None
            return found, body
        return (*found, *scattered(self._raw, body, empty + 1)), self._raw.index(b"\n", empty + 1) + 1

    def _ahead(self, mark: bytes, position: int) -> int:
        """Where `mark` stands next, from a position that never goes back: a long way is gone once."""
        if self._marks.get(mark, -1) < position:
            found = self._raw.find(mark, position)
            self._marks[mark] = len(self._raw) if found < 0 else found
        return self._marks[mark]

    def _types(self, values: list[bytes]) -> list[tuple[str, dict[str, bytes]]]:
        """The types that a header declares, the one that shows a client more first."""
        if any(len(value) > LONGEST for value in values):
            self._flaws[Flaw.TOO_LONG_FIELD] = None
        types = [structured(value) for value in values]
        if len(types) > 1:
            self._flaws[Flaw.DUPLICATE_CONTENT_TYPE] = None
            types.sort(key=lambda each: not each[0].startswith("multipart/"))
            if types[0][0].startswith("multipart/") and len({_boundary(*each) for each in types}) > 1:
                self._flaws[Flaw.AMBIGUOUS_BOUNDARY] = None
        return types

    def _encodings(self, values: list[bytes]) -> tuple[Encoding, ...]:
        names = [structured(value)[0] for value in values] or [""]
        if len(set(names)) > 1:
            self._flaws[Flaw.DUPLICATE_ENCODING] = None
        encodings = tuple(dict.fromkeys(_ENCODINGS.get(name, Encoding.OPAQUE) for name in names))
        if Encoding.OPAQUE in encodings:
            self._flaws[Flaw.BAD_ENCODING] = None
        return encodings


def _charset(parameters: Mapping[str, bytes]) -> str | None:
    return parameters.get("charset", b"").decode("latin-1") or None


def _boundary(media_type: str, parameters: Mapping[str, bytes]) -> bytes | None:
    return parameters.get("boundary", b"") if media_type.startswith("multipart/") else None


_SHOWN = _Entity((0, 0), 0, "text/plain", ("text/html",), {}, (Encoding.IDENTITY,), (None,), "", "", "")
