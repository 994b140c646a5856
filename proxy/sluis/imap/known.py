"""What is known of messages that clients fetch piece by piece: what cleaning changed in them, by mailbox and number.

A server gives one message a unique identifier for as long as the mailbox keeps its UIDVALIDITY (RFC 9051 §2.3.1.1). So
what was learnt of it holds after another SELECT and on the next connection too, for whoever logged in by the same name;
nobody else can put anything there. Who logged in otherwise, or whose server does not say, has it until the next SELECT.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from sluis.imap.kept import Kept
from sluis.imap.overlay import Overlay
from sluis.imap.places import Places
from sluis.imap.room import Share

_LEAST = 512  # octets of memory for a message of which nothing can be known


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One account's, as it was named to the server, under one UIDVALIDITY."""

    account: bytes
    name: bytes
    validity: int


_Key = tuple[object, int]


class Shelf(Kept[_Key, Overlay | None]):
    """Overlays of all sessions, up to `limit` octets of memory.

    The last is kept however big it is, since a client that fetches it in pieces would have it cleaned for each.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(limit, _size)


class Known:
    """What one session knows of the mailbox that it has selected."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._own: object = object()  # nobody else's, and no longer than until the next SELECT
        self._mailbox: object = self._own
        self._share: Share | None = None
        self.hand: Mapping[int, Places] = {}
        """A message that was fetched for one of its pieces, as long as there is room for it, since others follow."""

    def __contains__(self, uid: int) -> bool:
        return self._key(uid) in self._shelf

    def get(self, uid: int | None) -> Overlay | None:
        """What is known of the message `uid`."""
        return self._shelf[self._key(uid)] if uid is not None and uid in self else None

    def covers(self, uid: int, sections: frozenset[bytes]) -> bool:
        """Whether these sections of the message, for which a client asks now, can be answered for without it."""
        if uid in self.hand:
            return True
        if uid not in self:
            return False
        overlay = self._shelf.again(self._key(uid))
        return overlay is None or not overlay.changes or sections <= overlay.begins.keys()

    def put(self, uid: int, overlay: Overlay | None) -> None:
        """Remember; None, where it cannot be known, only for now."""
        self._shelf.put((self._mailbox if overlay else self._own, uid), overlay)

    def keep(self, uid: int, places: Places, share: Share) -> None:
        """Have the message `uid` at hand, and no other; `share` is its room."""
        self.drop()
        self.hand, self._share = {uid: places}, share

    def drop(self) -> None:
        """Have no message at hand."""
        if self._share:
            self._share.hold(0)
        self.hand, self._share = {}, None

    def select(self, mailbox: Mailbox | None) -> None:
        """Speak of the messages of `mailbox` from now on; where it is not known which that is, of ones never met."""
        self.drop()
        self._own = object()
        self._mailbox = mailbox or self._own

    def _key(self, uid: int) -> _Key:
        return (self._own if (self._own, uid) in self._shelf else self._mailbox), uid


def _size(overlay: Overlay | None) -> int:
    return overlay.octets if overlay else _LEAST
