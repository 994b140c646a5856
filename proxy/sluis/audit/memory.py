"""What was read already: a line for each message, written as soon as it is known, so that a killed audit goes on.

It is memory and no result: the report is always made of the messages that are there now, and a line whose message has
gone counts for nothing. Records come in it as `record.py` makes them, with nobody's name; messages as digests.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from sluis.audit.record import Record

Item = TypeVar("Item")


class BusyError(Exception):
    """Another audit writes to the same file."""


class Memory:
    """The file at `path`. `made_by` says all that a record depends on besides its message: where it differs from what
    the file was begun with, nothing in it counts any more.
    """

    def __init__(self, path: Path, made_by: Mapping[str, str]) -> None:
        """Open the file or begin it. Raises `BusyError`, or `OSError`."""
        self._file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "r+b", buffering=0)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise BusyError(f"{path}: another audit is writing here") from error
        self.recalled: set[str] = set()
        self._first = json.dumps(dict(made_by), sort_keys=True).encode() + b"\n"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._file.close()

    def recall(self, wanted: MutableMapping[str, Item]) -> Iterator[tuple[Item, Record]]:
        """The messages that were read already, with their records; each is taken out of `wanted`, which is by key.
        `recalled` gets the key of every message that was ever read, also of those that have gone.

        When all are recalled, and only then, the file takes new ones.
        """
        with os.fdopen(os.dup(self._file.fileno()), "rb") as lines:
            lines.seek(0)
            end = len(self._first) if lines.readline() == self._first else 0
            for line in lines if end else ():
                if not (found := _read(line)):
                    break
                end += len(line)
                key, record = found
                self.recalled.add(key)
                if key in wanted:
                    yield wanted.pop(key), record
        self._go_on_at(end)

    def keep(self, key: str, record: Record) -> None:
        """Remember the record of one message. Raises `OSError`."""
        self._file.write(json.dumps([key, record.to_json()], separators=(",", ":")).encode() + b"\n")

    def _go_on_at(self, end: int) -> None:
        """Write behind the last sound line: one that was torn by a kill goes, and so does all that is out of date."""
        self._file.truncate(end)
        self._file.seek(end)
        if end == 0:
            self._file.write(self._first)


def _read(line: bytes) -> tuple[str, Record] | None:
    if not line.endswith(b"\n"):
        return None
    try:
        key, made = json.loads(line)
        return str(key), Record.of_json(made)
    except (ValueError, TypeError):
        return None
