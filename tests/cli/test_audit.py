"""`sluis audit` as others call it, on files and on a server whose connection breaks."""

import csv
import json
from collections import Counter
from pathlib import Path

import pytest
from tests.account.test_hostile import SOUND, playing
from tests.command import Ran, sluis
from tests.fixtures.catalogue import FIXTURES, TRACKED

from sluis.cli.account import VARIABLE

LINE = b"From sanne@lezer.example Thu Nov 12 09:30:04 2026\n"


def audit(output: Path, *arguments: str | Path) -> Ran:
    return sluis("audit", *arguments, "-o", output)


def told(output: Path) -> dict[str, object]:
    made: dict[str, object] = json.loads((output / "audit.json").read_text())
    return made


@pytest.fixture
def mail(tmp_path: Path) -> Path:
    """The fixtures: a folder, a Maildir and an mbox, each with all of them."""
    folder = tmp_path / "mail"
    maildir = folder / "Maildir"
    for name in ("cur", "new", "tmp"):
        (maildir / name).mkdir(parents=True)
    for number, fixture in enumerate(FIXTURES):
        (folder / f"{number}.eml").write_bytes(fixture.raw)
        (maildir / "cur" / f"{number}.host:2,S").write_bytes(fixture.raw)
    lines = [LINE + fixture.raw.replace(b"\nFrom ", b"\n>From ") + b"\n" for fixture in FIXTURES]
    (folder / "all.mbox").write_bytes(b"".join(lines))
    return folder


def test_files_of_every_kind(mail: Path, tmp_path: Path) -> None:
    """What is found in one kind is found in all, and the report is of their sum."""
    ran = {name: audit(tmp_path / name, mail / name) for name in ("Maildir", "all.mbox")}
    assert [(each.code, each.errors) for each in ran.values()] == [(0, "")] * 2
    senders = [(tmp_path / name / "senders.csv").read_bytes() for name in ran]
    assert senders[0] == senders[1]
    with (tmp_path / "Maildir" / "senders.csv").open(encoding="utf-8", newline="") as file:
        tracking = Counter({row["sender"]: int(row["tracking_messages"]) for row in csv.DictReader(file)})
    assert 0 < sum(tracking.values()) <= len(FIXTURES)
    assert sum(tracking.values()) >= len(TRACKED)

    whole = audit(tmp_path / "out", mail)
    assert (whole.code, whole.errors) == (0, "")
    assert f"of {3 * len(FIXTURES)} messages track their reader".encode() in whole.output
    assert told(tmp_path / "out")["tracking_messages"] == 3 * sum(tracking.values())
    assert told(tmp_path / "out")["states"]["left"] == 0  # type: ignore[index]
    assert {file.name for file in (tmp_path / "out").iterdir()} >= {"audit.html", "audit.json", "audit.state"}
    assert audit(tmp_path / "out", mail).output == whole.output


def test_what_cannot_be_read_is_one_line_and_all_else_is_reported(mail: Path, tmp_path: Path) -> None:
    gone = audit(tmp_path / "out", mail / "nowhere.eml")
    assert (gone.code, gone.errors.count("\n")) == (2, 1)
    assert not (tmp_path / "out").exists()
    empty = tmp_path / "empty"
    empty.mkdir()
    assert audit(tmp_path / "out", empty).errors == "sluis: there is no message in what was named\n"


MANY = 201  # messages, of which one command asks for 200
LISTED = b"* SEARCH " + b" ".join(b"%d" % uid for uid in range(1, MANY + 1)) + b"\r\n"
SIZES = b"".join(b"* %d FETCH (UID %d RFC822.SIZE 3 FLAGS ())\r\n" % (uid, uid) for uid in range(1, MANY + 1))
BODIES = b"".join(b"* %d FETCH (UID %d BODY[] {3}\r\nabc)\r\n" % (uid, uid) for uid in range(1, MANY + 1))
LARGE = {**SOUND, b"EXAMINE": SOUND[b"EXAMINE"].replace(b"1 EXISTS", b"%d EXISTS" % MANY), b"SEARCH": LISTED}
LARGE |= {b"RFC822.SIZE": SIZES, b"BODY.PEEK[]": BODIES}


def test_a_connection_that_breaks_leaves_a_report_and_the_next_audit_goes_on(tmp_path: Path) -> None:
    def run(answers: dict[bytes, bytes]) -> Ran:
        with playing(answers) as place:
            url = f"imap://sanne@127.0.0.1:{place.endpoint.port}/A"
            return sluis("audit", url, "-o", tmp_path, **{VARIABLE: "geheim"})

    broken = run({b" 201 (BODY.PEEK[])": b"* 201 FETCH (UID 201 BODY[] {3}\r\na", **LARGE})
    assert (broken.code, broken.errors.count("\n")) == (2, 1)
    assert "(1 messages are left; the same command goes on from there)" in broken.errors
    assert b"of 200 messages track their reader" in broken.output
    assert b"It is incomplete: 1 messages are left." in broken.output
    assert "This report is incomplete: the reading was broken off before 1 message." in _page(tmp_path)
    assert told(tmp_path)["states"]["left"] == 1  # type: ignore[index]

    done = run(
        {b"BODY.PEEK[]": BODIES[-len(b"* 201 FETCH (UID 201 BODY[] {3}\r\nabc)\r\n") :]} | {**LARGE, b"1,2": b"x"}
    )
    assert (done.code, done.errors) == (0, "")
    assert b"of 201 messages track their reader" in done.output
    assert "incomplete" not in _page(tmp_path)


def _page(output: Path) -> str:
    return (output / "audit.html").read_text(encoding="utf-8")
