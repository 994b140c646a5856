"""`sluis clean`: octets in, octets out, and an account of what was done beside them."""

import json
import sys
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sluis.cli.options import (
    STDIN,
    ConfigFile,
    DaskAddress,
    PolicyName,
    Recipients,
    Stop,
    holds_many,
    job,
    one_message,
    spread,
)

if TYPE_CHECKING:
    from sluis.job import Done, Job
    from sluis.mailbox import Piece


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
    dask: DaskAddress = None,
    config: ConfigFile = None,
) -> None:
    """Take the trackers out of messages.

    One message goes from FILE or standard input to OUT or standard output, octet for octet but for what was taken out.
    Several FILEs, a folder, a Maildir or an mbox go to the folder OUT under the same relative names, on all cores.

        sluis clean < message.eml > clean.eml
        sluis clean message.eml -o clean.eml --report report.json
        sluis clean ~/Maildir -o ~/Maildir.clean --fit --report report.jsonl
        sluis clean archive.mbox 2025/ -o cleaned/ --policy strict
        sluis clean archive/ -o cleaned/ --dask tcp://scheduler.lezer.example:8786

    The report of one message is a JSON object; those of many are a line each, with the name as "file". In an mbox the
    spans count from the beginning of the file, and From_ lines and >From quoting stay as they are. A Maildir whose
    names carry sizes (Dovecot's ,S=) wants --fit.

    With --dask, workers that have this version of Sluis (dask worker ADDRESS --nworkers auto --nthreads 1) are sent the
    messages themselves and see no file. What comes out is the same, in the same order; a worker may go under way, or
    join. Mail goes there in the clear, unless ADDRESS is tls://.

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
        _many(files, output, report, todo, dask)


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


def _many(files: list[Path], output: Path | None, report: Path | None, todo: "Job", dask: str | None) -> None:
    from sluis.bulk import Unread, each
    from sluis.cli.progress import watched
    from sluis.mailbox import Copies, messages, named

    if output is None:
        raise Stop("more than one message goes to a folder: give -o DIR")
    if STDIN in files:
        raise Stop("standard input goes alone")
    found = named(files, without=output)
    if output.exists() and output.samefile(found.root):
        raise Stop(f"{output}: would be written over what is read")
    pieces, unread = messages(found)

    with ExitStack() as stack:
        outcomes = (stack.enter_context(spread(dask)) or each)(pieces, partial(_cleaned, todo=todo))
        copies = stack.enter_context(Copies(output, found.folders))
        accounts = stack.enter_context(report.open("w", encoding="ascii")) if report else None
        for piece, outcome in watched(outcomes, sum(piece.octets for piece in pieces)):
            if isinstance(outcome, Unread):
                unread.append(f"{piece.name}: {outcome.reason}")
                continue
            copies.write(piece, outcome.octets)
            if accounts:
                accounts.write(json.dumps(outcome.account(piece.name)) + "\n")
    if unread:
        raise Stop(unread[0] + (f", and {len(unread) - 1} more could not be read" if unread[1:] else ""))


def _cleaned(piece: "Piece", raw: bytes, *, todo: "Job") -> "Done":
    from sluis.job import cleaned

    return cleaned(raw, piece.body - piece.begin, todo, piece.begin)
