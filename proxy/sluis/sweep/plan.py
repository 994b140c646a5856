"""What a sweep would do with one message. Pure."""

from dataclasses import dataclass, replace
from enum import StrEnum

from sluis.audit.record import Record, recipients, record
from sluis.choice import Choice
from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.report import Verdict
from sluis.rules.table import Rules
from sluis.sweep.note import Exact


class Fate(StrEnum):
    """`PROTECTED`: signed or encrypted. `FAILED`: more than could be understood. `DELETED`: marked so by a client, and
    not read. None but `REPLACE` is touched.
    """

    REPLACE = "replace"
    CLEAN = "clean"
    PROTECTED = "protected"
    FAILED = "failed"
    DELETED = "deleted"


_FATES = {
    Verdict.CLEANED: Fate.REPLACE,
    Verdict.CLEAN: Fate.CLEAN,
    Verdict.SKIPPED: Fate.PROTECTED,
    Verdict.FAILED: Fate.FAILED,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done, the record of what would be taken out, and for `REPLACE` the cleaned message, else b''."""

    fate: Fate
    record: Record
    original: Exact
    cleaned: bytes = b""


@dataclass(frozen=True, slots=True)
class Planning:
    """How a message is cleaned: by which policies and rules, for which `readers` besides those its header names."""

    choice: Choice
    rules: Rules
    readers: tuple[str, ...] = ()

    def of(self, raw: bytes) -> Plan:
        """The plan for one message. Never raises."""
        who = (*self.readers, *recipients(raw))
        envelope = Envelope(recipients=who)
        done = clean(raw, self.choice.of(raw, envelope), self.rules, envelope)
        fate = _FATES[done.report.verdict]
        taken = record(raw, replace(done.report, findings=done.report.edited), self.rules, who, self.choice.trusted)
        return Plan(fate, taken, Exact.of(raw), done.raw if fate is Fate.REPLACE else b"")
