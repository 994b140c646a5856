"""A real Dovecot: it takes mail over LMTP, by TCP and by Unix socket, and gives it back over IMAP."""

import imaplib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.certificate import Certificate
from tests.integration.postfix import DOMAIN
from tests.integration.process import Server, eventually, folder, free_port, program

USERS = ("sanne", "teun", "vol")
FULL = "vol"  # whose mailbox has no room, which LMTP tells only after the message
PASSWORD = "lock-gate"

_CONFIGURATION = """\
base_dir = {home}/run
state_dir = {home}/state
log_path = /dev/stderr
protocols = imap lmtp
listen = 127.0.0.1
{tls}
disable_plaintext_auth = no
first_valid_uid = 8
last_valid_uid = 8
first_valid_gid = 8
mail_location = maildir:~/Maildir
mail_fsync = never
mail_plugins = quota
plugin {{
  quota = count:quota
  quota_vsizes = yes
}}
passdb {{
  driver = passwd-file
  args = {home}/users
}}
userdb {{
  driver = passwd-file
  args = {home}/users
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
  unix_listener lmtp {{
    mode = 0666
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class Dovecot:
    """`imap`, `imaps` and `lmtp` are ports, `socket` is LMTP's in the file system; `imaps` is 0 without TLS."""

    imap: int
    imaps: int
    lmtp: int
    socket: Path

    def login(self, user: str, port: int | None = None) -> imaplib.IMAP4:
        """A session of `user`, through another `port` if one is given."""
        client = imaplib.IMAP4("127.0.0.1", port or self.imap)
        client.login(address(user), PASSWORD)
        return client

    def messages(self, user: str, text: str, wanted: int = 1) -> list[bytes]:
        """All messages of `user` with `text` in Subject, once there are `wanted` of them, with CR LF line ends."""
        with imaplib.IMAP4("127.0.0.1", self.imap) as client:
            client.login(address(user), PASSWORD)

            def found() -> list[bytes] | None:
                client.select(readonly=True)
                _, (numbers,) = client.search(None, "SUBJECT", f'"{text}"')
                return numbers.split() if len(numbers.split()) >= wanted else None

            numbers = eventually(found, f"{wanted} messages for {user} about {text!r}")
            _, parts = client.fetch(b",".join(numbers).decode(), "(BODY.PEEK[])")
            return [part[1] for part in parts if isinstance(part, tuple)]

    def message(self, user: str, text: str) -> bytes:
        """The one message of `user` with `text` in Subject."""
        (message,) = self.messages(user, text)
        return message


def address(user: str) -> str:
    """The name by which `user` logs in."""
    return f"{user}@{DOMAIN}"


@contextmanager
def dovecot(tls: Certificate | None = None, extra: str = "") -> Iterator[Dovecot]:
    """A running Dovecot with mailboxes for `USERS`, with STARTTLS and IMAPS if it gets a certificate; `extra` is added
    to its configuration.
    """
    command = program("dovecot")
    if os.geteuid() != 0:
        pytest.skip("Dovecot starts as root only")
    with folder("dovecot") as home:
        made = Dovecot(free_port(), free_port() if tls else 0, free_port(), home / "run" / "lmtp")
        for name in ("run", "state", "mail"):
            (home / name).mkdir()
        shutil.chown(home / "mail", "mail", "mail")
        (home / "users").write_text("".join(_account(user, home) for user in USERS))
        secure = f"ssl = yes\nssl_cert = <{tls.certificate}\nssl_key = <{tls.key}" if tls else "ssl = no"
        ports = {"imap": made.imap, "imaps": made.imaps, "lmtp": made.lmtp}
        (home / "dovecot.conf").write_text(_CONFIGURATION.format(home=home, tls=secure, **ports) + extra)
        server = Server([command, "-F", "-c", f"{home}/dovecot.conf"], home / "log")
        server.start(made.imap, made.lmtp)
        try:
            yield made
        finally:
            server.stop()


def _account(user: str, home: Path) -> str:
    extra = "userdb_quota_rule=*:bytes=1" if user == FULL else ""
    return f"{address(user)}:{{PLAIN}}{PASSWORD}:8:8::{home}/mail/{user}::{extra}\n"
