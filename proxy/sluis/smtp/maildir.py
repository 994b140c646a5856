"""A Maildir as the next hop: a message is taken when it is on the disk, and not before.

    write tmp/NAME → fsync it → rename to new/NAME → fsync new/

A power cut leaves either no message and no 250, or the whole message. NAME is unique without a lock, as Maildir asks
(time, process, a count and a host). The octets are stored as they came over the wire, CR LF and all. Disks are slow, so
all of it runs in a thread; nothing here knows who the recipients were, as there is one Maildir for all of them.
"""

import asyncio
import itertools
import os
import socket
import time
from collections.abc import Iterable
from pathlib import Path

from sluis.smtp import answers
from sluis.smtp.client import Client
from sluis.smtp.hop import Answered, Connect, Hop, HopError, Offers, Trouble
from sluis.smtp.path import argument as read
from sluis.smtp.reply import Reply

_OFFERS = Offers(frozenset({b"8BITMIME", b"SMTPUTF8", b"ENHANCEDSTATUSCODES"}), 0)
_SENDER_OK = Reply.of("250 2.1.0 Sender ok")
_RECIPIENT_OK = Reply.of("250 2.1.5 Recipient ok")
_STORED = Reply.of("250 2.6.0 Stored")
_RESET = Reply.of("250 2.0.0 Ok")

_count = itertools.count(1)


class MaildirHop:
    """A Maildir with its three folders in place. `return_path` adds that field, as a final delivery does."""

    offers = _OFFERS
    alive = True
    waited = False
    expecting = False

    def __init__(self, path: Path, *, return_path: bool) -> None:
        self._path = path
        self._return_path = return_path
        self._sender = b"<>"

    async def mail(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """Take any sender."""
        given = read(b"", argument)
        self._sender = given.path.wire if given else b"<>"
        return _SENDER_OK

    async def rcpt(self, argument: bytes, ahead: Iterable[bytes] = ()) -> Reply:
        """Take any recipient."""
        return _RECIPIENT_OK

    async def forward(self, argument: bytes) -> Reply:
        """Not offered."""
        return answers.UNKNOWN_COMMAND

    async def login(self, command: bytes, answered: Answered) -> Reply:
        """Not offered."""
        return answers.UNKNOWN_COMMAND

    def begin(self) -> None:
        """There is nobody to tell."""

    async def data(self, *message: bytes) -> Reply:
        """Store the message. Raises HopError where the disk is full or gone."""
        field = b"Return-Path: " + self._sender + b"\r\n" if self._return_path else b""
        try:
            await asyncio.to_thread(store, self._path, field, *message)
        except OSError as error:
            raise HopError(Trouble.STORE) from error
        return _STORED

    async def rset(self) -> Reply:
        """Nothing was begun that could be given up."""
        return _RESET

    async def quit(self) -> None:
        """There is nobody to take leave of."""

    def hang_up(self) -> None:
        """Nothing is open."""


class MaildirConnector(Connect):
    """Makes the Maildir where there is none, and stands in for a connection. Raises OSError."""

    def __init__(self, path: Path, *, return_path: bool) -> None:
        for folder in ("tmp", "new", "cur"):
            (path / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = path
        self._return_path = return_path

    async def __call__(self, client: Client | None) -> Hop:
        """A new transaction's Maildir."""
        return MaildirHop(self._path, return_path=self._return_path)


def store(maildir: Path, *message: bytes) -> Path:
    """Write the pieces of `message` to the disk and then into `new`; return where it lies. Blocks. Raises OSError."""
    name = unique_name()
    written, delivered = maildir / "tmp" / name, maildir / "new" / name
    try:
        _write(written, message)
        written.rename(delivered)
    except OSError:
        written.unlink(missing_ok=True)
        raise
    _sync(maildir / "new")
    return delivered


def unique_name() -> str:
    """A name that no other delivery has, here or on another host that shares the Maildir."""
    now = time.time_ns()
    host = socket.gethostname().replace("/", "\\057").replace(":", "\\072")
    return f"{now // 10**9}.M{now // 1000 % 10**6}P{os.getpid()}Q{next(_count)}.{host}"


def _write(path: Path, message: tuple[bytes, ...]) -> None:
    with path.open("xb") as file:
        path.chmod(0o600)
        file.writelines(message)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
