"""What cleaning made of the last messages, kept as small as that can be, for whoever fetches them again.

A message that is read in parts, or by two clients, or again tomorrow, is the same octets each time, and cleaning is a
function of those and of who reads. So it is known by a digest of all of it: who asks has the message, and needs to be
told no more than which octets come in whose place. Of the findings it is kept how many there were of each sort, which
is what is counted; no address, link or text of a message stays but what its cleaned form has in it.
"""

from array import array
from dataclasses import dataclass, replace
from hashlib import sha256
from operator import attrgetter

from sluis.envelope import Envelope
from sluis.imap.kept import Kept
from sluis.imap.overlay import differing
from sluis.report import Cleaned, Finding, Report

_FIXED = 600  # octets of memory for a result beside its own, about


@dataclass(frozen=True, slots=True)
class _Result:
    """`spans` are where octets were replaced, start and end by turns; `octets` those that stand there now, in a row."""

    spans: "array[int]"
    octets: bytes
    report: Report

    @property
    def memory(self) -> int:
        """About how many octets of memory it takes."""
        return _FIXED + len(self.octets) + 8 * len(self.spans) + 8 * len(self.report.findings)

    def of(self, raw: bytes) -> bytes:
        """The very message that was cleaned, clean."""
        if not self.spans:
            return raw
        pieces: list[bytes] = []
        position = taken = 0
        for start, end in zip(self.spans[::2], self.spans[1::2], strict=True):
            pieces += (raw[position:start], self.octets[taken : taken + end - start])
            position, taken = end, taken + end - start
        return b"".join((*pieces, raw[position:]))


class Results:
    """Results by digest, up to `limit` octets of memory."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._results: Kept[bytes, _Result] = Kept(limit, attrgetter("memory"))
        self._sorts: dict[Finding, Finding] = {}

    def get(self, digest: bytes, raw: bytes) -> Cleaned | None:
        """The message `raw` cleaned, if that is known by its `digest`."""
        if digest not in self._results:
            return None
        result = self._results.again(digest)
        return Cleaned(result.of(raw), result.report)

    def put(self, digest: bytes, raw: bytes, cleaned: Cleaned) -> None:
        """Remember what was made of `raw`."""
        if digest in self._results:
            return  # two asked at once
        result = self._small(raw, cleaned)
        if result.memory <= self._limit:
            self._results.put(digest, result)

    def clear(self) -> None:
        """Forget everything."""
        self._results.clear()
        self._sorts.clear()

    def _small(self, raw: bytes, cleaned: Cleaned) -> _Result:
        spans = list(differing(raw, cleaned.raw))
        octets = b"".join(cleaned.raw[start:end] for start, end in spans)
        kept = replace(cleaned.report, findings=self._told(cleaned.report))
        return _Result(array("q", [place for span in spans for place in span]), octets, kept)

    def _told(self, report: Report) -> tuple[Finding, ...]:
        """The findings without what they found; those of one sort are one object, and there are only so many sorts."""
        sorts = (Finding(f.kind, f.action, f.technique, f.vendor, *_UNTOLD) for f in report.findings)
        return tuple(self._sorts.setdefault(sort, sort) for sort in sorts)


_UNTOLD = (None, None, None, "", (0, 0), 0.0, "")


def digest(raw: bytes, envelope: Envelope) -> bytes:
    """By which a message is known, and who reads it, as no two of them are by the same."""
    return sha256(raw).digest() + "\0".join(envelope.recipients).encode()
