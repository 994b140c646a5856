"""One message cleaned for somebody who waits: with the time it took, and in octets of the file it lies in.

`clean` knows no clock and no file; this is the thin edge that does, for the command line to build on.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from sluis.choice import Choice
from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.report import Report
from sluis.rules.table import Rules


@dataclass(frozen=True, slots=True)
class Job:
    """What is done to every message, and with which rules."""

    choice: Choice
    rules: Rules
    envelope: Envelope | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """A message as it goes out, its report (spans and counts in octets of its file), and milliseconds of cleaning."""

    octets: bytes
    report: Report
    elapsed_ms: float

    def account(self, name: str | None = None) -> Mapping[str, object]:
        """The report in the command line's JSON form, with the relative `name` as "file" where there is one."""
        account = self.report.to_json(self.elapsed_ms)
        return account if name is None else {"file": name, **account}


def cleaned(raw: bytes, line: int, job: Job, begin: int = 0) -> Done:
    """Clean `raw`, which stands at `begin` of its file and opens with a From_ line of `line` octets, or with none."""
    started = time.perf_counter()
    message = raw[line:] if line else raw
    done = clean(message, job.choice.of(message, job.envelope), job.rules, job.envelope)
    elapsed = (time.perf_counter() - started) * 1000
    return Done(raw[:line] + done.raw if line else done.raw, _placed(done.report, line, begin + line), elapsed)


def _placed(report: Report, line: int, body: int) -> Report:
    """The report of a message as one of the piece it is in: with its From_ line, in octets of the file."""
    if not body:
        return report
    moved = tuple(replace(found, span=(found.span[0] + body, found.span[1] + body)) for found in report.findings)
    return replace(report, bytes_in=report.bytes_in + line, bytes_out=report.bytes_out + line, findings=moved)
