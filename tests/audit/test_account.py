"""An account as a source: each message once, known again by its number, and by none that the server has given up."""

import os
import pty
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from pathlib import Path

import pytest
from tests.account.mailbox import USER, Lying, Mailbox, mailbox
from tests.command import Ran, sluis
from tests.fixtures.catalogue import FIXTURES
from tests.integration import dovecot as dovecot_server
from tests.integration.dovecot import PASSWORD, Dovecot
from tests.sweep.stage import killed

from sluis.account.folder import Held
from sluis.account.session import AccountError
from sluis.audit.account import Fetched, Listed, fetched, listed, renumbered
from sluis.audit.memory import Memory
from sluis.audit.reading import Reading, read
from sluis.audit.record import Record
from sluis.bulk import Unread
from sluis.cli.account import VARIABLE
from sluis.rules.load import load

RULES = load()
TRACKING = [fixture.raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n") for fixture in FIXTURES[:12]]


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    with dovecot_server.dovecot() as server:
        yield server


def audit(box: Mailbox, output: Path, *options: str) -> Ran:
    return sluis("audit", box.url, "-o", output, *options, **{VARIABLE: PASSWORD})


def test_a_message_is_brought_once_and_known_by_its_number(dovecot: Dovecot) -> None:
    box = mailbox(dovecot, *map(Lying, TRACKING[:3]))
    with box.session() as session:
        known, _ = listed(session, box.place)
        assert [each.name for each in known] == [f"{box.folder}, UID {uid}" for uid in (1, 2, 3)]
        assert [each.read() for each in fetched(session, known)] == TRACKING[:3]
        again, _ = listed(session, box.place)
        assert [each.key for each in again] == [each.key for each in known]
        assert USER not in "".join(each.key for each in known)


def test_a_message_that_has_gone_is_told(dovecot: Dovecot) -> None:
    box = mailbox(dovecot, *map(Lying, TRACKING[:2]))
    with box.session() as session:
        known, _ = listed(session, box.place)
        with box.client() as client:
            client.uid("STORE", "1", "+FLAGS", "\\Deleted")
            client.expunge()
        one, two = fetched(session, known)
        assert two.read() == TRACKING[1]
        with pytest.raises(OSError, match="gone"):
            one.read()


def test_all_folders_are_one_account(dovecot: Dovecot) -> None:
    boxes = [mailbox(dovecot, Lying(raw)) for raw in TRACKING[:2]]
    with boxes[0].session() as session:
        place = Mailbox(dovecot, "").place
        here = [each for each in listed(session, place)[0] if each.folder in {box.folder for box in boxes}]
        assert [each.folder for each in here] == sorted(box.folder for box in boxes)
        assert {each.read() for each in fetched(session, here)} == set(TRACKING[:2])


def test_a_folder_that_cannot_be_opened_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    with dovecot_server.dovecot() as server:
        first = mailbox(server, Lying(TRACKING[0]))
        broken = mailbox(server)
        home = server.socket.parents[1] / "mail" / "sanne" / "Maildir" / f".{broken.folder}"
        home.chmod(0)
        ran = audit(Mailbox(server, ""), tmp_path)
        assert b"1 of 1 messages track their reader" in ran.output
        assert ran.code == 2
        assert ran.errors.startswith(f"sluis: {broken.folder}: ")
        assert ran.errors.count("\n") == 1
        assert len(first.lying()) == 1


def lying(folder: str, validity: int, uid: int) -> Listed:
    return Listed(folder, validity, Held(uid, 1), f"digest-of-{folder}/{validity}/{uid}")


@pytest.mark.parametrize(
    ("remembered", "found"),
    [
        ([], []),
        ([lying("A", 1, 1).key], []),
        ([lying("A", 1, 9).key, lying("B", 7, 1).key], []),
        ([lying("A", 2, 1).key], ["A"]),
        ([lying("A", 2, 1).key, lying("A", 1, 2).key], []),
        (["0123456789abcdef"], []),
    ],
)
def test_new_numbers_are_noticed_once(remembered: list[str], found: list[str]) -> None:
    assert renumbered(remembered, [lying("A", 1, 1), lying("A", 1, 2)]) == found


def test_numbers_given_up_between_listing_and_fetching(dovecot: Dovecot) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    with box.session() as session, pytest.raises(AccountError, match="anew"):
        list(fetched(session, [lying(box.folder, 1, 1)]))


def test_the_command_audits_an_account_and_changes_nothing(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot, *map(Lying, TRACKING))
    before = box.lying()
    first = audit(box, tmp_path / "out")
    assert (first.code, first.errors) == (0, "")
    assert f"of {len(TRACKING)} messages track their reader".encode() in first.output
    assert box.lying() == before
    report = (tmp_path / "out" / "senders.csv").read_bytes()
    memory = (tmp_path / "out" / "audit.state").read_bytes()

    assert audit(box, tmp_path / "out").output == first.output
    assert (tmp_path / "out" / "audit.state").read_bytes() == memory
    torn = memory[: len(memory) // 2]  # as a kill leaves it
    (tmp_path / "out" / "audit.state").write_bytes(torn)
    assert audit(box, tmp_path / "out").output == first.output
    assert sorted((tmp_path / "out" / "audit.state").read_bytes().splitlines()) == sorted(memory.splitlines())
    assert (tmp_path / "out" / "senders.csv").read_bytes() == report


def read_all(box: Mailbox, path: Path) -> tuple[list[Record | Unread], list[str]]:
    """All of an audit; the records, and the keys of the messages that were fetched for it."""
    brought: list[str] = []

    def bring(wanted: list[Listed]) -> Iterator[Fetched]:
        for each in fetched(session, wanted):
            brought.append(each.key)
            yield each

    with box.session() as session, Memory(path, {"form": "test"}) as memory:
        outcomes = read(listed(session, box.place)[0], bring, memory, Reading(RULES))
        return [outcome for _, outcome in outcomes], brought


def test_an_audit_that_is_killed_goes_on_where_it_stood(
    dovecot: Dovecot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sluis.account.session._MOST", 1)
    box = mailbox(dovecot, *map(Lying, TRACKING))
    whole, brought = read_all(box, tmp_path / "whole")
    assert len(whole) == len(brought) == len(TRACKING)
    left = []
    for at in count(1, 4):
        if not killed(at, read_all, box, tmp_path / str(at)):
            break
        records, again = read_all(box, tmp_path / str(at))
        assert Counter(map(repr, records)) == Counter(map(repr, whole))
        left.append(len(again))
    assert left == sorted(left, reverse=True)
    assert left[0] == len(TRACKING)
    assert left[-1] <= 4


def test_a_folder_with_new_numbers_is_read_again_and_that_is_told(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot, *map(Lying, TRACKING[:2]))
    assert b"UIDVALIDITY" not in audit(box, tmp_path).output
    with dovecot.login("sanne") as client:
        client.delete(box.folder)
        client.create(box.folder)
    box.put(*map(Lying, TRACKING[:2]))
    told = audit(box, tmp_path)
    assert told.output.startswith(f"The server has new numbers (UIDVALIDITY) for {box.folder}:".encode())
    assert b"of 2 messages" in told.output
    assert b"UIDVALIDITY" not in audit(box, tmp_path).output


@pytest.mark.parametrize(
    ("arguments", "environment", "line"),
    [
        (["imaps://sanne:geheim@mail.example/A"], {}, "a password does not belong in a URL"),
        (["imap://sanne@127.0.0.1:1/A", "mail.eml"], {}, "an account is audited alone"),
        (["imap://sanne@127.0.0.1:1/A"], {}, f"set {VARIABLE}"),
        (["imap://sanne@127.0.0.1:1/A"], {VARIABLE: "geheim"}, "127.0.0.1: Connection refused"),
        (["imap://sanne@127.0.0.1:1/A", "--password-file", "/dev/null"], {}, "/dev/null: its first line holds"),
    ],
)
def test_bad_usage_is_one_line(arguments: list[str], environment: dict[str, str], line: str, tmp_path: Path) -> None:
    ran = sluis("audit", *arguments, "-o", tmp_path / "out", **environment)
    assert ran.code == 2
    assert ran.errors.count("\n") == 1
    assert line in ran.errors
    assert "geheim" not in ran.errors
    assert ran.output == b""
    assert not (tmp_path / "out").exists()


def test_the_password_may_be_in_a_file(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    (tmp_path / "secret").write_text(f"{PASSWORD}\r\nnot this\n")
    assert sluis("audit", box.url, "-o", tmp_path / "out", "--password-file", tmp_path / "secret").code == 0
    (tmp_path / "secret").write_text("geheim\n")
    refused = sluis("audit", box.url, "-o", tmp_path / "out", "--password-file", tmp_path / "secret")
    assert refused.code == 2
    assert "the login was refused" in refused.errors
    assert "geheim" not in refused.errors


def test_a_person_is_asked_for_the_password_and_it_is_not_shown(dovecot: Dovecot, tmp_path: Path) -> None:
    box = mailbox(dovecot, Lying(TRACKING[0]))
    command = [sys.executable, "-m", "sluis", "audit", box.url, "-o", str(tmp_path / "out")]
    child, terminal = pty.fork()
    if child == 0:
        os.execve(sys.executable, command, {"COLUMNS": "200"})
    shown = b""
    while b"Password of" not in shown:
        shown += os.read(terminal, 1000)
    os.write(terminal, PASSWORD.encode() + b"\n")
    with suppress(OSError):  # which the end of a terminal is
        while octets := os.read(terminal, 1000):
            shown += octets
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert b"1 of 1 messages track their reader" in shown
    assert PASSWORD.encode() not in shown
