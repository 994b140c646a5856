"""Header fields and bodies as signatures see them: the canonical forms of RFC 6376 §3.4, in linear time.

A body is hashed in pieces, so that no second copy of a message is made and other threads get their turn. Pieces end
before an octet that is no blank, since what a blank becomes hangs on its neighbours.
"""

import re
from collections.abc import Iterator
from hashlib import sha256
from typing import NamedTuple

from sluis.message.fields import Field

_PIECE = 65_536  # octets that are made canonical at once
_BLANKS = re.compile(rb"  ++")
_SOLID = re.compile(rb"[^ \t\r\n]")
_SIGNATURE = re.compile(rb"((?:\A|;)[ \t\r\n]*+b[ \t\r\n]*+=)[^;]*+")


class BodyHash(NamedTuple):
    """The digest of a body's canonical form, or of its first octets, and how many octets the whole form has."""

    digest: bytes
    octets: int


def field(raw: bytes, found: Field, *, relaxed: bool) -> bytes:
    """A header field in its canonical form, with its line end."""
    if not relaxed:
        return raw[found.start : found.end].rstrip(b"\r\n") + b"\r\n"
    return found.name + b":" + _unfolded(raw[slice(*found.value)]) + b"\r\n"


def unsigned(raw: bytes, found: Field, *, relaxed: bool) -> bytes:
    """A signature's own field with nothing for its signature and without a line end, as it is signed (§3.7)."""
    start, end = found.value
    value = _SIGNATURE.sub(rb"\1", raw[start:end], count=1)
    if relaxed:
        return found.name + b":" + _unfolded(value)
    return raw[found.start : start] + value.rstrip(b"\r\n")


def body_hash(raw: bytes, start: int, *, relaxed: bool, limit: int | None = None) -> BodyHash:
    """The SHA-256 of the body that starts at `start`; with `limit`, of that many octets of its canonical form."""
    hasher, octets = sha256(), 0
    for piece in _relaxed(raw, start) if relaxed else _simple(raw, start):
        hasher.update(piece if limit is None else piece[: max(limit - octets, 0)])
        octets += len(piece)
    return BodyHash(hasher.digest(), octets)


def _unfolded(value: bytes) -> bytes:
    flat = value.replace(b"\r", b"").replace(b"\n", b"").replace(b"\t", b" ")
    return _BLANKS.sub(b" ", flat).strip(b" ")


def _simple(raw: bytes, start: int) -> Iterator[bytes]:
    end = _stripped(raw, start, b"\r\n")
    for at in range(start, end, _PIECE):
        yield raw[at : min(at + _PIECE, end)]
    yield b"\r\n"


def _relaxed(raw: bytes, start: int) -> Iterator[bytes]:
    end = _stripped(raw, start, b" \t\r\n")
    at = start
    while at < end:
        solid = _SOLID.search(raw, at + _PIECE, end) if at + _PIECE < end else None
        cut = solid.start() if solid else end
        yield _BLANKS.sub(b" ", raw[at:cut].replace(b"\t", b" ")).replace(b" \r\n", b"\r\n")
        at = cut
    if end > start:
        yield b"\r\n"


def _stripped(raw: bytes, start: int, blanks: bytes) -> int:
    """Where the body from `start` ends without the `blanks` at its end."""
    end = len(raw)
    while end > start:
        kept = raw[max(start, end - _PIECE) : end].rstrip(blanks)
        if kept:
            return max(start, end - _PIECE) + len(kept)
        end = max(start, end - _PIECE)
    return start
