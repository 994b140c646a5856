"""Where messages lie: names, ranges, and files that come out as they went in."""

import os
import stat
from pathlib import Path

import pytest

from sluis.mailbox import Copies, Piece, envelope_line, named, pieces

FROM = b"From sanne@lezer.example Thu Nov 12 09:30:04 2026\n"
MESSAGE = b"Subject: a\n\nbody\n\n"


def write(path: Path, octets: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(octets)
    return path


def ranges(path: Path) -> list[tuple[int, int, int]]:
    return [(piece.begin, piece.body, piece.end) for piece in pieces(path, path.name)]


def names(folder: Path, *arguments: str, without: Path | None = None) -> list[str]:
    return [name for _, name in named([folder / argument for argument in arguments], without).files]


@pytest.mark.parametrize(
    "line",
    [
        FROM,
        FROM.replace(b"\n", b"\r\n"),
        b"From - Thu Nov  5 9:30:04 2026\n",
        b"From MAILER-DAEMON Fri, 13 Nov 2026 20:11:37 +0100\n",
        b"From ???@??? Mon Jan 02 00:00:00 1997\n",
        b'From "a b"@lezer.example Thu Nov 12 09:30 2026 +0100 remote from uucp\n',
    ],
)
def test_from_lines_as_programs_write_them(line: bytes) -> None:
    assert envelope_line(line + MESSAGE) == len(line)


@pytest.mark.parametrize(
    "line", [b"From: sanne@lezer.example\n", b"From the quay on Thursday, with love\n", b">" + FROM, FROM.rstrip(), b""]
)
def test_lines_that_open_no_mbox(line: bytes) -> None:
    assert envelope_line(line + MESSAGE if line.endswith(b"\n") else line) == 0


def test_a_message_is_one_piece(tmp_path: Path) -> None:
    assert ranges(write(tmp_path / "a.eml", MESSAGE)) == [(0, 0, len(MESSAGE))]
    assert ranges(write(tmp_path / "empty", b"")) == [(0, 0, 0)]


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_an_mbox_is_its_messages(tmp_path: Path, end: bytes) -> None:
    line, first, second = (
        text.replace(b"\n", end) for text in (FROM, b"A: 1\n\n>From here on\nFrom x we go\n\n", b"B: 2\n\nlast")
    )
    path = write(tmp_path / "mbox", line + first + line + second)
    middle = len(line + first)
    assert ranges(path) == [(0, len(line), middle), (middle, middle + len(line), path.stat().st_size)]
    assert [piece.read() for piece in pieces(path, "mbox")] == [line + first, line + second]


def test_a_missing_empty_line_hides_no_message(tmp_path: Path) -> None:
    path = write(tmp_path / "mbox", FROM + b"A: 1\n\nbody\n" + FROM + b"B: 2\n\n")
    assert len(pieces(path, "mbox")) == 2


def test_names_are_relative_to_the_one_folder(tmp_path: Path) -> None:
    for name in ("b/2.eml", "a.eml", "b/c/1", ".hidden", "b/.hidden/3.eml"):
        write(tmp_path / "in" / name, MESSAGE)
    assert names(tmp_path, "in") == ["a.eml", "b/2.eml", "b/.hidden/3.eml", "b/c/1"]


def test_names_are_relative_to_the_folder_that_holds_all(tmp_path: Path) -> None:
    for name in ("in/x/1.eml", "in/y/1.eml", "in/z.eml"):
        write(tmp_path / name, MESSAGE)
    assert names(tmp_path, "in/x/1.eml", "in/y/1.eml") == ["x/1.eml", "y/1.eml"]
    assert names(tmp_path, "in/x/1.eml", "in/x/../x/1.eml") == ["1.eml"]
    assert names(tmp_path, "in/x", "in/z.eml") == ["x/1.eml", "z.eml"]


def test_what_was_cleaned_before_is_not_read_again(tmp_path: Path) -> None:
    for name in ("1.eml", "out/1.eml"):
        write(tmp_path / name, MESSAGE)
    assert names(tmp_path, ".", without=tmp_path / "out") == ["1.eml"]


def test_of_a_maildir_only_messages_count(tmp_path: Path) -> None:
    for part in ("cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"):
        (tmp_path / "Maildir" / part).mkdir(parents=True)
    for name in ("cur/1.host:2,S", "new/2.host", ".Sent/cur/3.host:2,", "dovecot-uidlist", "subscriptions"):
        write(tmp_path / "Maildir" / name, MESSAGE)
    found = named([tmp_path / "Maildir"])
    assert [name for _, name in found.files] == [".Sent/cur/3.host:2,", "cur/1.host:2,S", "new/2.host"]
    assert set(found.folders) == {"cur", "new", "tmp", ".Sent/cur", ".Sent/new", ".Sent/tmp"}


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        named([tmp_path / "nowhere"])


def test_pipes_and_dead_links_are_no_messages(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "1.eml", MESSAGE)
    assert names(tmp_path, ".") == ["1.eml"]


def test_copies_have_the_names_times_and_modes_of_their_sources(tmp_path: Path) -> None:
    source = write(tmp_path / "in" / "cur" / "1.host:2,S", MESSAGE)
    source.chmod(0o640)
    os.utime(source, (1_000_000_000, 1_000_000_000))
    with Copies(tmp_path / "out", ["cur", "new", "tmp"]) as copies:
        copies.write(Piece(source, "cur/1.host:2,S", 0, 0, 4), b"one ")
        copies.write(Piece(source, "cur/1.host:2,S", 4, 4, 8), b"two")
    copy = tmp_path / "out" / "cur" / "1.host:2,S"
    assert copy.read_bytes() == b"one two"
    assert (stat.S_IMODE(copy.stat().st_mode), copy.stat().st_mtime) == (0o640, 1_000_000_000)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["cur", "new", "tmp"]
