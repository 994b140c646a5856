"""A folder and the messages in it, as a server tells of them: values that need no connection."""

from dataclasses import dataclass
from datetime import datetime

DELETED = "\\Deleted"
"""The flag of a message that the next EXPUNGE removes."""


@dataclass(frozen=True, slots=True)
class Held:
    """A message in the open folder, as the server lists it: `octets` is its RFC822.SIZE; `deleted`, that some client
    has marked it for deletion.
    """

    uid: int
    octets: int
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Brought:
    """A message that the server was asked for; `raw` is None for one that has gone since it was listed."""

    held: Held
    raw: bytes | None

    @property
    def octets(self) -> int:
        """How long the server says it is."""
        return self.held.octets

    def read(self) -> bytes:
        """The message. Raises `OSError` for one that has gone."""
        if self.raw is None:
            raise OSError("it has gone since it was listed")
        return self.raw


@dataclass(frozen=True, slots=True)
class Marks:
    """What a folder keeps about a message: flags and keywords but for `\\Recent`, and INTERNALDATE."""

    flags: frozenset[str]
    arrived: datetime

    @property
    def lasting(self) -> "Marks":
        """The same without `\\Deleted`."""
        return Marks(self.flags - {DELETED}, self.arrived)


@dataclass(frozen=True, slots=True)
class Folder:
    """An open folder. UIDs mean something only together with `validity` (UIDVALIDITY, RFC 9051 §2.3.1.1); those of
    messages to come are `following` or more.
    """

    name: str
    validity: int
    following: int
    messages: int
