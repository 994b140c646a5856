"""Folders of a real Dovecot for a test, filled and looked at with the standard library's client."""

import imaplib
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from typing import Any

from tests.integration.dovecot import PASSWORD, Dovecot, address

from sluis.account.place import Place
from sluis.account.session import Session
from sluis.config.address import Endpoint

USER = address("sanne")
ARRIVED = datetime(2019, 2, 3, 4, 5, 6, tzinfo=UTC)
_NUMBERS = count(1)


@dataclass(frozen=True, slots=True)
class Lying:
    """A message as it lies in a folder; `flags` without `\\Recent`."""

    raw: bytes
    flags: frozenset[str] = frozenset()
    arrived: datetime = ARRIVED


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A folder that no other test uses."""

    dovecot: Dovecot
    folder: str

    @property
    def url(self) -> str:
        return f"imap://{USER}@127.0.0.1:{self.dovecot.imap}/{self.folder}"

    @property
    def place(self) -> Place:
        return Place(Endpoint("127.0.0.1", self.dovecot.imap), False, USER, self.folder, plaintext=True)

    @contextmanager
    def session(self) -> Iterator[Session]:
        with Session(self.place, PASSWORD) as session:
            yield session

    @contextmanager
    def client(self, folder: str = "") -> Iterator[imaplib.IMAP4]:
        with self.dovecot.login("sanne") as client:
            assert client.select(folder or self.folder)[0] == "OK"
            yield client

    def put(self, *messages: Lying) -> None:
        with self.client() as client:
            for message in messages:
                client.append(self.folder, " ".join(message.flags), _date(message.arrived), message.raw)

    def lying(self, folder: str = "") -> Mapping[int, Lying]:
        """What lies there now, by UID."""
        with self.client(folder) as client:
            _, (found,) = client.uid("SEARCH", "ALL")
            return {int(uid): _lying(client, uid.decode()) for uid in found.split()}


def mailbox(dovecot: Dovecot, *messages: Lying) -> Mailbox:
    """A new folder with these messages."""
    made = Mailbox(dovecot, f"test{next(_NUMBERS)}")
    with dovecot.login("sanne") as client:
        client.create(made.folder)
    made.put(*messages)
    return made


def able(capabilities: str) -> str:
    """Settings of a Dovecot that tells these capabilities instead of its own."""
    return f"protocol imap {{\n  imap_capability = {capabilities}\n}}\n"


def _date(when: datetime) -> str:
    return f'"{when:%d-%b-%Y %H:%M:%S %z}"'


def _lying(client: imaplib.IMAP4, uid: str) -> Lying:
    _, answer = client.uid("FETCH", uid, "(FLAGS INTERNALDATE BODY.PEEK[])")
    facts: Any
    facts, raw = next(part for part in answer if isinstance(part, tuple))
    facts += b"".join(part for part in answer if isinstance(part, bytes))
    flags = re.search(rb"FLAGS \(([^)]*)\)", facts)[1].decode().split()
    when = re.search(rb'INTERNALDATE "([^"]*)"', facts)[1].decode().strip()
    arrived = datetime.strptime(when, "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)
    return Lying(raw, frozenset(flags) - {"\\Recent"}, arrived)
