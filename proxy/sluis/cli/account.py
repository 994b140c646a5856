"""What the commands for an IMAP account ask for: which one it is, and the password, which no command line may hold."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sluis.cli.options import Stop

if TYPE_CHECKING:
    from sluis.account.place import Place
    from sluis.account.session import Session

VARIABLE = "SLUIS_IMAP_PASSWORD"

PasswordFile = Annotated[
    Path | None,
    typer.Option("--password-file", metavar="FILE", help="Take the password of the account from FILE's first line."),
]
Plaintext = Annotated[
    bool, typer.Option("--plaintext", help="With imap://, log in to another machine without encryption.")
]
OAuth = Annotated[
    bool, typer.Option("--oauth", help="The password is an OAuth access token, such as Outlook wants for IMAP.")
]


@dataclass(frozen=True, slots=True)
class Login:
    """How to log in, as the options say."""

    password_file: Path | None
    oauth: bool
    plaintext: bool


def named(url: str, login: Login) -> "Place":
    """The place that `url` names. Raises `Stop`."""
    from sluis.account.place import PlaceError, place

    try:
        return place(url, plaintext=login.plaintext)
    except PlaceError as error:
        raise Stop(str(error)) from error


@contextmanager
def signed_in(where: "Place", login: Login) -> Iterator["Session"]:
    """A session with the account, as long as it is needed. Raises `Stop`, also for what goes wrong in its course."""
    from sluis.account.session import AccountError, Session

    try:
        with Session(where, _password(where, login.password_file), oauth=login.oauth) as session:
            yield session
    except AccountError as error:
        raise Stop(str(error)) from error


def _password(where: "Place", file: Path | None) -> str:
    if file:
        return _first_line(file)
    if password := os.environ.get(VARIABLE):
        return password
    if not sys.stdin.isatty():
        raise Stop(f"there is nobody to ask for the password: set {VARIABLE}, or give --password-file")
    from getpass import getpass

    return getpass(f"Password of {where.user} at {where.endpoint.host}: ")


def _first_line(file: Path) -> str:
    line = file.read_bytes().split(b"\n")[0].removesuffix(b"\r")
    with suppress(UnicodeDecodeError):  # which would repeat it
        if password := line.decode():
            return password
    raise Stop(f"{file}: its first line holds no password")
