"""Parts that are elsewhere: `message/external-body` has a client fetch its body from an address (RFC 2046 §5.2.3).

What names the place stands in the type's own parameters (RFC 2017 for a URL, RFC 2046 for FTP and mail servers), so the
edit is one of the header. Without a place there is nothing to fetch; the part stays, and says what was meant.
"""

import re
from collections.abc import Iterator

from sluis.message.fields import fields
from sluis.message.mime import Part
from sluis.report import Action, Edit, Finding, Kind

_TYPE = "message/external-body"
_PLACE = re.compile(
    rb";\s*+(?:url|site|server)(?:\*[0-9]{0,3}+\*?)?\s*+=\s*+(\"(?:[^\"\\]|\\.)*+\"?|[^;\s\"]++)",
    re.IGNORECASE | re.DOTALL,
)
_FILLED = re.compile(rb"[^\s\"]")
_BLANK = re.compile(rb"[\s_\"]*+")
_WHY = "the client fetches this part from elsewhere when it is shown, or offers to"


def external(part: Part, raw: bytes, *, fit: bool) -> Iterator[tuple[Finding, Edit]]:
    """The place that `part` is to be fetched from, with the edit that empties it; with `fit`, one as long."""
    if _TYPE not in {part.media_type, *part.also}:
        return
    for field in fields(raw, *part.header)[0]:
        if field.name != b"content-type":
            continue
        begin, stop = field.value
        for match in _PLACE.finditer(raw, begin, stop - raw.endswith(b"\r", begin, stop)):
            place, start = match[1].rstrip(), match.start(1)  # a quote that never closes takes the line end along
            if not _BLANK.fullmatch(place):
                edit = Edit(start, start + len(place), _FILLED.sub(b"_", place) if fit else b'""')
                yield _finding(part, (edit.start, edit.end), place.decode("latin-1")), edit


def _finding(part: Part, span: tuple[int, int], written: str) -> Finding:
    place = "".join(written.split()).strip('"')
    return Finding(
        Kind.ACTIVE_CONTENT, Action.BLANKED, "external-body", None, None, place, None, part.path, span, 1.0, _WHY
    )
