"""A message read as it comes, without being held: what cleaning has to see is kept, the rest passes.

Most of a big message is a part that nobody reads: a film, a scan, an archive. Nothing in the body of such a part bears
on the others but the line that ends it: a message without those octets has the same parts, the same texts in them and
the same edits. They are found while they stream, by the one parser of messages there is: what was kept so far is
parsed, and if it ends within such a part, so does what follows, up to the next line that begins with two dashes.
"""

from collections.abc import Callable

from sluis.message.fields import fields
from sluis.message.mime import Part, parse

LEAST = 65_536  # octets between two looks


class Skim:
    """`reads` says of a part whether its body bears on how a message comes out clean; `least` is there for tests.

    `kept` is a message itself, cleaned as the whole one is. The first `settled` octets of it stand before what passed
    last, and whatever follows changes nothing about how they come out clean.
    """

    def __init__(self, reads: Callable[[Part], bool], least: int = LEAST) -> None:
        self.kept = bytearray()
        self.settled = 0
        self._reads = reads
        self._least = self._due = least
        self._passing = False
        self._held = b""

    def feed(self, octets: bytes) -> bytes:
        """Go on with `octets`; what passes, which stands behind the settled octets and before all others kept."""
        if self._passing:
            return self._pass(self._held + octets)
        self.kept += octets
        return self._look() if len(self.kept) >= self._due else b""

    def end(self) -> bytes:
        """Nothing follows: all that is kept is settled. What passes yet, which stands behind it."""
        self.settled = len(self.kept)
        return self._held

    def _look(self) -> bytes:
        """What was kept and need not be."""
        raw = bytes(self.kept)
        start = self._unread(raw)
        if start is None:
            self._later()
            return b""
        line = raw.rfind(b"\n")  # this one may yet turn out to be a delimiter
        self.settled, self._passing = start, True
        del self.kept[start:]
        return raw[start:line] + self._pass(raw[line:])

    def _pass(self, octets: bytes) -> bytes:
        """What of `octets`, which go on within a part that passes, begins no line with two dashes."""
        dashes = octets.find(b"\n--")
        if dashes < 0:
            self._held = octets[-2:]
            return octets[:-2]
        self.kept += octets[dashes:]
        self._held, self._passing = b"", False
        self._later()
        return octets[:dashes]

    def _later(self) -> None:
        """Look again once more has come; the dearer the look, the more."""
        self._due = len(self.kept) + max(self._least, len(self.kept) // 4)

    def _unread(self, raw: bytes) -> int | None:
        """Where the first line ends of the part that `raw` ends within; None if it must be read.

        It must, too, as long as a message of which all is signed or encrypted so far may turn out to be more than that.
        """
        message = parse(raw)
        last = message.parts[-1]
        if last.body[1] < len(raw) or self._reads(last):
            return None
        if message.protected and not parse(raw[: fields(raw, 0, len(raw))[1]]).protected:
            return None
        end = raw.find(b"\n", last.body[0])
        return None if end < 0 else end
