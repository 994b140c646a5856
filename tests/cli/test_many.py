"""`sluis clean` on folders, Maildirs and mboxes: every message under its own name, in order, on all cores."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.command import sluis
from tests.fixtures.catalogue import FIXTURES

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.rules.load import load

RULES = load()
MESSAGES = {fixture.path.name: fixture.raw for fixture in FIXTURES}
CLEANED = {name: clean(raw, POLICIES["balanced"], RULES).raw for name, raw in MESSAGES.items()}
LINE = b"From sanne@lezer.example Thu Nov 12 09:30:04 2026\n"


def folder_of(path: Path, messages: Mapping[str, bytes]) -> Path:
    for name, raw in messages.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(raw)
    return path


def files_of(path: Path) -> dict[str, bytes]:
    return {str(file.relative_to(path)): file.read_bytes() for file in path.rglob("*") if file.is_file()}


def accounts(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_folder(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", {f"{'ab'[len(name) % 2]}/{name}": raw for name, raw in MESSAGES.items()})
    ran = sluis("clean", source, "-o", tmp_path / "out", "--report", tmp_path / "report")
    assert (ran.code, ran.output, ran.errors) == (0, b"", "")
    copies = files_of(tmp_path / "out")
    assert {Path(name).name: raw for name, raw in copies.items()} == CLEANED
    reports = accounts(tmp_path / "report")
    assert [report["file"] for report in reports] == sorted(copies)
    for report in reports:
        assert report["bytes_in"] == len(MESSAGES[Path(report["file"]).name])
        assert report["bytes_out"] == len(copies[report["file"]])


def test_several_files(tmp_path: Path) -> None:
    paths = [fixture.path for fixture in FIXTURES if fixture.path.parent.name == "fixtures"][:3]
    assert sluis("clean", *paths, "-o", tmp_path / "out").code == 0
    assert files_of(tmp_path / "out") == {path.name: CLEANED[path.name] for path in paths}


def test_a_maildir_keeps_its_folders_and_names(tmp_path: Path) -> None:
    source = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (source / part).mkdir(parents=True)
    inside = {"cur/1763022604.M1P2.lezer,S=29250:2,S": "newsletter.eml", "new/1763022605.M2P2.lezer": "personal.eml"}
    folder_of(source, {name: MESSAGES[message] for name, message in inside.items()} | {"dovecot-uidlist": b"3 V1\n"})
    assert sluis("clean", source, "-o", tmp_path / "out").code == 0
    assert files_of(tmp_path / "out") == {name: CLEANED[message] for name, message in inside.items()}
    assert (tmp_path / "out" / "tmp").is_dir()


def test_an_mbox_stays_one_file(tmp_path: Path) -> None:
    quoted = b"Subject: q\n\n>From the quay\n>>From here\n"
    bodies = [*MESSAGES.values(), quoted]
    mbox = folder_of(tmp_path, {"in.mbox": b"".join(LINE + raw + b"\n" for raw in bodies)}) / "in.mbox"
    ran = sluis("clean", mbox, "-o", tmp_path / "out", "--report", tmp_path / "report")
    assert (ran.code, ran.output, ran.errors) == (0, b"", "")
    cleaned = [clean(raw + b"\n", POLICIES["balanced"], RULES).raw for raw in bodies]
    assert files_of(tmp_path / "out") == {"in.mbox": b"".join(LINE + raw for raw in cleaned)}
    reports = accounts(tmp_path / "report")
    assert {report["file"] for report in reports} == {"in.mbox"}
    assert sum(report["bytes_in"] for report in reports) == mbox.stat().st_size
    assert sum(report["bytes_out"] for report in reports) == (tmp_path / "out" / "in.mbox").stat().st_size
    receipts = [f for report in reports for f in report["findings"] if f["kind"] == "read-receipt"]
    octets = mbox.read_bytes()
    assert all(octets[f["span"][0] : f["span"][1]].lower().startswith(f["technique"].encode()) for f in receipts)
    assert receipts


def test_many_messages_on_many_processes_come_in_order(tmp_path: Path) -> None:
    messages = {f"{number:04}.eml": MESSAGES["newsletter.eml"] + b"%d\r\n" % number for number in range(300)}
    source = folder_of(tmp_path / "in", messages)
    assert sluis("clean", source, "-o", tmp_path / "out", "--report", tmp_path / "report").code == 0
    copies = files_of(tmp_path / "out")
    assert all(raw == CLEANED["newsletter.eml"] + b"%d\r\n" % int(name[:4]) for name, raw in copies.items())
    assert [report["file"] for report in accounts(tmp_path / "report")] == sorted(messages) == sorted(copies)


def test_what_cannot_be_read_is_named_and_the_rest_is_done(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", MESSAGES)
    (source / "broken.eml").symlink_to("/proc/self/mem")  # opens, and fails to read even for root
    ran = sluis("clean", source, "-o", tmp_path / "out")
    assert (ran.code, ran.output, ran.errors) == (2, b"", "sluis: broken.eml: Input/output error\n")
    assert files_of(tmp_path / "out") == CLEANED


def test_cleaned_again_nothing_changes(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", MESSAGES)
    sluis("clean", source, "-o", tmp_path / "once")
    sluis("clean", tmp_path / "once", "-o", tmp_path / "twice")
    assert files_of(tmp_path / "once") == files_of(tmp_path / "twice") == CLEANED


def test_progress_shows_on_a_terminal_alone(tmp_path: Path) -> None:
    source = folder_of(tmp_path / "in", MESSAGES)
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "sluis", "clean", str(source), "-o", str(tmp_path / "out")]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, check=True, env={})
    os.close(theirs)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert done.stdout == b""
    assert f"{len(MESSAGES)} messages" in shown
