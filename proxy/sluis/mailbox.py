"""Where messages lie in files: one to a file, many to an mbox, a file each in a Maildir or any folder.

It knows names and places, never what a message says. An mbox is not taken apart and put together again: a piece is a
range of the file, its From_ line is carried along, and `>From` quoting stays as it was written.
"""

import mmap
import os
import re
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Self

MAILDIR = ("cur", "new", "tmp")

# "From sender Thu Nov 12 09:30:04 2026" (RFC 4155, Appendix A); a sentence that begins with the word is none.
_FROM_LINE = re.compile(
    rb"From [^\r\n]{0,400}?(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun),? +(?:[A-Z][a-z]{2} +\d{1,2}|\d{1,2} +[A-Z][a-z]{2}) +"
    rb"(?:\d{4} +)?\d{1,2}:\d{2}[^\r\n]{0,400}\r?\n"
)
_FROM_LINE_MAX = 1000
"""Octets that hold any From_ line, and so tell an mbox from a message."""
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True)
class Piece:
    """One message in a file, in octets: its From_ line is `[begin, body)`, empty outside an mbox; it ends at `end`.

    `name` is the file's, relative to what the person named.
    """

    path: Path
    name: str
    begin: int
    body: int
    end: int

    @property
    def octets(self) -> int:
        """How long the piece is."""
        return self.end - self.begin

    def read(self) -> bytes:
        """The octets `[begin, end)`. Raises `OSError`."""
        with self.path.open("rb") as file:
            file.seek(self.begin)
            return file.read(self.octets)


@dataclass(frozen=True, slots=True)
class Named:
    """What arguments stand for: files with their names relative to `root`, and folders to be made even if empty."""

    root: Path
    files: tuple[tuple[Path, str], ...]
    folders: tuple[str, ...] = ()


def envelope_line(raw: bytes) -> int:
    """The octets of the From_ line that `raw` begins with; 0 without one."""
    match = _FROM_LINE.match(raw[:_FROM_LINE_MAX])
    return match.end() if match else 0


def pieces(path: Path, name: str) -> list[Piece]:
    """The messages of one file: those of an mbox, or the file itself. Raises `OSError`."""
    size = path.stat().st_size
    with path.open("rb") as file:
        if not envelope_line(file.read(_FROM_LINE_MAX)):
            return [Piece(path, name, 0, 0, size)]
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as octets:
            lines = list(_from_lines(octets))
    ends = [begin for begin, _ in lines[1:]] + [size]
    return [Piece(path, name, begin, body, end) for (begin, body), end in zip(lines, ends, strict=True)]


def _from_lines(octets: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Every From_ line that opens the file or another line, as `[start, end)`. A writer quotes those of a body, and
    the empty line before it is not asked for: where it is missing, a whole message would go unread.
    """
    start = 0
    while start >= 0:
        if match := _FROM_LINE.match(octets, start):
            yield match.span()
        start = octets.find(b"\nFrom ", start) + 1 or -1


def named(arguments: Sequence[Path], without: Path | None = None) -> Named:
    """The files of `arguments`, folders walked, but for what lies below the folder `without`. Names are relative to the
    one folder given, or else to the deepest folder that holds all arguments. Raises `OSError` for what is not there.
    """
    arguments = [_absolute(argument) for argument in arguments]
    alone = len(arguments) == 1 and arguments[0].is_dir()
    root = arguments[0] if alone else Path(os.path.commonpath([argument.parent for argument in arguments]))
    files: dict[str, Path] = {}
    folders: list[Path] = []
    for argument in arguments:
        argument.stat()
        for path in _walk(argument, folders, without and _absolute(without)) if argument.is_dir() else [argument]:
            files[str(path.relative_to(root))] = path
    empty = tuple(os.path.relpath(folder, root) for folder in folders)
    return Named(root, tuple((path, name) for name, path in files.items()), empty)


def messages(found: Named) -> tuple[list[Piece], list[str]]:
    """The messages in the files that are there, and a line for each file that cannot be read."""
    listed: list[Piece] = []
    unread = []
    for path, name in found.files:
        try:
            listed += pieces(path, name)
        except OSError as error:
            unread.append(f"{name}: {error.strerror}")
    return listed, unread


class Copies:
    """Files written to a folder under their relative names. Pieces come in order, so one file is open at a time. Each
    gets the times and the mode of what it was read from: a Maildir's times are when its mail arrived.
    """

    def __init__(self, folder: Path, folders: Iterable[str] = ()) -> None:
        """Make `folder`, and `folders` in it. Raises `OSError`, as every method does."""
        self._folder = folder
        self._file: BinaryIO | None = None
        self._source: Piece | None = None
        for name in (".", *folders):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def write(self, piece: Piece, octets: bytes) -> None:
        """Add the octets of one piece to the file of its name."""
        if self._file is None or self._source is None or piece.name != self._source.name:
            self._close()
            path = self._folder / piece.name
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file, self._source = os.fdopen(os.open(path, _WRITE, 0o600), "wb"), piece
        self._file.write(octets)

    def _close(self) -> None:
        if self._file and self._source:
            self._file.close()
            with suppress(OSError):  # a mail program may have moved the source since
                shutil.copystat(self._source.path, self._folder / self._source.name)


def _absolute(path: Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 - unlike resolve() it follows no symbolic link


def _walk(top: Path, maildirs: list[Path], without: Path | None) -> Iterator[Path]:
    """Every message file below `top`, in the order of names; hidden files are none. In a Maildir the files of its three
    folders count, and those of Maildirs within it: what else lies there is a mail server's.
    """
    for folder, below, names in os.walk(top, onerror=_raise):
        here = Path(folder)
        below[:] = sorted(name for name in below if here / name != without)
        if set(below) >= set(MAILDIR):
            maildirs.extend(here / part for part in MAILDIR)
        else:
            yield from (here / name for name in sorted(names) if not name.startswith(".") and (here / name).is_file())


def _raise(error: OSError) -> None:
    raise error
