"""`sluis explain`: what a message would tell its sender, for a person."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from sluis.cli.options import ConfigFile, PolicyName, Recipients, Stop, holds_many, job, one_message


def explain(
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help="A message. Without it, standard input is read.")
    ] = None,
    policy: PolicyName = None,
    rcpt: Recipients = None,
    config: ConfigFile = None,
) -> None:
    """Show what a message would tell its sender, and what Sluis does about it.

    A sentence, then a table: what was found, whose it is, what was done, how it was hidden, and where a link really
    leads. Nothing is changed and nothing is fetched.

        sluis explain message.eml
        sluis explain --policy audit message.eml
        formail -s sluis explain < archive.mbox | less
    """
    from sluis.explain import sentence, table
    from sluis.job import cleaned
    from sluis.mailbox import envelope_line
    from sluis.terminal import console

    if file and holds_many(file):
        raise Stop(f"{file}: holds more than one message; explain shows one")
    raw = one_message(file)
    report = cleaned(raw, envelope_line(raw), job(policy, rcpt, config)).report
    screen = console(sys.stdout)
    screen.print(sentence(report))
    if report.findings:
        screen.print(table(report, screen.width))
