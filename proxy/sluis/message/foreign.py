"""Charsets in which ASCII is not written as ASCII, or not only: their text, and at which octet each character starts.

Most have a state: what an octet means hangs on the escapes before it. So there are waypoints on the way, from which a
stretch can be read anew without all that lies before it. Whatever octets come, the work is linear in their number.
"""

import codecs
import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

State = tuple[bytes, int]
_START: State = (b"", 0)
_STRIDE = 1024  # octets between two waypoints
_SHIFTED = re.compile(r"2022|hz|utf.?7")
# A shifted run, its closing hyphen included, or characters as they are. Python's own decoder of UTF-7 reads a run anew
# from its beginning with each octet of it.
_UTF_7 = re.compile(rb"\+[A-Za-z0-9+/]*+-?|[^+]{1,1024}")


class Waypoint(NamedTuple):
    """An octet, the character that is read from there on, and the state of the decoder before it."""

    octet: int
    character: int
    state: State


@dataclass(frozen=True, slots=True)
class Foreign:
    """`text` and the octet at which each of its characters starts, and behind them the number of octets."""

    text: str
    starts: Sequence[int]
    waypoints: Sequence[Waypoint]


def shifted(codec: str) -> bool:
    """Whether `codec` has escapes that hold for what follows them."""
    return bool(_SHIFTED.search(codec))


def foreign(octets: bytes, codec: str) -> Foreign:
    """`octets` read by `codec`, one that has ASCII in some way."""
    if codec == "utf-7":
        return _utf_7(octets)
    if shifted(codec):
        return _stepwise(octets, codec)
    text = octets.decode(codec, "replace")
    width = len(" ".encode(codec))
    if len(text) * width != len(octets):
        return _stepwise(octets, codec)
    waypoints = [Waypoint(at * width, at, _START) for at in range(0, len(text) + 1, _STRIDE // width)]
    return Foreign(text, range(0, len(octets) + 1, width), waypoints)


def reads(octets: bytes, codec: str, before: Foreign, first: int, last: int, new: bytes, wanted: str) -> bool:
    """Whether `new` in the place of the characters `[first, last)` reads as `wanted`, and all else as before.

    Only what lies between the waypoints around is read.
    """
    begin, stop = before.starts[first], before.starts[last]
    left = before.waypoints[max(bisect_left(before.waypoints, (begin,)) - 1, 0)]
    index = bisect_left(before.waypoints, (stop,))
    end = Waypoint(len(octets), len(before.text), _START)
    right = before.waypoints[index] if index < len(before.waypoints) else end
    stretch = octets[left.octet : begin] + new + octets[stop : right.octet]
    expected = before.text[left.character : first] + wanted + before.text[last : right.character]
    if codec == "utf-7":
        return _utf_7(stretch).text == expected
    decoder = codecs.getincrementaldecoder(codec)("replace")
    decoder.setstate(left.state)
    ends = right.octet == end.octet
    # Octets that are none of the charset may be replaced by more or fewer characters where they come one by one.
    try:
        text = (
            decoder.decode(stretch, ends)
            if "\ufffd" not in expected
            else "".join(piece for _, _, piece in _steps(decoder, stretch, ends=ends))
        )
    except UnicodeError:  # the change has made an escape that there is not
        return False
    return text == expected and (ends or decoder.getstate() == right.state)


def _steps(decoder: codecs.IncrementalDecoder, octets: bytes, *, ends: bool) -> Iterator[tuple[int, int, str]]:
    """Octet by octet the characters that come of it, and the octets `[start, stop)` that they are written with.

    On some escapes that there are not, Python's decoders give up; they are passed over as browsers do (WHATWG Encoding
    §12.2.1): the first octet becomes a replacement character, and the rest is read on.
    """
    start = index = 0
    while index < len(octets):
        try:
            piece = decoder.decode(octets[index : index + 1], ends and index + 1 == len(octets))
        except UnicodeError:
            decoder.setstate((b"", decoder.getstate()[1]))
            piece, index = "\ufffd", start
        index += 1
        if piece:
            yield start, index, piece
            start = index


def _stepwise(octets: bytes, codec: str) -> Foreign:
    decoder = codecs.getincrementaldecoder(codec)("replace")
    pieces: list[str] = []
    starts: list[int] = []
    waypoints = [Waypoint(0, 0, decoder.getstate())]
    for start, stop, piece in _steps(decoder, octets, ends=True):
        starts += [start] * len(piece)
        pieces.append(piece)
        if stop - waypoints[-1].octet >= _STRIDE and stop < len(octets):
            waypoints.append(Waypoint(stop, len(starts), decoder.getstate()))
    return Foreign("".join(pieces), (*starts, len(octets)), waypoints)


def _utf_7(octets: bytes) -> Foreign:
    """RFC 2152. The characters of a shifted run start together, where it does."""
    pieces: list[str] = []
    starts: list[int] = []
    waypoints: list[Waypoint] = []
    for at, piece in _utf_7_pieces(octets):
        waypoints.append(Waypoint(at, len(starts), _START))
        starts += [at] * len(piece) if octets[at] == ord("+") else range(at, at + len(piece))
        pieces.append(piece)
    return Foreign("".join(pieces), (*starts, len(octets)), waypoints or [Waypoint(0, 0, _START)])


def _utf_7_pieces(octets: bytes) -> Iterator[tuple[int, str]]:
    for match in _UTF_7.finditer(octets):
        piece = match[0]
        if piece.startswith(b"+"):
            yield match.start(), (piece.removesuffix(b"-") + b"-").decode("utf-7", "replace")
        else:
            yield match.start(), piece.decode("ascii", "replace")
