"""Mailboxes in two forms: as mail was sent, and as `sluis clean --fit --rcpt` makes it, which is what a gate shows."""

from dataclasses import replace
from pathlib import Path

from tests.integration.dovecot import Dovecot, address

from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.rules.load import load

FIXTURES = Path(__file__).parents[1] / "fixtures"
READER = "teun"
FIT = replace(POLICIES["balanced"], fit=True)
RULES = load()


def fixtures() -> list[bytes]:
    """The fixtures, and one of them in three more wrappings: deeper in, attached, and with another beside it."""
    found = [path.read_bytes() for path in sorted(FIXTURES.glob("*.eml"))]
    one, two = (FIXTURES / "mailchimp-museum.eml").read_bytes(), (FIXTURES / "sendgrid-opaque.eml").read_bytes()
    top = b"Subject: wrapped\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n"
    attached = b"--q\r\nContent-Type: message/rfc822\r\n\r\n" + one + b"\r\n"
    deeper = (
        b"--q\r\n" + two.partition(b"\r\nContent-Type")[1].lstrip() + two.partition(b"\r\nContent-Type")[2] + b"\r\n"
    )
    text = b"--q\r\nContent-Type: text/plain\r\n\r\nhello\r\n"
    return [
        *found,
        top + attached + b"--q--\r\n",
        top + text + deeper + b"--q--\r\n",
        top + deeper + attached + b"--q--\r\n",
    ]


def fill(dovecot: Dovecot, name: str, raws: list[bytes]) -> int:
    """Put `raws` into `Tracked-` a name, and what the cleaner makes of them into `Clean-` it; how many are there."""
    with dovecot.login(READER) as client:
        for mailbox in (f"Tracked-{name}", f"Clean-{name}"):
            assert client.create(mailbox)[0] == "OK"
        date = '"12-Nov-2026 09:30:04 +0100"'
        for raw in raws:
            client.append(f"Tracked-{name}", "", date, raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        client.select(f"Tracked-{name}", readonly=True)
        stored = [part[1] for part in client.fetch("1:*", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
        for raw in stored:
            fit = clean(raw, FIT, RULES, Envelope(recipients=(address(READER),))).raw
            assert client.append(f"Clean-{name}", "", date, fit)[0] == "OK"
        return len(stored)


def cleaned(dovecot: Dovecot, name: str) -> dict[int, bytes]:
    """The clean messages by their unique identifiers, which are those of the tracked ones too."""
    with dovecot.login(READER) as direct:
        direct.select(f"Clean-{name}", readonly=True)
        found = [part for part in direct.uid("FETCH", "1:*", "(BODY.PEEK[])")[1] if isinstance(part, tuple)]
    return {int(head.split()[2]): octets for head, octets in found}
