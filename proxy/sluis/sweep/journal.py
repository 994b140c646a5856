"""The journal on disk. A note that is kept is there whatever is killed next, the machine itself included.

It is only ever added to: after a stopped sweep it is all that tells our copies from other mail.
"""

import errno
import fcntl
import os
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from sluis.sweep.ledger import Ledger
from sluis.sweep.note import Note, line, of_line


class JournalError(Exception):
    """The file cannot be used, in words for a person."""


class Journal:
    """The file at `path`, and the `ledger` that its notes come to."""

    def __init__(self, path: Path) -> None:
        """Open the file or begin it. Raises `JournalError`, or `OSError`."""
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._age = time.time() - os.fstat(self._file.fileno()).st_mtime
            self.ledger = self._read(path)
        except BlockingIOError as error:
            self._file.close()
            raise JournalError(f"{path}: another sweep is writing here") from error
        except JournalError:
            self._file.close()
            raise
        _sync_folder(path.parent)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    @property
    def age(self) -> float:
        """Seconds since the last note of a sweep before this one."""
        return self._age

    def note(self, note: Note) -> None:
        """Write a note. A kill of this process does not undo it; a power cut may, and the next `keep` ends that."""
        octets = line(note)
        if self._file.write(octets) != len(octets):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), self._file.name)
        self.ledger.add(note)

    def keep(self, note: Note) -> None:
        """Write a note, and all before it, so that nothing undoes it. Raises `OSError`."""
        self.note(note)
        os.fsync(self._file.fileno())

    def _read(self, path: Path) -> Ledger:
        """The notes so far. The last line may be torn, and then goes; any other must be sound."""
        ledger = Ledger()
        whole, _, torn = self._file.read().rpartition(b"\n")
        for number, each in enumerate(whole.split(b"\n") if whole else (), 1):
            try:
                ledger.add(of_line(each))
            except ValueError as error:
                raise JournalError(f"{path}: line {number} is damaged; move the file away to begin anew") from error
        end = len(whole) + 1 if whole else 0
        if torn:
            self._file.truncate(end)
        self._file.seek(end)
        return ledger


def _sync_folder(folder: Path) -> None:
    """Make a new name in `folder` last."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
