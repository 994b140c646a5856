"""What the laboratory finds, as a page for readers: `docs/leaks.md`.

Whatever it says of Chromium is what the cases say, which the test of the laboratory holds against Chromium itself.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path

from tests.leaks.case import Case, cases
from tests.leaks.chromium import Channel
from tests.leaks.facts import Collection, collections
from tests.leaks.laboratory import ABROAD, PATHS, Verdict, shown, trials, verdict
from tests.leaks.wire import WIRES

PAGE = Path(__file__).parents[2] / "docs" / "leaks.md"
_LONGEST = 110  # characters of a case's HTML that are shown
_COLUMNS = (("balanced", "tracker"), ("balanced", "picture"), ("strict", "tracker"), ("strict", "picture"))
Found = Mapping[tuple[str, str, str], Verdict]
_INTRODUCTION = """\
# How a mail can call home, and what comes of it

<!-- Written by `python -m tests.leaks`, from tests/leaks/cases. -->

Every way we know in which a mail can tell somebody that it was opened, each as a named case. Each is cleaned with two
addresses: one by which a vendor is known to count opens (Amazon SES, on a host that nobody has listed), and one that
nobody is known to count by.

A case is **silent** if what comes out no longer names the host, all disguises undone, in each of {wires} ways to write
the message ({encodings}; {charsets}), and if Chromium, where the case is a channel of its, contacts nobody: no request,
no connection, no name looked up. Chromium opens every case as it stands, and every case that calls once more, in one
of the {abroad} other ways that it reads, {least} to {most} cases in each. What it does not do is judged on the octets
alone: other clients may. `balanced` leaves images that show something where nobody is known to count by them: they are
**kept**. What is nested beyond reading, or would be read by a client that skips NUL, is **inert**: its address stays,
under names that nobody knows, and Chromium contacts nobody.

| | cases |
| --- | ---: |
{summary}

| policy | a known tracker | an unknown address |
| --- | --- | --- |
{totals}

{others}
"""


def page() -> str:
    """The whole page, with the trials run on their octets."""
    found = {(trial.case.name, trial.policy, trial.called): verdict(trial) for trial in trials()}
    judged = [case for case in cases() if not case.out]
    parts = [_introduction(judged, found)]
    for about, group in groupby(judged, key=lambda case: case.group):
        parts.append("\n".join(_section(about, group, found)))
    parts += ["\n".join(_out_of_scope()), "\n".join(_others())]
    return "\n".join(parts)


def _introduction(judged: Sequence[Case], found: Found) -> str:
    fires = Counter(case.fires for case in judged)
    abroad = Counter(wire for _, wire in shown() if wire in ABROAD)
    counts = {"all": len(cases()), "out of scope, see the end": len(cases()) - len(judged)}
    counts |= {f"Chromium: {channel}": fires[channel] for channel in Channel if channel is not Channel.NONE}
    counts["no channel of Chromium's: judged on octets"] = fires[Channel.NONE]
    return _INTRODUCTION.format(
        wires=len(WIRES),
        encodings=", ".join(dict.fromkeys(wire.encoding for wire in WIRES)),
        charsets=", ".join(dict.fromkeys(wire.charset for wire in WIRES)),
        abroad=len(ABROAD),
        least=min(abroad.values()),
        most=max(abroad.values()),
        summary="\n".join(f"| {name} | {count} |" for name, count in counts.items()),
        totals="\n".join(_total(policy, found) for policy in ("balanced", "strict")),
        others="\n".join(_covered(each) for each in collections()),
    )


def _total(policy: str, found: Found) -> str:
    cells = []
    for called in PATHS:
        counts = Counter(kind for (_, *under), kind in found.items() if under == [policy, called])
        more = "".join(f", {counts[kind]} {kind}" for kind in (Verdict.INERT, Verdict.KEPT) if counts[kind])
        cells.append(f"{counts[Verdict.CALLS]} call, {counts[Verdict.SILENT]} silent{more}")
    return f"| `{policy}` | {' | '.join(cells)} |"


def _section(about: str, group: Iterable[Case], found: Found) -> Iterator[str]:
    yield f"\n## {about}\n"
    yield "| case | what it is | Chromium | balanced, tracker | balanced, unknown | strict, tracker | strict, unknown |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    for case in group:
        cells = (_cell(case, found[case.name, policy, called]) for policy, called in _COLUMNS)
        yield f"| {case.name} | {_shown(case)} | {_fired(case)} | {' | '.join(cells)} |"


def _cell(case: Case, found: Verdict) -> str:
    return f"**calls**: {case.leak}" if found is Verdict.CALLS else str(found)


def _fired(case: Case) -> str:
    return "" if case.fires is Channel.NONE else str(case.fires)


def _shown(case: Case) -> str:
    """The case in one line of code."""
    text = case.html if case.html and not case.parts and not case.fields else _message(case)
    line = " ".join(text.encode("unicode_escape").decode().replace("\\n", " ").replace("\\\\", "\\").split())
    line = line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"
    return "`` " + line.replace("|", "\\|") + " ``"


def _message(case: Case) -> str:
    fields = "; ".join(f"{name}: {value}" for name, value in case.fields.items())
    return fields or "; ".join(f"{part.media_type}: {part.text}" for part in case.parts)


def _out_of_scope() -> Iterator[str]:
    yield "\n## Out of scope\n"
    yield "Cleaned all the same where the rules see them, but nothing is promised.\n"
    yield "| case | what it is | Chromium | why |"
    yield "| --- | --- | --- | --- |"
    for case in cases():
        if case.out:
            yield f"| {case.name} | {_shown(case)} | {_fired(case)} | {case.out} |"
    yield ""


def _covered(listed: Collection) -> str:
    """What of other people's tests the cases cover, in a line."""
    tests = f"{len(listed.tests)} tests of {listed.name} ({listed.source})"
    return f"- {tests}: {len(listed.stopped)} among the cases that are judged, {len(listed.outside)} out of scope"


def _others() -> Iterator[str]:
    yield "\n## What others test and we do not promise\n"
    yield "| test | as in | why |"
    yield "| --- | --- | --- |"
    for listed in collections():
        for name, case in listed.outside.items():
            yield f"| {listed.name}: {name} | {case.name} | {case.out} |"
    yield ""
