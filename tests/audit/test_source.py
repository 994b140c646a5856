"""How a message in a file is known again: by its place and its time, whatever its flags."""

import os
from pathlib import Path

from sluis.audit.source import filed

FROM = b"From sanne@lezer.example Thu Nov 12 09:30:04 2026\n"


def keys(*paths: Path) -> list[str]:
    found, unread = filed(paths, without=Path("sluis-audit"))
    assert unread == []
    return [each.key for each in found]


def write(path: Path, octets: bytes, at: int = 1_000) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    os.utime(path, (at, at))
    return path


def test_a_message_is_read_without_its_from_line(tmp_path: Path) -> None:
    path = write(tmp_path / "mbox", FROM + b"A: 1\n\na\n" + FROM + b"B: 2\n\nb\n")
    found, _ = filed([path], without=tmp_path / "out")
    assert [each.read() for each in found] == [b"A: 1\n\na\n", b"B: 2\n\nb\n"]
    assert len({each.key for each in found}) == 2


def test_flags_do_not_make_it_another_message(tmp_path: Path) -> None:
    path = write(tmp_path / "cur" / "1.host:2,", b"A: 1\n\n")
    before = keys(tmp_path)
    path.rename(path.with_name("1.host:2,RS"))
    assert keys(tmp_path) == before


def test_the_same_file_is_the_same_however_it_is_named(tmp_path: Path) -> None:
    path = write(tmp_path / "a" / "1.eml", b"A: 1\n\n")
    assert keys(path) == keys(tmp_path) == keys(tmp_path / "a" / ".." / "a")


def test_another_file_place_size_or_time_is_another_message(tmp_path: Path) -> None:
    seen = keys(write(tmp_path / "1.eml", b"A: 1\n\n"))
    seen += keys(write(tmp_path / "2.eml", b"A: 1\n\n"))
    seen += keys(write(tmp_path / "1.eml", b"A: 1\n\n", at=2_000))
    seen += keys(write(tmp_path / "1.eml", b"A: 11\n\n"))
    assert len(set(seen)) == 4


def test_a_key_names_nobody(tmp_path: Path) -> None:
    (key,) = keys(write(tmp_path / "sanne" / "1.eml", b"A: 1\n\n"))
    assert len(key) == 32
    assert set(key) <= set("0123456789abcdef")
