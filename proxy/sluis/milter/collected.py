"""A message as it is told, packet by packet, and as it stands in the server once it was told whole.

What cannot be held or read of it is dropped at once, and what comes of it later is not kept: the server has it all.
This module knows no socket and no clock.
"""

from dataclasses import dataclass, field

from sluis.edge.pool import CleaningError
from sluis.envelope import Envelope
from sluis.milter import packet
from sluis.milter.packet import Field, Packet, ProtocolError

_PRICE = 256  # octets that a piece takes beside its own, so that a million of one letter are counted for what they are


class NoRoomError(Exception):
    """There is more mail under way than may be."""


@dataclass(slots=True)
class Collected:
    """One message of at most `limit` octets, `open` from its first packet on; `cost` is what holding it takes.

    `trouble` is why it is not held any more.
    """

    limit: int
    open: bool = False
    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    fields: list[Field] = field(default_factory=list)
    body: list[bytes] = field(default_factory=list)
    octets: int = 0
    cost: int = 0
    trouble: CleaningError | NoRoomError | None = None

    @property
    def envelope(self) -> Envelope:
        """From whom it is, and for whom."""
        return Envelope(self.sender, tuple(self.recipients))

    @property
    def domain(self) -> str:
        """The sender's, in lower case; nothing for the null sender."""
        _, at, domain = self.sender.rpartition("@")
        return domain.lower() if at else ""

    def hear(self, told: Packet) -> None:
        """A packet of the message: MAIL, RCPT, a field, a piece of the body, its end."""
        self.open = True
        if self.trouble:
            return
        self.octets += len(told.data)
        self.cost += len(told.data) + _PRICE
        try:
            self._keep(told)
        except ProtocolError:
            self.drop(CleaningError("parse", "syntax"))
        if self.octets > self.limit:
            self.drop(CleaningError("size", "too-big"))

    def _keep(self, told: Packet) -> None:
        match told.command:
            case b"M":
                self.sender = packet.mailbox(told.data)
            case b"R":
                self.recipients.append(packet.mailbox(told.data))
            case b"L":
                self.fields.append(packet.field(told.data))
            case b"B" | b"E":
                self.body.append(told.data)

    def drop(self, trouble: CleaningError | NoRoomError) -> None:
        """Hold it no longer."""
        self.recipients, self.fields, self.body, self.cost = [], [], [], 0
        self.trouble = trouble

    def take(self) -> bytes:
        """The message with CR LF line ends; its body is held no longer. Raises CleaningError and NoRoomError."""
        if self.trouble:
            raise self.trouble
        raw = b"".join((*(each.wire() for each in self.fields), b"\r\n", *self.body))
        self.body = []
        return raw
