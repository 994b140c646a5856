"""What several commands ask for, and what it comes to: a message, a policy with its rules, a configuration."""

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from sluis.bulk import Spread
    from sluis.config import Config
    from sluis.job import Job
    from sluis.rules.load import Kept
    from sluis.rules.table import Rules

PolicyName = Annotated[
    str | None,
    typer.Option("--policy", metavar="NAME", help="audit (change nothing), balanced (the default), strict or simple."),
]
Recipients = Annotated[
    list[str] | None,
    typer.Option(
        "--rcpt",
        metavar="ADDR",
        help="Whom the message is for: finds the address, or a hash of it, in its URLs, and may choose the policy.",
    ),
]
ConfigFile = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Take policies, switches, rules and lists from this sluis.yaml."),
]
DaskAddress = Annotated[
    str | None,
    typer.Option(
        "--dask",
        metavar="ADDRESS",
        help="Have it done by the workers of this Dask scheduler (tcp://HOST:8786), not by this machine's cores.",
    ),
]
STDIN = Path("-")


class Stop(typer.TyperException):
    """Bad usage or unreadable input: its message is the one line a person sees."""


def holds_many(path: Path) -> bool:
    """Whether FILE is a folder or an mbox. A message may open with one From_ line too. Raises `OSError`."""
    from sluis.mailbox import pieces

    return path.is_dir() or (path.is_file() and len(pieces(path, path.name)) > 1)


def one_message(file: Path | None) -> bytes:
    """The octets of FILE, or of standard input. Raises `Stop` or `OSError`."""
    if file is not None and file != STDIN:
        return file.read_bytes()
    if sys.stdin.isatty():
        raise Stop("name a FILE, or give a message on standard input (--help tells more)")
    return sys.stdin.buffer.read()


def job(policy: str | None, recipients: Sequence[str] | None, config: Path | None, *, fit: bool = False) -> "Job":
    """What the options ask to be done to a message. Raises `Stop`."""
    from sluis.choice import Choice
    from sluis.envelope import Envelope
    from sluis.job import Job
    from sluis.policy import POLICIES

    if policy is not None and policy not in POLICIES:
        raise Stop(f"there is no policy {policy!r}, only {', '.join(POLICIES)}")
    choice = Choice(POLICIES[policy or "balanced"])
    extra: Sequence[Path] = ()
    lists: Sequence[Kept] = ()
    if config is not None:
        settings = load_config(config)
        # A policy that is asked for by name holds for every message.
        settings = settings.model_copy(update={"policy": policy, "policies": ()}) if policy else settings
        choice, extra, lists = settings.choice, settings.rules, settings.kept
    envelope = Envelope(recipients=tuple(recipients)) if recipients else None
    return Job(choice.fitted() if fit else choice, load_rules(extra, lists), envelope)


@contextmanager
def spread(address: str | None) -> Iterator["Spread | None"]:
    """The workers of the Dask scheduler at `address`; None where there is none, for the cores here. Raises `Stop`."""
    if address is None:
        yield None
        return
    try:
        from sluis.cluster import ClusterError, joined
    except ImportError as error:
        raise Stop("--dask needs Dask: pip install 'sluis[dask]'") from error
    try:
        with joined(address) as cluster:
            yield cluster.each
    except ClusterError as error:
        raise Stop(str(error)) from error


def load_config(path: Path | None) -> "Config":
    """The configuration of `path`, or every default, and the environment. Raises `Stop`."""
    from sluis.config import Config, ConfigError

    try:
        return Config.load(path, os.environ)
    except ConfigError as error:
        raise Stop(str(error)) from error


def load_rules(extra: Sequence[Path] = (), lists: Sequence["Kept"] = ()) -> "Rules":
    """The bundled rules, those of `extra` files, and the `lists` that are kept. Raises `Stop`."""
    from sluis.rules.load import RulesError, load

    try:
        return load(extra, lists)
    except (RulesError, UnicodeDecodeError) as error:
        raise Stop(str(error)) from error
