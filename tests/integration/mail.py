"""Mail to send, and how to look at what arrived."""

import secrets
from importlib.resources import files

from tests.integration.client import READER, SENDER

from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.rules.load import load

RULES = load()


def newsletter() -> tuple[str, bytes]:
    """The tracked newsletter of those that are bundled (see `sample`)."""
    return sample("newsletter.eml")


def sample(name: str) -> tuple[str, bytes]:
    """A bundled message as its sender sends it, and a word in its subject that no other message has.

    Its Return-Path: goes, which only a final delivery adds (RFC 5321 §4.4) and Postfix takes out of what it gets.
    """
    stored = (files("sluis") / "samples" / name).read_bytes()
    first, _, rest = stored.partition(b"\r\n")
    return marked(rest if first.startswith(b"Return-Path:") else stored)


def marked(message: bytes) -> tuple[str, bytes]:
    """`message` with a word of its own at the beginning of its subject, and that word."""
    mark = f"quay{secrets.token_hex(6)}"
    return mark, message.replace(b"\r\nSubject: ", b"\r\nSubject: " + mark.encode() + b" ", 1)


def plain(text: str = "Good morning.") -> tuple[str, bytes]:
    """A small message with nothing in it to clean, and the word of its own."""
    header = f"From: <{SENDER}>\r\nTo: <{READER}>\r\nSubject: hello\r\nDate: Thu, 12 Nov 2026 09:30:04 +0100\r\n"
    identity = f"Message-ID: <{secrets.token_hex(8)}@letters.kadebooks.example>\r\n"
    return marked((header + identity + f"\r\n{text}\r\n").encode())


def cleaned(message: bytes, sender: str = SENDER, to: str = READER) -> bytes:
    """What the gate should make of `message`."""
    return clean(message, POLICIES["balanced"], RULES, Envelope(sender, (to,))).raw


def trace(arrived: bytes, message: bytes) -> bytes:
    """What was put on top of `message` on its way; it must have `arrived` whole otherwise."""
    assert arrived.endswith(message), "an octet differs behind the trace fields"
    return arrived[: len(arrived) - len(message)]
