"""A response about a message as far as it has come: octets that are held, and what the client has heard of it."""

import re
from dataclasses import dataclass, field

from sluis.imap.items import Seen
from sluis.imap.room import Share

_OTHER = rb"(?:UID|RFC822\.SIZE) [0-9]++|FLAGS \([^()\"{\r\n]*+\)|MODSEQ \([0-9]++\)|INTERNALDATE \"[^\"\\\r\n]*+\""
_HEAD = re.compile(
    rb"\* [0-9]{1,10} (?:UID)?FETCH \((?:(?:%s) )*+(?:BODY\[\]|RFC822) ~?\{[0-9]++\}\r\n" % _OTHER, re.IGNORECASE
)
_TAIL = re.compile(rb"(?: (?:%s))*+\)\r\n" % _OTHER, re.IGNORECASE)


@dataclass(slots=True)
class Gathered:
    """A response so far, its octets in `pieces`: those of a literal that is held are one.

    `lead` is how it begins again after octets that flowed by, which the client has heard. `opened` says that a space
    before the next item is one too many, `owed` is that space if the client must hear it. `share` is its room. `within`
    says that the client has heard part of a literal, `ended` that the response has come to its end.
    """

    share: Share
    pieces: list[bytes] = field(default_factory=list)
    octets: int = 0
    lead: bytes = b""
    opened: bool = False
    owed: bytes = b""
    seen: Seen | None = None
    passing: bool = False
    within: bool = False
    ended: bool = False

    @property
    def flat(self) -> bytes:
        """All of it."""
        return b"".join(self.pieces)

    @property
    def plain(self) -> bool:
        """Whether it is one message and no other text, so that nobody need read more of it."""
        return (
            len(self.pieces) == 3
            and not self.lead
            and bool(_HEAD.fullmatch(self.pieces[0]) and _TAIL.fullmatch(self.pieces[2]))
        )

    def begins(self, flat: bytes) -> None:
        """Begin again, with `flat`."""
        self.pieces, self.octets = [flat], len(flat)

    def gathers(self, octets: bytes) -> None:
        """Go on with `octets`."""
        self.pieces.append(octets)
        self.octets += len(octets)

    def joins(self, octets: bytes) -> bytes:
        """The octets of the next line as they follow what there is."""
        if self.opened and octets.startswith(b" "):
            octets = octets[1:]
            self.owed = b" " if self.lead else b""
        self.opened = False
        return octets

    def untold(self, out: bytes) -> bytes:
        """What the client has not heard of `out`, which is the response as it should be."""
        if not self.lead and not self.owed:
            return out
        rest = out[len(self.lead) :]
        return rest if rest.startswith(b")") else self.owed + rest
