"""A mail account as a source: folders opened read-only, and a message known again by its number in its folder.

The number means something only as long as the server keeps UIDVALIDITY. Where that has changed, no message is known
again, and the folder is read from its beginning.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from sluis.account.folder import Brought, Held
from sluis.account.place import Place
from sluis.account.session import AccountError, Session


@dataclass(frozen=True, slots=True)
class Listed:
    """A message that the server holds. `key` is of the folder, its UIDVALIDITY and the UID."""

    folder: str
    validity: int
    held: Held
    key: str

    @property
    def name(self) -> str:
        """Its folder and number."""
        return f"{self.folder}, UID {self.held.uid}"

    @property
    def octets(self) -> int:
        """How long the server says it is."""
        return self.held.octets


@dataclass(frozen=True, slots=True)
class Fetched:
    """A listed message with what the server gave of it."""

    listed: Listed
    brought: Brought

    @property
    def key(self) -> str:
        """That of the listed message."""
        return self.listed.key

    @property
    def name(self) -> str:
        """That of the listed message."""
        return self.listed.name

    @property
    def octets(self) -> int:
        """How long the server says it is."""
        return self.listed.octets

    def read(self) -> bytes:
        """The message. Raises `OSError` for one that has gone."""
        return self.brought.read()


def listed(session: Session, place: Place) -> tuple[list[Listed], list[str]]:
    """The messages of the folder that `place` names, or else of all folders, and a line for each folder of those that
    cannot be opened. Raises `AccountError`.
    """
    if place.folder:
        return list(_within(session, place, place.folder)), []
    found: list[Listed] = []
    unread = []
    for name in session.folders():
        try:
            found += _within(session, place, name)
        except AccountError as error:
            unread.append(f"{name}: {error}")
    return found, unread


def _within(session: Session, place: Place, name: str) -> Iterator[Listed]:
    validity = session.examine(name).validity
    prefix = f"{place.token(name)}/{validity}"
    yield from (Listed(name, validity, held, f"{prefix}/{held.uid}") for held in session.listed())


def fetched(session: Session, wanted: Sequence[Listed]) -> Iterator[Fetched]:
    """What the server gives of these messages, which are in the order of their folders. Raises `AccountError`."""
    for (name, validity), group in groupby(wanted, lambda each: (each.folder, each.validity)):
        if session.examine(name).validity != validity:
            raise AccountError(f"{name}: the server has just numbered its messages anew; give the command again")
        messages = {each.held.uid: each for each in group}
        for brought in session.bodies([each.held for each in messages.values()]):
            yield Fetched(messages[brought.held.uid], brought)


def renumbered(remembered: Iterable[str], wanted: Collection[Listed]) -> list[str]:
    """The folders of which some messages are remembered, but none by the UIDVALIDITY that they have now."""
    known = {key.rpartition("/")[0] for key in remembered}
    folders = {key.partition("/")[0] for key in known}
    now = {each.folder: each.key.rpartition("/")[0] for each in wanted}
    return [name for name, prefix in now.items() if prefix.partition("/")[0] in folders and prefix not in known]
