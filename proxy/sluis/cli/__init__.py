"""The command line: words to calls, calls to exit codes. What is done stands elsewhere; this only knows how to ask.

Every command imports what it needs when it runs: `sluis clean` in a mail server's pipe starts once for each message.
Whatever goes wrong is one line on standard error, for others script against this.
"""

import sys
from typing import Annotated, NoReturn

import typer

from sluis.cli import audit, clean, demo, explain, rules, serve, sweep

app = typer.Typer(
    add_completion=False,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (clean.clean, explain.explain, audit.audit, sweep.sweep, sweep.restore, serve.serve, demo.demo):
    app.command()(command)
app.add_typer(rules.app, name="rules")


def _version(wanted: bool) -> None:
    if wanted:
        from sluis import __version__

        sys.stdout.write(f"sluis {__version__}\n")
        raise typer.Exit


@app.callback()
def sluis(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Take the trackers out of mail, and leave every other octet as it was sent.

    Sluis removes tracking pixels, unwraps redirect links and stops whatever else in a message calls home. It works on
    a message, on a mailbox, or as a gateway in front of a mail server. To begin with:

        sluis demo                             # watch a gateway at work
        sluis explain message.eml              # see what a message tells
        sluis clean message.eml -o clean.eml   # take that out of it
        sluis audit ~/Maildir                  # see who tracks you
        sluis sweep imaps://me@host/INBOX      # clean what lies on a server
        sluis serve                            # run the gateway itself
    """


def main() -> NoReturn:
    """Run the command line and leave with its exit code: 0 done, 2 bad usage or unreadable input, 1 our own failure."""
    sys.exit(_run())


def _run() -> int:
    try:
        code = typer.main.get_command(app).main(prog_name="sluis", standalone_mode=False)
        sys.stdout.flush()
    except typer.TyperException as error:
        return _complain(error.format_message(), 2)
    except BrokenPipeError:
        return _silence()
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error), 2)
    except (KeyboardInterrupt, typer.Abort):
        return 130
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return _complain(f"internal error: {type(error).__name__}: {error} (python -X dev -m sluis … tells more)", 1)
    return code if isinstance(code, int) else 0


def _complain(message: str, code: int) -> int:
    from sluis.terminal import visible

    sys.stderr.write(f"sluis: {visible(' '.join(message.split()))}\n")
    return code


def _silence() -> int:
    """The reader has gone: say nothing, and keep the interpreter from flushing to it once more."""
    import os

    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 1
