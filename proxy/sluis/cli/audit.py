"""`sluis audit`: a mailbox read from end to end, and what it says of those who write to it."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sluis.cli.options import ConfigFile, Stop, load_config, load_rules

if TYPE_CHECKING:
    from sluis.audit.tally import Tally
    from sluis.config import Config

SHOWN = 10
"""Senders in the table on the terminal."""
MEMORY = "audit.state"


def audit(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Messages, folders, Maildirs, mboxes.")],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The folder for the report; made if need be.")
    ] = Path("sluis-audit"),
    rcpt: Annotated[
        list[str] | None,
        typer.Option("--rcpt", metavar="ADDR", help="An address of the reader, to be looked for in URLs too."),
    ] = None,
    config: ConfigFile = None,
) -> None:
    """Find out which senders track the reader of a mailbox, with what, and since when.

    Every message is read on all cores, and none is changed. DIR gets a report to be opened in a browser, the same as
    JSON, and tables in CSV. No recipient, subject or token is in any of them.

        sluis audit ~/Maildir
        sluis audit archive.mbox 2025/ -o report/
        sluis audit ~/Maildir --rcpt sanne@lezer.example

    An audit that was stopped goes on where it was when the same command is given again, and one that is given later
    reads only what is new: DIR/audit.state has what was read.

    Exit code 0: done; 2: bad usage or unreadable input, and one line says which. Whatever could be read is reported.
    """
    from sluis.audit.memory import BusyError, Memory
    from sluis.audit.reading import read
    from sluis.audit.record import Record
    from sluis.audit.source import filed
    from sluis.audit.tally import Tally
    from sluis.cli.progress import watched

    settings = load_config(config) if config else None
    rules = load_rules(settings.rules, settings.kept) if settings else load_rules()
    stored, unread = filed(paths, without=output)
    if not stored and not unread:
        raise Stop("there is no message in what was named")
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    tally = Tally()
    try:
        with Memory(output / MEMORY, _made_by(settings, rcpt or [])) as memory:
            outcomes = read(stored, memory, rules, tuple(rcpt or ()))
            for item, outcome in watched(outcomes, sum(item.octets for item in stored)):
                if isinstance(outcome, Record):
                    tally.add(outcome)
                else:
                    unread.append(f"{item.piece.name}: {outcome.reason}")
            _write(tally, len(unread), output)
    except BusyError as error:
        raise Stop(str(error)) from error
    _show(tally, output)
    if unread:
        raise Stop(unread[0] + (f", and {len(unread) - 1} more could not be read" if unread[1:] else ""))


def _made_by(settings: "Config | None", readers: Sequence[str]) -> dict[str, str]:
    """All that a record depends on besides its message. The readers' addresses are in it as part of one digest."""
    from hashlib import blake2b

    from sluis import __version__
    from sluis.rules.load import fingerprint

    rules = fingerprint(settings.rules, settings.kept) if settings else fingerprint()
    digest = blake2b("\n".join([rules, *sorted(readers)]).encode("utf-8", "surrogateescape"), digest_size=16)
    return {"form": "1", "version": __version__, "with": digest.hexdigest()}


def _write(tally: "Tally", unread: int, output: Path) -> None:
    """Write the report and the tables, each whole or not at all."""
    import json
    from datetime import UTC, datetime

    from sluis import __version__
    from sluis.audit.page import render
    from sluis.audit.tables import document, files

    made = {"made": datetime.now(UTC).date().isoformat(), "version": __version__}
    data = json.dumps(document(tally, unread, made), indent=1, ensure_ascii=False) + "\n"
    for name, text in {"audit.html": render(tally, unread, made), "audit.json": data, **files(tally)}.items():
        part = output / f".{name}.part"
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(output / name)


def _show(tally: "Tally", output: Path) -> None:
    """The senders who track most, for a terminal."""
    from rich import box
    from rich.table import Table

    from sluis.audit.record import Aim
    from sluis.audit.tables import senders
    from sluis.audit.words import day
    from sluis.terminal import console, visible

    screen = console()
    tracking = [(name, sender) for name, sender in senders(tally) if sender.tracking.messages]
    screen.print(
        f"{tally.tracking.messages:,} of {tally.all.messages:,} messages track their reader, from {len(tracking):,} of "
        f"{len(tally.senders) + tally.others:,} senders.",
        soft_wrap=True,
    )
    if tracking:
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        table.add_column("Sender", overflow="fold")
        for heading in ("Track", "Messages", "Openings", "Clicks", "Since"):
            table.add_column(heading, justify="right", no_wrap=True)
        for name, sender in tracking[:SHOWN]:
            counts = (sender.tracking.messages, sender.all.messages, sender.aims[Aim.OPEN], sender.aims[Aim.CLICK])
            first = day(sender.tracking.first)
            table.add_row(visible(name) or "several authors, or none", *map("{:,}".format, counts), first)
        screen.print(table)
    screen.print(f"The report is {output / 'audit.html'}.", soft_wrap=True)
