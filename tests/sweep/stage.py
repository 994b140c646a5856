"""A sweep of a folder of a real Dovecot, as one call, in this process or in one that is killed at a given step."""

import imaplib
import os
import signal
import socket
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest
from tests.account.mailbox import Lying, Mailbox
from tests.fixtures.catalogue import FIXTURES, TRACKED

from sluis.account.session import AccountError
from sluis.bulk import Unread
from sluis.choice import Choice
from sluis.policy import POLICIES
from sluis.rules.load import load
from sluis.sweep import restore as restoring
from sluis.sweep.journal import Journal
from sluis.sweep.note import Note, line
from sluis.sweep.plan import Planning
from sluis.sweep.work import Sweep, planned

KEEP = "Originals"
PLANNING = Planning(Choice(POLICIES["balanced"]), load())
SETTLING = 0.3  # seconds; Dovecot needs far less for a message of a few kilobytes


def wire(raw: bytes) -> bytes:
    """A message with the line ends of the protocol."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


TRACKING = [wire(fixture.raw) for fixture in TRACKED if PLANNING.of(wire(fixture.raw)).cleaned]
UNTOUCHED = [wire(fixture.raw) for fixture in FIXTURES if not PLANNING.of(wire(fixture.raw)).cleaned]
FLAGS = frozenset({"\\Seen", "\\Answered", "$Forwarded", "Gelezen"})


def cleaned(message: Lying) -> Lying:
    """What the message is to become."""
    return Lying(PLANNING.of(message.raw).cleaned or message.raw, message.flags, message.arrived)


def sweep(box: Mailbox, path: Path, keep: str = "", made_by: str = "test") -> None:
    """All of a sweep."""
    with box.session() as session, Journal(path) as journal:
        if keep:
            session.make(keep)
        work = Sweep(session, session.select(box.folder), journal, keep, SETTLING)
        work.begin(box.place.token(box.folder), made_by)
        for brought, plan in planned(session, work.unread(session.listed()), PLANNING):
            assert not isinstance(plan, Unread)
            work.settle(brought.held.uid, plan)


def restore(box: Mailbox, path: Path) -> int:
    """All of a restoration; how many messages were."""
    with box.session() as session, Journal(path) as journal:
        wanted = restoring.returns(session, box.folder, journal.ledger)
        return len(list(restoring.restore(session, box.folder, journal, wanted)))


def cut(at: int, work: Callable[..., Any], *arguments: object) -> bool:
    """Do the work, with the connection cut before its octets are sent for the time `at`; whether it came so far."""
    left = [at]
    send = imaplib.IMAP4.send

    def sent(self: imaplib.IMAP4, data: bytes) -> None:
        left[0] -= 1
        if left[0] == 0:
            self.sock.shutdown(socket.SHUT_RDWR)
        send(self, data)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(imaplib.IMAP4, "send", sent)
        try:
            work(*arguments)
        except AccountError:
            assert left[0] <= 0
    return left[0] <= 0


def killed(at: int, work: Callable[..., Any], *arguments: object) -> bool:
    """Do the work in a process that is killed at its step `at`, and say whether it came so far.

    A step is to send octets to the server, or to write a note; a note is written by half before the kill.
    """
    process = get_context("fork").Process(target=_doomed, args=(at, work, *arguments))
    process.start()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode != 0


def _doomed(at: int, work: Callable[..., Any], *arguments: object) -> None:
    left = [at]
    send, note = imaplib.IMAP4.send, Journal.note

    def step(first: Callable[[], object] = lambda: None) -> None:
        left[0] -= 1
        if left[0] == 0:
            first()
            os.kill(os.getpid(), signal.SIGKILL)

    def sent(self: imaplib.IMAP4, data: bytes) -> None:
        step()
        send(self, data)

    def noted(self: Journal, what: Note) -> None:
        octets = line(what)
        step(lambda: self._file.write(octets[: len(octets) // 2]))
        note(self, what)

    imaplib.IMAP4.send, Journal.note = sent, noted
    work(*arguments)


def everywhere(box: Mailbox, keep: str) -> list[Lying]:
    """What lies in the folder and where originals are kept, in the order of folders and numbers."""
    with box.dovecot.login("sanne") as client:
        names = [box.folder] + ([keep] if keep and client.status(keep, "(MESSAGES)")[0] == "OK" else [])
    return [message for name in names for message in box.lying(name).values()]
