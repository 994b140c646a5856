"""The cases: named ways in which a mail can call home, read from `cases/*.yaml`, and made into messages.

A case is HTML with the place of an address left open, or a whole set of parts and header fields. It knows neither what
Sluis does about it nor how it will be opened.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from tests.leaks.chromium import Channel
from tests.leaks.spelling import SPELLINGS
from tests.leaks.wire import HTML, RAW, XHTML, Piece, Wire, message

CASES = Path(__file__).parent / "cases"
_PLACE = re.compile(r"\{(url|host|path|document)(?:\.([a-z0-9-]+))?\}")
_OPENING = re.compile(r"\s*<(?:!doctype|html|head|frameset|\?xml|body)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """Whom a case calls: the path is what makes the URL a known tracker's, or an unknown one."""

    host: str
    path: str

    @property
    def url(self) -> str:
        """The whole address."""
        return f"http://{self.host}{self.path}"


@dataclass(frozen=True, slots=True)
class Case:
    """One way to call home.

    `fires`: how Chromium does it, `NONE` where it does not and the octets alone can be judged. `content`: it shows an
    image, which `balanced` keeps from an address that nobody is known to count by. `out`: why this is not for Sluis to
    stop; '' for all that is. `leak`: what is known of why it is not stopped yet; '' for all that are. `inert`: its
    address stays, under names that nobody knows, which Chromium must show to be harmless where it calls without.
    `medium`: the CSS medium it is opened in. `click`: it waits for the pointer, which is brought and pressed once, amid
    the page. `narrow`: it holds a document that a browser reads in the charset of the whole, so not in UTF-16.
    `html` is the first part, before `parts` in a multipart of the subtype `container`; in both `{document}` stands for
    `document`, which is what a spelling is to be applied to as a whole.
    """

    name: str
    group: str
    fires: Channel
    content: bool
    out: str
    leak: str
    inert: bool
    medium: str
    click: bool
    narrow: bool
    html: str
    document: str
    container: str
    fields: Mapping[str, str]
    parts: tuple[Piece, ...]

    @property
    def shown(self) -> bool:
        """Whether a mail client finds HTML in it to show."""
        return bool(self.html) or any(part.media_type.lower().startswith((HTML, XHTML)) for part in self.parts)

    def written(self, wire: Wire) -> bool:
        """Whether the charset of `wire` has every character of the case, and it may be opened in that."""
        if self.narrow and wire.charset == "utf-16":
            return False
        text = "".join((self.html, self.document, *(part.text for part in self.parts)))
        try:
            return text.encode(wire.codec).decode(wire.codec) == text
        except UnicodeEncodeError:
            return False

    def raw(self, address: Address, wire: Wire = RAW) -> bytes:
        """The message that calls `address`, written as `wire` says."""
        pieces = [self._piece(part, address) for part in self.parts]
        if self.html:
            text = self._fill(self.html, address)
            greeting = "" if _OPENING.match(text) else f"<p>{wire.greeting}</p>\r\n"
            pieces.insert(0, Piece(HTML, {}, greeting + text))
        fields = {name: self._fill(value, address) for name, value in self.fields.items()}
        return message(pieces, fields, self.container, wire)

    def _piece(self, part: Piece, address: Address) -> Piece:
        fields = {name: self._fill(value, address) for name, value in part.fields.items()}
        return Piece(self._fill(part.media_type, address), fields, self._fill(part.text, address))

    def _fill(self, text: str, address: Address) -> str:
        """`text` with its places filled in, and its line ends as mail has them."""

        def filled(match: re.Match[str]) -> str:
            what = self._fill(self.document, address) if match[1] == "document" else getattr(address, match[1])
            return SPELLINGS[match[2]](what) if match[2] else str(what)

        return re.sub(r"\r?\n", "\r\n", _PLACE.sub(filled, text))


@cache
def cases() -> tuple[Case, ...]:
    """All cases, group by group."""
    return tuple(case for path in sorted(CASES.glob("*.yaml")) for case in _group(path))


def _group(path: Path) -> Iterator[Case]:
    """The cases of one file, each on top of what the file says of all of them."""
    group = yaml.safe_load(path.read_text())
    shared = {name: value for name, value in group.items() if name not in {"about", "cases"}}
    for name, row in group["cases"].items():
        yield _case(name, group["about"], {**shared, **({"html": row} if isinstance(row, str) else row)})


def _case(name: str, about: str, row: Mapping[str, Any]) -> Case:
    known = {"fires", "content", "out", "leak", "inert", "medium", "click", "html", "document", "container", "fields"}
    known |= {"parts", "narrow"}
    if row.keys() - known:
        raise ValueError(f"{name}: {row.keys() - known}")
    parts = tuple(Piece(part["type"], part.get("fields", {}), part["text"]) for part in row.get("parts", ()))
    return Case(
        name,
        about,
        Channel(row["fires"]),
        row.get("content", False),
        row.get("out", ""),
        row.get("leak", ""),
        row.get("inert", False),
        row.get("medium", "screen"),
        row.get("click", False),
        row.get("narrow", False),
        row.get("html", ""),
        row.get("document", ""),
        row.get("container", "related"),
        row.get("fields", {}),
        parts,
    )
