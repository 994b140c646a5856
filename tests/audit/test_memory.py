"""What was read is not read again; what was torn, is out of date or has gone counts for nothing."""

import json
from pathlib import Path

import pytest

from sluis.audit.memory import BusyError, Memory
from sluis.audit.record import Record, State, Way
from sluis.report import Kind

RECORD = Record(
    "shop.example", "2024-05-06", "pass", "shop.example", State.READ, ((Way(Kind.OPEN_PIXEL, "size", "v", ""), 3),)
)
MADE_BY = {"form": "1"}


def kept(path: Path, *keys: str, made_by: dict[str, str] = MADE_BY) -> None:
    with Memory(path, made_by) as memory:
        list(memory.recall({}))
        for key in keys:
            memory.keep(key, RECORD)


def recalled(path: Path, *keys: str, made_by: dict[str, str] = MADE_BY) -> tuple[dict[str, Record], set[str]]:
    left = {key: key for key in keys}
    with Memory(path, made_by) as memory:
        return dict(memory.recall(left)), set(left)


def test_what_was_kept_is_recalled_and_taken_from_the_wanted(tmp_path: Path) -> None:
    kept(tmp_path / "s", "a", "b")
    kept(tmp_path / "s", "c")
    assert recalled(tmp_path / "s", "a", "c", "d") == ({"a": RECORD, "c": RECORD}, {"d"})


@pytest.mark.parametrize(
    "torn", [b'["b",["shop', b'["b",["shop.example"]]\n', b"\xff\n", b'["b",[1,2,3,4,5,6]]\n', b"7\n"]
)
def test_a_torn_line_goes_and_the_next_takes_its_place(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "s"
    kept(path, "a")
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    kept(path, "c")
    assert recalled(path, "a", "b", "c") == ({"a": RECORD, "c": RECORD}, {"b"})
    assert path.read_bytes().startswith(whole)


def test_what_other_rules_found_counts_no_more(tmp_path: Path) -> None:
    kept(tmp_path / "s", "a")
    assert recalled(tmp_path / "s", "a", made_by={"form": "2"}) == ({}, {"a"})
    assert (tmp_path / "s").read_bytes() == json.dumps({"form": "2"}).encode() + b"\n"


def test_two_cannot_write_at_once(tmp_path: Path) -> None:
    with Memory(tmp_path / "s", MADE_BY), pytest.raises(BusyError):
        Memory(tmp_path / "s", MADE_BY)
    recalled(tmp_path / "s")


def test_only_its_owner_reads_it(tmp_path: Path) -> None:
    kept(tmp_path / "s")
    assert (tmp_path / "s").stat().st_mode & 0o777 == 0o600
