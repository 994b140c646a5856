"""`sluis sweep` and `sluis restore` as others call them, with a real Dovecot."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.account.mailbox import USER, Lying, Mailbox, able, mailbox
from tests.command import Ran, sluis
from tests.integration import dovecot as dovecot_server
from tests.integration.dovecot import PASSWORD, Dovecot
from tests.sweep.stage import TRACKING, UNTOUCHED, cleaned

from sluis.cli.account import VARIABLE


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server.dovecot() as server:
        yield server


def run(command: str, box: Mailbox, output: Path, *options: str) -> Ran:
    return sluis(command, box.url, "-o", output, *options, **{VARIABLE: PASSWORD})


def test_it_tells_then_does_then_takes_it_back(dovecot: Dovecot, tmp_path: Path) -> None:
    messages = [*map(Lying, TRACKING[:3]), Lying(UNTOUCHED[0])]
    box = mailbox(dovecot, *messages)
    before = box.lying()
    told = run("sweep", box, tmp_path)
    assert (told.code, told.errors) == (0, "")
    assert b"Messages read: 4. To be replaced: 3 " in told.output
    assert b"Nothing was changed" in told.output
    assert box.lying() == before
    assert not (tmp_path / "sweep.journal").exists()
    account = json.loads((tmp_path / "sweep.json").read_text())
    assert account["applied"] is False
    assert [each["outcome"] for each in account["messages"]] == ["would be replaced"] * 3

    assert run("restore", box, tmp_path).code == 2
    done = run("sweep", box, tmp_path, "--apply", "--keep-originals", "Kept")
    assert (done.code, done.errors) == (0, "")
    assert b"Messages read: 4. Replaced: 3 " in done.output
    assert list(box.lying().values()) == [messages[3], *map(cleaned, messages[:3])]
    account = json.loads((tmp_path / "sweep.json").read_text())
    assert account["applied"] is True
    assert [(each["outcome"], each["originals"]) for each in account["messages"]] == [("kept", "Kept")] * 3
    assert (tmp_path / "sweep.csv").read_text().count("\n") == 4

    assert b"3 of 3 kept originals can be brought back" in run("restore", box, tmp_path).output
    assert len(box.lying("Kept")) == 3
    back = run("restore", box, tmp_path, "--apply")
    assert b"3 of 3 kept originals are back" in back.output
    assert list(box.lying().values()) == [messages[3], *messages[:3]]
    assert {each["outcome"] for each in json.loads((tmp_path / "sweep.json").read_text())["messages"]} == {"restored"}


def test_it_goes_on_where_it_was(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    assert b"Replaced: 1 " in run("sweep", box, tmp_path, "--apply").output
    box.put(Lying(TRACKING[1]))
    assert b"Messages read: 1. Replaced: 1 " in run("sweep", box, tmp_path, "--apply").output
    assert len(json.loads((tmp_path / "sweep.json").read_text())["messages"]) == 2


def test_a_policy_that_changes_nothing_changes_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    before = box.lying()
    assert b"Replaced: 0 " in run("sweep", box, tmp_path, "--apply", "--policy", "audit").output
    assert box.lying() == before
    assert b"Replaced: 1 " in run("sweep", box, tmp_path, "--apply").output


def test_the_login_is_the_readers_address(dovecot: Dovecot, tmp_path: Path) -> None:
    image = b'<img src="https://shop.example/hello?who=%s">' % USER.encode()
    box = mailbox(dovecot, Lying(b"Content-Type: text/html\r\n\r\n" + image + b"\r\n"))
    assert b"Replaced: 1 " in run("sweep", box, tmp_path, "--apply").output
    ((_, now),) = box.lying().items()
    assert USER.encode() not in now.raw


@pytest.mark.parametrize(
    ("capabilities", "options", "why"),
    [
        ("IMAP4rev1 MOVE", ("--keep-originals", "Kept"), "UIDPLUS"),
        ("IMAP4rev1 UIDPLUS", ("--keep-originals", "Kept"), "MOVE"),
        ("IMAP4rev1 UIDPLUS MOVE X-GM-EXT-1", ("--keep-originals", "Kept"), "Gmail"),
    ],
)
def test_a_server_that_cannot_do_its_part(
    capabilities: str, options: tuple[str, ...], why: str, tmp_path: Path
) -> None:
    with dovecot_server.dovecot(extra=able(capabilities)) as server:
        box = mailbox(server, Lying(TRACKING[0]))
        before = box.lying()
        told = run("sweep", box, tmp_path, *options)
        assert told.code == 0
        assert b"--apply cannot do it" in told.output
        refused = run("sweep", box, tmp_path, *options, "--apply")
        assert refused.code == 2
        assert why in refused.errors
        assert box.lying() == before
        assert not (tmp_path / "sweep.journal").exists()


def test_bad_usage_is_one_line(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    other = mailbox(dovecot)
    assert run("sweep", other, tmp_path / "other", "--apply").code == 0
    account = Mailbox(dovecot, "")
    for ran, line in (
        (sluis("sweep", "mail.eml"), "imaps://user@host/FOLDER"),
        (sluis("sweep", "imaps://sanne:geheim@mail.example/A"), "a password does not belong in a URL"),
        (run("sweep", account, tmp_path), "name one folder"),
        (run("sweep", Mailbox(dovecot, "nowhere"), tmp_path), "nowhere"),
        (run("sweep", box, tmp_path / "other", "--apply"), "is of another folder"),
        (run("sweep", box, tmp_path, "--apply", "--keep-originals", box.folder), "cannot be kept in the folder"),
        (run("sweep", box, tmp_path, "--policy", "harsh"), "there is no policy 'harsh'"),
        (run("restore", box, tmp_path), "there is no journal"),
        (run("restore", box, tmp_path / "other"), "is of another folder"),
    ):
        assert ran.code == 2
        assert ran.errors.count("\n") == 1
        assert line in ran.errors
        assert "geheim" not in ran.errors
    assert len(box.lying()) == 1
