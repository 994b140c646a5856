"""The gate at work on the bundled mail: sent over SMTP, taken out of the Maildir behind it, and held side by side.

It runs what everybody runs, on ports of its own: what is shown is what was delivered, not what should have been.
"""

import difflib
import email
import email.policy
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import aiosmtplib
from rich.console import Console
from rich.rule import Rule
from rich.text import Text

from sluis.clean import clean
from sluis.config import Config, Endpoint, Maildir, SmtpSection
from sluis.explain import KINDS, sentence, table
from sluis.metrics import Metrics
from sluis.policy import Policy
from sluis.report import Report
from sluis.rules.table import Rules
from sluis.smtp import run
from sluis.terminal import visible

SAMPLES = {
    "newsletter.eml": "letters@letters.kadebooks.example",
    "order.eml": "orders@lantaarnhuis.example",
    "personal.eml": "joris@mulder.example",
}
"""The bundled messages and who sends them: a newsletter, a shop that asks for a receipt, and a friend who does not."""
READER = "sanne.devries@lezer.example"
LINES = 20
"""Changed lines that are shown of a message."""


@dataclass(frozen=True, slots=True)
class Passage:
    """One message as it was sent and as it was delivered, and what the cleaner says of it."""

    name: str
    sent: bytes
    delivered: bytes
    report: Report


def path_of(name: str) -> Path:
    """Where a bundled message lies."""
    return Path(str(files("sluis"))) / "samples" / name


async def passages(maildir: Path, policy: Policy, rules: Rules) -> list[Passage]:
    """Send every bundled message through a gate that delivers into `maildir`, and fetch what came out."""
    smtp = SmtpSection(listen=Endpoint("127.0.0.1", 0), upstream=Maildir(maildir))
    gate = await run(Config(smtp=smtp, policy=policy.name), rules, Metrics())
    try:
        return [await _passage(name, gate.endpoint, maildir, policy, rules) for name in SAMPLES]
    finally:
        await gate.close()


async def _passage(name: str, gate: Endpoint, maildir: Path, policy: Policy, rules: Rules) -> Passage:
    raw = path_of(name).read_bytes()
    before = set(_mail(maildir))
    async with aiosmtplib.SMTP(hostname=gate.host, port=gate.port, start_tls=False) as client:
        await client.sendmail(SAMPLES[name], [READER], raw)
    [delivered] = set(_mail(maildir)) - before
    return Passage(name, raw, delivered.read_bytes(), clean(raw, policy, rules).report)


def _mail(maildir: Path) -> Iterator[Path]:
    return (maildir / "new").glob("*")


def show(passage: Passage, screen: Console) -> None:
    """One message, before and after, on the screen."""
    screen.print(Rule(Text(f"{passage.name} · {_subject(passage.sent)}", style="bold"), align="left"))
    screen.print(sentence(passage.report))
    if passage.report.findings:
        screen.print(table(passage.report, screen.width))
    changes = list(_changes(passage))
    for change in changes[:LINES]:
        screen.print(change, no_wrap=True, overflow="ellipsis")
    if changes[LINES:]:
        screen.print(Text(f"  … and {len(changes) - LINES} changed lines more", style="dim"))
    screen.print(_sizes(passage))
    screen.print()


def counts(seen: list[Passage]) -> str:
    """What the gate counted, over all messages."""
    kinds = Counter(finding.kind for passage in seen for finding in passage.report.edited)
    verdicts = Counter(str(passage.report.verdict) for passage in seen)
    became = ", ".join(f"{count} {verdict}" for verdict, count in verdicts.items())
    stopped = ", ".join(f"{count} {KINDS[kind][count != 1]}" for kind, count in kinds.most_common()) or "nothing"
    return f"{len(seen)} messages: {became}. Stopped: {stopped}."


def _subject(raw: bytes) -> str:
    return visible(str(email.message_from_bytes(raw, policy=email.policy.default)["Subject"]))


def _changes(passage: Passage) -> Iterator[Text]:
    """The lines that differ, as they stand on the wire: what went in red, what came in green."""
    before, after = (octets.decode("latin-1").splitlines() for octets in (passage.sent, passage.delivered))
    for line in difflib.unified_diff(before, after, n=0, lineterm=""):
        if line[:1] in "+-" and line[:3] not in {"+++", "---"}:
            yield Text(f"  {line[0]} {visible(line[1:])}", style="red" if line[0] == "-" else "green")


def _sizes(passage: Passage) -> Text:
    before, after = passage.sent.splitlines(), passage.delivered.splitlines()
    same = sum(block.size for block in difflib.SequenceMatcher(a=before, b=after, autojunk=False).get_matching_blocks())
    return Text(
        f"{len(passage.sent):,} octets in, {len(passage.delivered):,} out with our trace; "
        f"{same} of {len(before)} lines are untouched.",
        style="dim",
    )
