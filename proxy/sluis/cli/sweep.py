"""`sluis sweep` and `sluis restore`: mail on a server cleaned for good, and brought back."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sluis.cli.account import Login, OAuth, PasswordFile, Plaintext, named, signed_in
from sluis.cli.options import ConfigFile, PolicyName, Recipients, Stop, job, load_config
from sluis.cli.output import dated, made_by, write

if TYPE_CHECKING:
    from sluis.account.place import Place
    from sluis.account.session import Session
    from sluis.sweep.journal import Journal
    from sluis.sweep.plan import Fate, Planning
    from sluis.sweep.tables import Line

SHOWN = 10
"""Senders, and vendors, in the tables on the terminal."""
JOURNAL = "sweep.journal"

Url = Annotated[str, typer.Argument(metavar="URL", help="The folder: imaps://user@host/FOLDER.")]
Output = Annotated[
    Path,
    typer.Option("--output", "-o", metavar="DIR", help="The folder for the journal and the account of what was done."),
]
Apply = Annotated[bool, typer.Option("--apply", help="Do it; without this nothing on the server is changed.")]


def sweep(
    url: Url,
    apply: Apply = False,
    keep_originals: Annotated[
        str | None, typer.Option(metavar="FOLDER", help="Move originals there, so that `sluis restore` can undo it.")
    ] = None,
    output: Output = Path("sluis-sweep"),
    policy: PolicyName = None,
    rcpt: Recipients = None,
    password_file: PasswordFile = None,
    oauth: OAuth = False,
    plaintext: Plaintext = False,
    config: ConfigFile = None,
) -> None:
    """Clean the mail in a folder of an IMAP account for good.

    Without --apply it only tells what it would do. With it, every message that tracks is replaced: a cleaned copy with
    the same flags, keywords and date of arrival is put beside it and read back, and only when that is what it should
    be, octet for octet, does the original go. Signed and encrypted messages stay as they are. Gmail, which may take a
    copy for its original, is refused.

        sluis sweep imaps://sanne@lezer.example@mail.lezer.example/INBOX
        sluis sweep imaps://sanne@lezer.example@mail.lezer.example/INBOX --apply --keep-originals Originals
        sluis restore imaps://sanne@lezer.example@mail.lezer.example/INBOX --apply

    It may be stopped at any time: the same command goes on where it was. For that, and for `restore`, DIR has to be
    kept: DIR/sweep.journal knows which copy belongs to which original. DIR/sweep.json and sweep.csv tell what was done.

    The password is asked for, unless SLUIS_IMAP_PASSWORD or the file of --password-file has it.

    Exit code 0: done; 2: bad usage, or a server that does not do its part, and one line says which.
    """
    from sluis.sweep.plan import Planning

    todo = job(policy, None, config)
    login = Login(password_file, oauth, plaintext)
    where = _folder(url, login)
    planning = Planning(todo.choice, todo.rules, (*(rcpt or ()), *where.readers))
    with signed_in(where, login) as session:
        if apply:
            table = [repr((todo.choice.default, todo.choice.rows)), *sorted(todo.choice.trusted)]
            by = made_by(load_config(config) if config else None, [*table, "", *sorted(planning.readers)])
            _apply(session, where, keep_originals or "", output, planning, by)
        else:
            _tell(session, where, keep_originals or "", output, planning)


def restore(
    url: Url,
    apply: Apply = False,
    output: Output = Path("sluis-sweep"),
    password_file: PasswordFile = None,
    oauth: OAuth = False,
    plaintext: Plaintext = False,
) -> None:
    """Bring back the originals that `sluis sweep --keep-originals` has moved away from a folder.

    Each original takes the place of its cleaned copy, with the flags that the copy has now. Where the copy has been
    deleted or moved since, the original stays where it is kept. DIR is that of the sweep.

    Exit code 0: done; 2: bad usage, or a server that does not do its part, and one line says which.
    """
    from sluis.sweep.acts import lacking
    from sluis.sweep.restore import kept, returns
    from sluis.sweep.restore import restore as bring_back
    from sluis.sweep.tables import lines
    from sluis.terminal import console

    login = Login(password_file, oauth, plaintext)
    where = _folder(url, login)
    if not (output / JOURNAL).exists():
        raise Stop(f"{output / JOURNAL}: there is no journal of a sweep")
    with signed_in(where, login) as session, _journal(output, where) as journal:
        entries = len(kept(journal.ledger))
        wanted = returns(session, where.folder, journal.ledger)
        if apply:
            if why := lacking(session.able, "kept"):
                raise Stop(why)
            done = len(list(bring_back(session, where.folder, journal, wanted)))
            _write(output, lines(journal.ledger), Counter(), applied=True)
            told = f"{done:,} of {entries:,} kept originals are back in {where.folder}."
        else:
            told = f"{len(wanted):,} of {entries:,} kept originals can be brought back; --apply does it."
        console().print(told, soft_wrap=True)


def _folder(url: str, login: Login) -> "Place":
    where = named(url, login)
    if not where.folder:
        raise Stop("name one folder: imaps://user@host/FOLDER")
    return where


def _tell(session: "Session", where: "Place", keep: str, output: Path, planning: "Planning") -> None:
    """Say what a sweep would do."""
    from sluis.bulk import Unread
    from sluis.cli.progress import watched
    from sluis.sweep.acts import refusal
    from sluis.sweep.plan import Fate
    from sluis.sweep.tables import Line
    from sluis.sweep.work import planned

    session.examine(where.folder)
    listed = session.listed()
    held = [each for each in listed if not each.deleted]
    fates = Counter({Fate.DELETED: len(listed) - len(held)})
    found = []
    for brought, plan in watched(planned(session, held, planning), sum(each.octets for each in held)):
        if isinstance(plan, Unread):
            continue
        fates[plan.fate] += 1
        if plan.fate is Fate.REPLACE:
            size = plan.original.octets
            found.append(Line(brought.held.uid, "would be replaced", size, len(plan.cleaned), plan.record))
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(output, found, fates, applied=False)
    why = refusal(session.able, keep)
    last = f"--apply cannot do it: {why}." if why else "Nothing was changed: --apply does it."
    _show(found, fates, "To be replaced", f"{last} {output / 'sweep.csv'} has each.")


def _apply(session: "Session", where: "Place", keep: str, output: Path, planning: "Planning", by: str) -> None:
    """Sweep, and write down what was done, also when it is stopped by the server."""
    from sluis.account.session import AccountError
    from sluis.sweep.acts import refusal
    from sluis.sweep.tables import lines

    if keep == where.folder:
        raise Stop("the originals cannot be kept in the folder that is swept")
    if why := refusal(session.able, keep):
        raise Stop(why)
    output.mkdir(mode=0o700, parents=True, exist_ok=True)
    fates: Counter[Fate] = Counter()
    with _journal(output, where) as journal:
        before = len(journal.ledger.swept)
        try:
            _replace_all(session, where, keep, journal, planning, by, fates)
        except AccountError as error:
            raise Stop(f"{error} (nothing is lost; the same command goes on from here)") from error
        finally:
            _write(output, lines(journal.ledger), fates, applied=True)
        told = f"Originals are in {keep}; `sluis restore` brings them back." if keep else "Their originals are gone."
        done = lines(journal.ledger)[before:]
        replaced = [line for line in done if line.replaced]
        if len(done) > len(replaced):
            told += f" Not replaced after all: {len(done) - len(replaced):,}."
        _show(replaced, fates, "Replaced", f"{told} {output / 'sweep.csv'} has each, and why.")


def _replace_all(
    session: "Session",
    where: "Place",
    keep: str,
    journal: "Journal",
    planning: "Planning",
    by: str,
    fates: "Counter[Fate]",
) -> None:
    from sluis.bulk import Unread
    from sluis.cli.progress import watched
    from sluis.sweep.plan import Fate
    from sluis.sweep.work import Sweep, planned

    if keep:
        session.make(keep)
    work = Sweep(session, session.select(where.folder), journal, keep)
    work.begin(where.token(where.folder), by)
    listed = session.listed()
    fates[Fate.DELETED] += sum(each.deleted for each in listed)
    left = work.unread(listed)
    for brought, plan in watched(planned(session, left, planning), sum(each.octets for each in left)):
        if not isinstance(plan, Unread):
            fates[plan.fate] += 1
            work.settle(brought.held.uid, plan)


@contextmanager
def _journal(output: Path, where: "Place") -> Iterator["Journal"]:
    """The journal of DIR, which has to be of this folder. Raises `Stop`."""
    from sluis.sweep.journal import Journal, JournalError

    try:
        with Journal(output / JOURNAL) as journal:
            begun = journal.ledger.begun
            if begun and begun.folder != where.token(where.folder):
                raise Stop(f"{output / JOURNAL} is of another folder: give each its own -o DIR")
            yield journal
    except JournalError as error:
        raise Stop(str(error)) from error


def _write(output: Path, listed: Sequence["Line"], fates: Mapping["Fate", int], *, applied: bool) -> None:
    """Write the account of what was done, or would be."""
    import json

    from sluis.sweep.tables import document, table

    made = document(listed, fates, {**dated(), "applied": applied})
    write(output, {"sweep.json": json.dumps(made, indent=1, ensure_ascii=False) + "\n", "sweep.csv": table(listed)})


def _show(listed: Sequence["Line"], fates: Mapping["Fate", int], outcome: str, last: str) -> None:
    """Counts, and whose messages and whose trackers they were most, for a terminal."""
    from rich import box
    from rich.table import Table

    from sluis.sweep.plan import Fate
    from sluis.sweep.tables import ranking
    from sluis.terminal import console, visible

    screen = console()
    saved, read = sum(line.before - line.after for line in listed), sum(fates.values()) - fates[Fate.DELETED]
    screen.print(
        f"Messages read: {read:,}. {outcome}: {len(listed):,} ({saved:,} octets less). Left as they are: "
        f"{fates[Fate.CLEAN]:,} with nothing to clean, {fates[Fate.PROTECTED]:,} signed or encrypted, "
        f"{fates[Fate.FAILED]:,} not understood, {fates[Fate.DELETED]:,} marked for deletion.",
        soft_wrap=True,
    )
    for heading, names in (
        ("Sender", [line.record.sender or "several authors, or none" for line in listed]),
        ("Vendor", [vendor for line in listed for vendor in line.vendors]),
    ):
        if names:
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
            table.add_column(heading, overflow="fold")
            table.add_column("Messages", justify="right", no_wrap=True)
            for name, count in ranking(names)[:SHOWN]:
                table.add_row(visible(name), f"{count:,}")
            screen.print(table)
    screen.print(last, soft_wrap=True)
