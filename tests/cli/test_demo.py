"""`sluis demo`: what everybody sees first, so it must be true."""

from pathlib import Path

from tests.command import sluis

from sluis.clean import clean
from sluis.demo import SAMPLES, path_of
from sluis.policy import POLICIES
from sluis.rules.load import load

RULES = load()


def test_it_shows_every_message_before_and_after() -> None:
    ran = sluis("demo", COLUMNS="119")
    assert (ran.code, ran.errors) == (0, "")
    text = ran.output.decode()
    assert [name for name in SAMPLES if f"{name} · " in text] == list(SAMPLES)
    assert "  + X-Sluis: cleaned; pixels=5 links=15 params=2\n" in text
    assert "  - Disposition-Notification-To: <orders@lantaarnhuis.example>\n" in text
    assert "385 of 472 lines are untouched" in text
    assert text.endswith(
        "3 messages: 2 cleaned, 1 clean. "
        "Stopped: 18 redirect links, 6 tracking pixels, 2 marked links, 2 read receipts.\n"
    )


def test_it_leaves_the_mail_where_it_is_told(tmp_path: Path) -> None:
    assert sluis("demo", "--into", tmp_path / "demo").code == 0
    cleaned = [clean(path_of(name).read_bytes(), POLICIES["balanced"], RULES).raw for name in SAMPLES]
    delivered = [path.read_bytes() for path in (tmp_path / "demo" / "new").iterdir()]
    assert len(delivered) == len(cleaned)
    assert all(any(message.endswith(raw) for message in delivered) for raw in cleaned)


def test_another_policy() -> None:
    assert b"Stopped: nothing.\n" in sluis("demo", "--policy", "audit").output
