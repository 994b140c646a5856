"""The folder of lists: each one is checked before it takes the place of the last good one, and takes it at once.

Beside a list lies a note of what it was: where it came from, what the server calls that version, and its digest. A
note that does not fit its list counts for nothing, so whatever stops an update between the two costs one more fetch.
"""

import hashlib
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from sluis.config import ListSection
from sluis.lists.fetch import LARGEST, FetchError, fetch
from sluis.rules.load import Kept, RulesError, read_list
from sluis.rules.table import List

_LOST = 2  # a list that comes with less than one in so many of its rules is taken for a piece of itself


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one list: `good` if what is kept is up to date; `told` is the line about it."""

    good: bool
    told: str


@dataclass(frozen=True, slots=True)
class _Note:
    """`origin` and `etag` of a kept list, and the SHA-256 of its octets in hex."""

    origin: str = ""
    etag: str = ""
    digest: str = ""


def update(lists: Sequence[ListSection], kept: Sequence[Kept]) -> list[Outcome]:
    """Bring each of `lists` up to date where `kept` has it. Raises `OSError` if there can be no such folder."""
    return [_update(wanted, place) for wanted, place in zip(lists, kept, strict=True)]


def _update(wanted: ListSection, place: Kept) -> Outcome:
    place.path.parent.mkdir(parents=True, exist_ok=True)
    before = _bytes(place.path)
    good = _good(before, place)
    note = _noted(place.path, before) if good else _Note()
    origin = wanted.url or str(wanted.path)
    try:
        octets, etag = _bring(wanted, note.etag if note.origin == origin else "")
        if octets is None or (good and octets == before):
            _write_note(place.path, before or b"", origin, etag)
            return Outcome(True, f"{place.name}: unchanged, {_counted(good)}")
        new = read_list(octets, place.name, place.format)
        if good and new.count * _LOST < good.count:
            raise RulesError(f"holds {new.count} rules only; remove {place.path} to take it nevertheless")
        replace(place.path, octets)
        _write_note(place.path, octets, origin, etag)
    except (FetchError, RulesError, OSError) as error:
        return Outcome(False, f"{place.name}: {origin}: {_words(error)}; {_stays(good)}")
    return Outcome(True, f"{place.name}: {_counted(new)}" + (f" (before: {good.count})" if good else ""))


def _bring(wanted: ListSection, etag: str) -> tuple[bytes | None, str]:
    """The octets of the list, None if they are those called `etag`; and what they are called now."""
    if wanted.url:
        fetched = fetch(wanted.url, etag)
        return fetched.octets, fetched.etag
    with Path(str(wanted.path)).open("rb") as file:
        octets = file.read(LARGEST + 1)
    if len(octets) > LARGEST:
        raise RulesError(f"is larger than {LARGEST} octets")
    return octets, ""


def _bytes(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _good(octets: bytes | None, place: Kept) -> List | None:
    """The list that is kept, if there is one and it can be read."""
    if octets is None:
        return None
    try:
        return read_list(octets, place.name, place.format)
    except RulesError:
        return None


def _noted(path: Path, octets: bytes | None) -> _Note:
    try:
        values = json.loads(_note_of(path).read_text("utf-8"))
        note = _Note(**{key: str(value) for key, value in values.items()})
    except (OSError, ValueError, TypeError, AttributeError):
        return _Note()
    return note if octets is not None and note.digest == _digest(octets) else _Note()


def _write_note(path: Path, octets: bytes, origin: str, etag: str) -> None:
    replace(_note_of(path), json.dumps(asdict(_Note(origin, etag, _digest(octets)))).encode() + b"\n")


def _note_of(path: Path) -> Path:
    return path.with_name(path.name + ".note")


def _digest(octets: bytes) -> str:
    return hashlib.sha256(octets).hexdigest()


def replace(path: Path, octets: bytes) -> None:
    """Put `octets` in the place of the file at `path` in one step, for everybody to read. Raises `OSError`."""
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(octets)
            file.flush()
            os.fchmod(file.fileno(), 0o644)
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _counted(rules: List | None) -> str:
    if rules is None:
        return "0 rules"
    return f"{rules.count} rules" + (f", {rules.skipped} unfit ones left out" if rules.skipped else "")


def _stays(good: List | None) -> str:
    return f"the last good one stays, {_counted(good)}" if good else "there is no earlier one"


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
