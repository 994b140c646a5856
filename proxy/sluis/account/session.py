"""One session with the server: IMAPClient's answers as values, its many errors as one.

It is asked by UID only, and reads a message without setting `\\Seen`. Nothing is removed but by UID (RFC 4315 §2.1):
what another client has marked for deletion is that client's.
"""

import logging
import re
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from types import TracebackType
from typing import Any, Self

from imapclient import IMAPClient, SocketTimeout
from imapclient.exceptions import IMAPClientError, LoginError

from sluis.account.folder import DELETED, Brought, Folder, Held, Marks
from sluis.account.place import Place

PATIENCE = 120.0
"""Seconds for an answer; a server may look through a large folder before it says anything."""
_CONNECT = 20.0  # seconds
_BATCH = 1 << 20  # octets of messages that one command asks for
_MOST = 200  # messages likewise
_NAMED = 500  # UIDs in a command, which some servers read 8,192 octets of
_FOUND = 50_000  # UIDs in an answer, which imaplib reads a million octets of
_VIRTUAL = frozenset({b"\\all", b"\\flagged", b"\\important"})  # show what lies elsewhere (RFC 6154 §2, 8457 §4)
_CLOSED = frozenset({b"\\noselect", b"\\nonexistent"})
_APPENDED = re.compile(rb"\[APPENDUID ([0-9]+) ([0-9]+)\]", re.IGNORECASE)


for _name in ("imapclient", "imapclient.imaplib"):  # they tell all that is sent, a password of SASL's included
    logging.getLogger(_name).disabled = True


class AccountError(Exception):
    """What the server, or the way to it, would not do, in one line for a person."""


class Session:
    """A connection that has logged in. Every method raises `AccountError`."""

    def __init__(self, place: Place, password: str, *, oauth: bool = False) -> None:
        """Connect, encrypt and log in, as `place` has it. `oauth`: the password is an access token (RFC 6750)."""
        self._where = place.endpoint.host
        self._folder: Folder | None = None
        with self._told():
            context = ssl.create_default_context()
            patience = SocketTimeout(_CONNECT, PATIENCE)
            host, port = place.endpoint.host, place.endpoint.port
            self._client: Any = IMAPClient(
                host, port, ssl=place.implicit, ssl_context=context if place.implicit else None, timeout=patience
            )
            self._client.normalise_times = False
        try:
            with self._told():
                if not place.implicit and not place.plaintext:
                    self._client.starttls(context)
                self._log_in(place.user, password, oauth=oauth)
        except AccountError:
            self._close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, failed: type[BaseException] | None, _: BaseException | None, __: TracebackType | None) -> None:
        """Log out; after a failure only close, since an answer may be half read."""
        if not failed:
            with suppress(IMAPClientError, OSError):
                self._client.logout()
                return
        self._close()

    @property
    def able(self) -> frozenset[str]:
        """What the server says it can do, in upper case (its capabilities)."""
        with self._told():
            return frozenset(_text(name).upper() for name in self._client.capabilities())

    def folders(self) -> list[str]:
        """Every folder that holds messages of its own."""
        with self._told():
            listed = self._client.list_folders()
        return sorted(_text(name) for flags, _, name in listed if not {f.lower() for f in flags} & (_VIRTUAL | _CLOSED))

    def examine(self, name: str) -> Folder:
        """Open a folder so that nothing in it can be changed."""
        return self._open(name, readonly=True)

    def select(self, name: str) -> Folder:
        """Open a folder for changes."""
        return self._open(name, readonly=False)

    def make(self, name: str) -> None:
        """Make a folder, unless it is there."""
        with self._told():
            if not self._client.folder_exists(name):
                self._client.create_folder(name)

    def listed(self, start: int = 1) -> list[Held]:
        """The messages that the folder had when it was opened, in the order of UIDs; those with UID `start` or more."""
        with self._told():
            wanted = [f"UID {start}:*"] if start > 1 else _ranges(self._open_now.messages)
            uids = sorted({uid for each in wanted for uid in self._client.search(each) if uid >= start})
            found: dict[int, Any] = {}
            for at in range(0, len(uids), _NAMED):
                found |= self._client.fetch(uids[at : at + _NAMED], ["RFC822.SIZE", "FLAGS"])
            return [_held(uid, found[uid]) for uid in uids if uid in found]

    def bodies(self, held: Sequence[Held]) -> Iterator[Brought]:
        """The messages themselves, asked for as they are wanted; `\\Seen` stays as it is."""
        for batch in _batches(held):
            with self._told():
                found = self._client.fetch([each.uid for each in batch], ["BODY.PEEK[]"])
                brought = [Brought(each, _octets(found.get(each.uid, {}).get(b"BODY[]"))) for each in batch]
            yield from brought

    def body(self, uid: int) -> bytes | None:
        """The octets of one message, or None."""
        return next(self.bodies([Held(uid, 0)])).raw

    def following(self) -> int:
        """The number from which on messages to come to the open folder are numbered, as it is now."""
        with self._told():
            name, before = self._open_now.name, self._open_now.following
            return max(before, int(self._client.folder_status(name, ["UIDNEXT"])[b"UIDNEXT"]))

    def marks(self, uid: int) -> Marks | None:
        """The flags and the date of one message, None where it has gone."""
        with self._told():
            found = self._client.fetch([uid], ["FLAGS", "INTERNALDATE"]).get(uid, {})
            if b"FLAGS" not in found or found.get(b"INTERNALDATE") is None:
                return None
            return Marks(_flags(found), found[b"INTERNALDATE"])

    def append(self, raw: bytes, marks: Marks) -> int | None:
        """Add a message to the open folder; its UID, or None where the server does not tell it."""
        with self._told():
            name, flags = self._open_now.name, sorted(marks.flags)
            if self._client.has_capability("MULTIAPPEND"):  # imaplib's own APPEND would mend lone CRs and LFs
                message = {"msg": raw, "flags": flags, "date": marks.arrived}
                status, (answer, *_) = self._client.multiappend(name, [message])
                if status != "OK":
                    raise IMAPClientError(f"APPEND failed: {_text(answer)}")
            else:
                answer = self._client.append(name, raw, flags, marks.arrived)
        told = _APPENDED.search(answer)
        return int(told[2]) if told and int(told[1]) == self._open_now.validity else None

    def flag(self, uid: int, flags: frozenset[str]) -> None:
        """Set exactly these flags."""
        with self._told():
            self._client.set_flags([uid], sorted(flags), silent=True)

    def mark_deleted(self, uid: int) -> None:
        """Set `\\Deleted`."""
        with self._told():
            self._client.add_flags([uid], [DELETED], silent=True)

    def expunge(self, uid: int) -> None:
        """Remove one message that is marked `\\Deleted`, and no other. Needs UIDPLUS."""
        with self._told():
            self._client.uid_expunge([uid])

    def move(self, uid: int, name: str) -> None:
        """Move one message to another folder at once. Needs MOVE."""
        with self._told():
            self._client.move([uid], name)

    @property
    def _open_now(self) -> Folder:
        if self._folder is None:
            raise AccountError("no folder is open")
        return self._folder

    def _open(self, name: str, *, readonly: bool) -> Folder:
        with self._told():
            told = self._client.select_folder(name, readonly=readonly)
        validity, following = told.get(b"UIDVALIDITY"), told.get(b"UIDNEXT")
        if not isinstance(validity, int) or not isinstance(following, int):
            raise AccountError(f"{self._where}: {name} has no lasting numbers for its messages (UIDVALIDITY, UIDNEXT)")
        self._folder = Folder(name, validity, following, int(told.get(b"EXISTS", 0)))
        return self._folder

    def _close(self) -> None:
        with suppress(OSError):
            self._client.shutdown()

    def _log_in(self, user: str, password: str, *, oauth: bool) -> None:
        """By SASL PLAIN, which knows every character, or else by LOGIN; with a token by the standard's mechanism (RFC
        7628), or else by the older one of Google's that Microsoft has too.
        """
        if oauth and self._client.has_capability("AUTH=OAUTHBEARER"):
            self._client.oauthbearer_login(user, password)
        elif oauth:
            self._client.oauth2_login(user, password)
        elif self._client.has_capability("AUTH=PLAIN"):
            self._client.plain_login(user, password)
        else:
            self._client.login(user, password)

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except LoginError as error:
            raise AccountError(f"{self._where}: the login was refused: {_line(error)}") from None
        except ssl.SSLCertVerificationError as error:
            raise AccountError(f"{self._where}: the certificate does not hold: {error.verify_message}") from error
        except UnicodeError:  # of a name or a password; its text would repeat it
            raise AccountError(f"{self._where}: cannot be told what is not ASCII") from None
        except (IMAPClientError, OSError, ValueError, LookupError, TypeError) as error:
            raise AccountError(f"{self._where}: {_line(error)}") from error


def _ranges(messages: int) -> list[str]:
    """All messages of a folder by their sequence numbers, so many at once that an answer can be read."""
    starts = range(1, messages + 1, _FOUND)
    return [f"{start}:{min(start + _FOUND - 1, messages)}" for start in starts]


def _batches(held: Sequence[Held]) -> Iterator[list[Held]]:
    batch: list[Held] = []
    octets = 0
    for each in held:
        batch.append(each)
        octets += each.octets
        if octets >= _BATCH or len(batch) >= _MOST:
            yield batch
            batch, octets = [], 0
    if batch:
        yield batch


def _held(uid: int, found: Mapping[bytes, Any]) -> Held:
    return Held(uid, int(found.get(b"RFC822.SIZE", 0)), DELETED in _flags(found))


def _flags(found: Mapping[bytes, Any]) -> frozenset[str]:
    """The flags that last: `\\Recent` is of the session only."""
    return frozenset(_text(flag) for flag in found.get(b"FLAGS", ())) - {"\\Recent"}


def _text(value: bytes | str | int) -> str:
    """An atom of the server's; IMAPClient makes a number of one that looks like it."""
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else str(value)


def _octets(value: object) -> bytes | None:
    """The octets of a string, or None for NIL; IMAPClient makes a number of digits that stand without quotes."""
    if isinstance(value, int):
        return str(value).encode("ascii")
    if value is None or isinstance(value, bytes):
        return value
    raise ValueError("the server gives a message in no form of the protocol")


def _line(error: Exception) -> str:
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return " ".join(text.split()) or type(error).__name__
