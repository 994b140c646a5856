"""Where the messages of an audit come from, and how one that was read is known again: by its place in a file here.

A source lists what it has as `Known`, and brings as `Stored` what of it is still to be read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

from sluis.mailbox import Piece, messages, named


class Known(Protocol):
    """A message at rest that need not be at hand."""

    @property
    def key(self) -> str:
        """The same for the same message as long as it lies there unchanged, another for any other; names nobody."""

    @property
    def name(self) -> str:
        """What the person calls it: its file, or its folder and number."""

    @property
    def octets(self) -> int:
        """How long it is, or about how long."""


class Stored(Known, Protocol):
    """A message at hand. It goes to a worker by pickle."""

    def read(self) -> bytes:
        """The message itself. Raises `OSError`."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A message in a file."""

    key: str
    piece: Piece

    @property
    def name(self) -> str:
        """Its file's, relative to what was named."""
        return self.piece.name

    @property
    def octets(self) -> int:
        """How long its piece of the file is."""
        return self.piece.octets

    def read(self) -> bytes:
        """The message without its From_ line. Raises `OSError`."""
        return self.piece.read()[self.piece.body - self.piece.begin :]


def filed(paths: Sequence[Path], without: Path) -> tuple[list[Filed], list[str]]:
    """The messages in `paths`, but for what lies below `without`, and a line for each file that cannot be read.

    Raises `OSError` for a path that is not there.
    """
    pieces, unread = messages(named(paths, without))
    return list(_known(pieces)), unread


def _known(pieces: Sequence[Piece]) -> Iterator[Filed]:
    """A piece is known by its file, its place in it, and when that file was written. A Maildir's flags, which stand in
    the name (`:2,S`), say nothing of what is in it.
    """
    path, written = None, 0
    for piece in pieces:
        if piece.path != path:
            path, written = piece.path, _written(piece.path)
        name = f"{piece.path.parent}/{piece.path.name.partition(':2,')[0]}"
        facts = f"{name}\0{written}\0{piece.begin}\0{piece.end}"
        yield Filed(blake2b(facts.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest(), piece)


def _written(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:  # gone since it was listed: reading it will say so
        return 0
