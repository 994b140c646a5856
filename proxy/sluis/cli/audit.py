"""`sluis audit`: a mailbox read from end to end, and what it says of those who write to it."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sluis.cli.account import Login, OAuth, PasswordFile, Plaintext
from sluis.cli.options import ConfigFile, DaskAddress, Stop, load_config, load_rules, spread
from sluis.cli.output import dated, made_by, write

if TYPE_CHECKING:
    from sluis.audit.source import Stored
    from sluis.audit.tally import Tally

SHOWN = 10
"""Senders in the table on the terminal."""
MEMORY = "audit.state"


def audit(
    paths: Annotated[
        list[str],
        typer.Argument(metavar="PATH...|URL", help="Messages, folders, Maildirs, mboxes; or imaps://user@host/FOLDER."),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="DIR", help="The folder for the report; made if need be.")
    ] = Path("sluis-audit"),
    rcpt: Annotated[
        list[str] | None,
        typer.Option("--rcpt", metavar="ADDR", help="An address of the reader, to be looked for in URLs too."),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ID", help="A server whose Authentication-Results are believed, by the name it gives itself there."
        ),
    ] = None,
    password_file: PasswordFile = None,
    oauth: OAuth = False,
    plaintext: Plaintext = False,
    dask: DaskAddress = None,
    config: ConfigFile = None,
) -> None:
    """Find out which senders track the reader of a mailbox, with what, and since when.

    Every message is read on all cores, and none is changed. DIR gets a report to be opened in a browser, the same as
    JSON, and tables in CSV. No recipient, subject or token is in any of them.

        sluis audit ~/Maildir
        sluis audit archive.mbox 2025/ -o report/
        sluis audit ~/Maildir --rcpt sanne@lezer.example --trust mx.lezer.example
        sluis audit imaps://sanne@lezer.example@mail.lezer.example/INBOX

    An IMAP account is read without changing anything, not even what counts as seen; without FOLDER all its folders are.
    The password is asked for, unless SLUIS_IMAP_PASSWORD or the file of --password-file has it. Certificates are
    verified; imap:// encrypts by STARTTLS, but for this machine itself.

    An audit that was stopped goes on where it was when the same command is given again, and one that is given later
    reads only what is new: DIR/audit.state has what was read.

    With --dask, workers that have this version of Sluis are sent the messages themselves and see no mailbox; more of
    that is in `sluis clean --help`.

    Exit code 0: done; 2: bad usage or unreadable input, and one line says which. Whatever could be read is reported.
    """
    from sluis.audit.memory import BusyError, Memory
    from sluis.audit.reading import Reading, read
    from sluis.audit.record import Record
    from sluis.audit.tally import Tally
    from sluis.cli.progress import watched

    settings = load_config(config) if config else None
    rules = load_rules(settings.rules, settings.kept) if settings else load_rules()
    trusted = frozenset(map(str.lower, trust or ())) | frozenset(settings.authentication.trust if settings else ())
    tally, broken = Tally(), ""
    with _source(paths, output, Login(password_file, oauth, plaintext)) as source:
        if not source.known and not source.unread:
            raise Stop("there is no message in what was named")
        output.mkdir(mode=0o700, parents=True, exist_ok=True)
        unread = source.unread
        reading = Reading(rules, (*(rcpt or ()), *source.readers), trusted)
        facts = [*sorted(reading.readers), "", *sorted(trusted)]  # in one digest: the file names no reader
        try:
            with (
                spread(dask) as cluster,
                Memory(output / MEMORY, {"form": "3", "with": made_by(settings, facts)}) as memory,
            ):
                outcomes = read(source.known, source.bring, memory, reading, cluster)
                tally.left = len(source.known)
                try:
                    for item, outcome in watched(outcomes, sum(item.octets for item in source.known)):
                        tally.left -= 1
                        if isinstance(outcome, Record):
                            tally.add(outcome)
                        else:
                            unread.append(f"{item.name}: {outcome.reason}")
                except source.breaks as error:
                    broken = f"{error} ({tally.left:,} messages are left; the same command goes on from there)"
                _write(tally, len(unread), output)
                _show(tally, output, source.renumbered(memory.recalled))
        except BusyError as error:
            raise Stop(str(error)) from error
    if broken:
        raise Stop(broken)
    if unread:
        raise Stop(unread[0] + (f", and {len(unread) - 1} more could not be read" if unread[1:] else ""))


@dataclass(frozen=True, slots=True)
class _Source:
    """What is to be read, how to come by it, what could not be listed, who reads it, which folders have new numbers,
    and what is raised where that comes to an end before its time.
    """

    known: Sequence[Any]
    bring: Callable[[list[Any]], Iterable["Stored"]]
    unread: list[str]
    readers: tuple[str, ...] = ()
    renumbered: Callable[[Iterable[str]], list[str]] = lambda _: []
    breaks: type[Exception] | tuple[()] = ()


@contextmanager
def _source(paths: list[str], output: Path, login: Login) -> Iterator[_Source]:
    """The files or the account that were named."""
    from sluis.account.place import is_url

    if not any(map(is_url, paths)):
        from sluis.audit.source import filed

        found, unread = filed(list(map(Path, paths)), without=output)
        yield _Source(found, iter, unread)
        return
    if len(paths) > 1:
        raise Stop("an account is audited alone: give one URL and nothing else")
    from sluis.account.session import AccountError
    from sluis.audit.account import fetched, listed, renumbered
    from sluis.cli.account import named, signed_in

    where = named(paths[0], login)
    with signed_in(where, login) as session:
        known, unread = listed(session, where)
        bring = partial(fetched, session)
        yield _Source(known, bring, unread, where.readers, lambda keys: renumbered(keys, known), AccountError)


def _write(tally: "Tally", unread: int, output: Path) -> None:
    """Write the report and the tables."""
    import json

    from sluis.audit.page import render
    from sluis.audit.tables import document, files

    made = dated()
    data = json.dumps(document(tally, unread, made), indent=1, ensure_ascii=False) + "\n"
    write(output, {"audit.html": render(tally, unread, made), "audit.json": data, **files(tally)})


def _show(tally: "Tally", output: Path, renumbered: Sequence[str]) -> None:
    """The senders who track most, for a terminal; `renumbered` are folders that had to be read from their beginning."""
    from rich import box
    from rich.table import Table

    from sluis.audit.record import Aim
    from sluis.audit.tables import senders
    from sluis.audit.words import day
    from sluis.terminal import console, visible

    screen = console()
    if renumbered:
        names = ", ".join(map(visible, renumbered))
        screen.print(f"The server has new numbers (UIDVALIDITY) for {names}: all of it was read again.", soft_wrap=True)
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
    incomplete = f" It is incomplete: {tally.left:,} messages are left." if tally.left else ""
    screen.print(f"The report is {output / 'audit.html'}.{incomplete}", soft_wrap=True)
