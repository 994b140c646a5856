"""Header fields that say against what a client resolves relative addresses (RFC 2557 §4, RFC 2110 §4 before it).

With `Content-Base: https://t.example/` an image called `1.gif` is fetched from there; Thunderbird for one puts a
`<base>` into the page for either field. Where a field names parts that came along it is left alone: those are no HTML.
"""

import re
from collections.abc import Iterator

from sluis.detect.receipts import renamed
from sluis.detect.remote import is_remote
from sluis.message.fields import Field, fields
from sluis.message.mime import Message
from sluis.report import Action, Edit, Finding, Kind

BASES = frozenset({b"content-base", b"content-location"})
_NAMED = re.compile(rb"content-(?:base|location)", re.IGNORECASE)
_HTML = frozenset({"text/html", "application/xhtml+xml", "image/svg+xml"})


def bases(message: Message, raw: bytes, *, attached: bool, fit: bool) -> Iterator[tuple[Finding, Edit]]:
    """Each field that gives HTML a base elsewhere, with the edit that takes it out; with `fit`, one that renames it."""
    for field, path in _fields(message, raw, attached=attached):
        start, end = field.value
        address = raw[start:end].decode("latin-1").strip().strip("\"'<>")
        if is_remote(address):
            name = field.name.decode()
            action = Action.BLANKED if fit else Action.REMOVED
            why = "the client resolves relative addresses against it when the message is opened"
            place = (field.start, field.end)
            yield (
                Finding(Kind.ACTIVE_CONTENT, action, name, None, None, address, None, path, place, 1.0, why),
                Edit(field.start, field.end, renamed(field, raw) if fit else b""),
            )


def _fields(message: Message, raw: bytes, *, attached: bool) -> Iterator[tuple[Field, str]]:
    """Those of the top header and of each HTML part's, with the part's number, each once."""
    yield from ((field, "") for field in message.fields if field.name in BASES)
    top = message.fields[0].start if message.fields else 0
    for part in message.parts:
        if (
            not part.protected
            and (attached or not part.attached)
            and not _HTML.isdisjoint({part.media_type, *part.also})
            and part.header[0] > top
            and _NAMED.search(raw, *part.header)
        ):
            yield from ((field, part.path) for field in fields(raw, *part.header)[0] if field.name in BASES)
