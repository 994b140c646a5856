"""`sluis explain`: a sentence and a table, on a terminal and through a pipe."""

from pathlib import Path

from tests.command import sluis
from tests.fixtures.catalogue import FIXTURES

MESSAGES = {fixture.name: fixture for fixture in FIXTURES}


def test_a_newsletter() -> None:
    newsletter = MESSAGES["newsletter"]
    ran = sluis("explain", newsletter.path)
    assert (ran.code, ran.errors) == (0, "")
    text = ran.output.decode()
    assert text.startswith(
        "This message holds 5 tracking pixels, 15 redirect links and 2 marked links, reporting to mail"
    )
    assert all(link[1] in text for link in newsletter.links)
    assert all(vendor in text for vendor in ("mailgun", "litmus", "validity", "shelfmetrics.example"))
    assert "\x1b" not in text


def test_the_width_is_the_terminals() -> None:
    text = sluis("explain", MESSAGES["loads"].path, COLUMNS="64").output.decode()
    assert max(len(line) for line in text.splitlines()) <= 64


def test_a_personal_mail_and_a_signed_one() -> None:
    assert sluis("explain", given=MESSAGES["personal"].raw).output.startswith(b"This message tells nobody anything")
    assert sluis("explain", MESSAGES["signed"].path).output == b"This message was left as it is: signed.\n"


def test_audit_says_what_would_be_found() -> None:
    text = sluis("explain", "--policy", "audit", MESSAGES["order"].path).output.decode()
    assert "all of it was left" in text
    assert "removed" not in text


def test_what_cannot_be_read_is_one_line() -> None:
    ran = sluis("explain", "nowhere.eml")
    assert (ran.code, ran.output, ran.errors) == (2, b"", "sluis: nowhere.eml: No such file or directory\n")


def test_one_message_at_a_time(tmp_path: Path) -> None:
    line = b"From a@lezer.example Thu Nov 12 09:30:04 2026\n"
    (tmp_path / "mbox").write_bytes((line + MESSAGES["order"].raw) * 2)
    for path in (tmp_path / "mbox", tmp_path):
        ran = sluis("explain", path)
        assert (ran.code, ran.output) == (2, b"")
        assert ran.errors == f"sluis: {path}: holds more than one message; explain shows one\n"
