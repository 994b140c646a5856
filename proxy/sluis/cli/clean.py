"""`sluis clean`: octets in, octets out, and an account of what was done beside them."""

import json
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sluis.cli.options import STDIN, ConfigFile, PolicyName, Recipients, Stop, holds_many, job, one_message

if TYPE_CHECKING:
    from sluis.bulk import Outcome
    from sluis.job import Job
    from sluis.mailbox import Named, Piece

REFRESH = 0.1
"""Seconds between two drawings of the progress bar."""


def clean(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="[FILE]...", help="Messages, folders, Maildirs, mboxes. None: one from standard input."),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", metavar="OUT", help="Write here; a folder where more than one message is read."),
    ] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Write what was found and done as JSON: one line a message.")
    ] = None,
    policy: PolicyName = None,
    fit: Annotated[
        bool, typer.Option("--fit", help="Keep the octet and line count of every part, for a server's size records.")
    ] = False,
    rcpt: Recipients = None,
    config: ConfigFile = None,
) -> None:
    """Take the trackers out of messages.

    One message goes from FILE or standard input to OUT or standard output, octet for octet but for what was taken out.
    Several FILEs, a folder, a Maildir or an mbox go to the folder OUT under the same relative names, on all cores.

        sluis clean < message.eml > clean.eml
        sluis clean message.eml -o clean.eml --report report.json
        sluis clean ~/Maildir -o ~/Maildir.clean --fit --report report.jsonl
        sluis clean archive.mbox 2025/ -o cleaned/ --policy strict

    The report of one message is a JSON object; those of many are a line each, with the name as "file". In an mbox the
    spans count from the beginning of the file, and From_ lines and >From quoting stay as they are. A Maildir whose
    names carry sizes (Dovecot's ,S=) wants --fit.

    Exit code 0: done, whether or not anything was found; 2: bad usage or unreadable input, and one line says which.
    """
    todo = job(policy, rcpt, config, fit=fit)
    if not files or files == [STDIN]:
        _one(one_message(None), output, report, todo)
    elif len(files) == 1 and not holds_many(files[0]):
        target = output / files[0].name if output and output.is_dir() else output
        if target and target.exists() and target.samefile(files[0]):
            raise Stop(f"{target}: would be written over what is read")
        _one(one_message(files[0]), target, report, todo)
    else:
        _many(files, output, report, todo)


def _one(raw: bytes, target: Path | None, report: Path | None, todo: "Job") -> None:
    from sluis.job import cleaned
    from sluis.mailbox import envelope_line

    done = cleaned(raw, envelope_line(raw), todo)
    if report:
        report.write_text(json.dumps(done.account()) + "\n", encoding="ascii")
    if target:
        target.write_bytes(done.octets)
    else:
        sys.stdout.buffer.write(done.octets)
        sys.stdout.buffer.flush()


def _many(files: list[Path], output: Path | None, report: Path | None, todo: "Job") -> None:
    from sluis.bulk import each
    from sluis.job import Done
    from sluis.mailbox import Copies, named

    if output is None:
        raise Stop("more than one message goes to a folder: give -o DIR")
    if STDIN in files:
        raise Stop("standard input goes alone")
    found = named(files, without=output)
    if output.exists() and output.samefile(found.root):
        raise Stop(f"{output}: would be written over what is read")
    messages, unread = _messages(found)
    with ExitStack() as stack:
        copies = stack.enter_context(Copies(output, found.folders))
        accounts = stack.enter_context(report.open("w", encoding="ascii")) if report else None
        for piece, outcome in _watched(each(messages, todo), sum(piece.octets for piece in messages)):
            if isinstance(outcome, Done):
                copies.write(piece, outcome.octets)
                if accounts:
                    accounts.write(json.dumps(outcome.account(piece.name)) + "\n")
            else:
                unread.append(f"{piece.name}: {outcome.reason}")
    if unread:
        raise Stop(unread[0] + (f", and {len(unread) - 1} more could not be read" if unread[1:] else ""))


def _messages(found: "Named") -> tuple[list["Piece"], list[str]]:
    """The messages in the files that are there, and a line for each file that cannot be read."""
    from sluis.mailbox import pieces

    messages: list[Piece] = []
    unread = []
    for path, name in found.files:
        try:
            messages += pieces(path, name)
        except OSError as error:
            unread.append(f"{name}: {error.strerror}")
    return messages, unread


def _watched(outcomes: Iterator[tuple["Piece", "Outcome"]], octets: int) -> Iterator[tuple["Piece", "Outcome"]]:
    """The same outcomes, with a progress bar on standard error where that is a terminal."""
    if not sys.stderr.isatty():
        yield from outcomes
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.fields[messages]} messages"), BarColumn(), DownloadColumn(), TransferSpeedColumn())
    # No refresh thread: the workers are forked while this runs.
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), auto_refresh=False) as progress:
        task = progress.add_task("", total=octets, messages=0)
        shown = 0.0
        for number, (piece, outcome) in enumerate(outcomes, 1):
            yield piece, outcome
            now = time.monotonic()
            progress.update(task, advance=piece.octets, messages=number, refresh=now > shown + REFRESH)
            shown = now if now > shown + REFRESH else shown
        progress.refresh()
