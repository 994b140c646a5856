"""A real Postfix: it takes mail for `lezer.example` over SMTP and hands it to an LMTP server.

It has queue, data and configuration of its own and runs beside any other. Mail for `brievenbus.example` it writes into
Maildirs itself, for what Dovecot's LMTP cannot take (SMTPUTF8). Needs root, as Postfix does.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.process import Server, folder, free_port, program

DOMAIN = "lezer.example"
UTF8_DOMAIN = "brievenbus.example"

_MAILBOXES = (f"sanne@{DOMAIN}=-", f"teun@{DOMAIN}=-", f"vol@{DOMAIN}=-", f"søren@{UTF8_DOMAIN}=søren/")
_DAEMONS = "/usr/lib/postfix/sbin"  # Debian's place
_MAIL = "8"  # the user and group `mail` on Debian

_SERVICES = """\
{listen}  inet  n - n - - smtpd
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
tlsmgr     unix  - - n 1000? 1 tlsmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
proxymap   unix  - - n - - proxymap
smtp       unix  - - n - - smtp
error      unix  - - n - - error
retry      unix  - - n - - error
virtual    unix  - n n - - virtual
lmtp       unix  - - n - - lmtp
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
postlog    unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Postfix:
    """`port` takes mail, as do `others`. `home` holds it all."""

    home: Path
    port: int
    others: tuple[int, ...]
    server: Server

    def start(self) -> None:
        """Start it and wait until all its ports answer."""
        self.server.start(self.port, *self.others)

    def stop(self) -> None:
        """Stop it; its ports refuse connections then."""
        self.server.stop()

    def maildir(self, user: str) -> list[bytes]:
        """The messages that came for `user` of `UTF8_DOMAIN`, as the files hold them."""
        return [path.read_bytes() for path in sorted((self.home / "mail" / user / "new").glob("*"))]

    def complaints(self) -> str:
        """What postconf has to say against the configuration: parameters that nobody reads, above all."""
        command = [program("postconf"), "-c", f"{self.home}/etc", "-n"]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stderr


@contextmanager
def postfix(
    lmtp: Path,
    settings: Mapping[str, str] | None = None,
    services: str = "",
    others: tuple[int, ...] = (),
    within: Sequence[str] = (),
) -> Iterator[Postfix]:
    """A running Postfix that delivers to the LMTP server at the Unix socket `lmtp`.

    `settings` go into main.cf and `services` into master.cf; those of them that listen do so at the ports `others`.
    `within` is a command that runs it in surroundings of its own.
    """
    command = program("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    with folder("postfix") as home:
        port = free_port()
        _configure(
            home, _SERVICES.format(listen=f"127.0.0.1:{port}") + services, _settings(home, lmtp) | dict(settings or {})
        )
        # `postfix start-fg` would be a shell that outlives its signals; this is what it runs.
        subprocess.run([command, "-c", f"{home}/etc", "check"], check=True, capture_output=True, timeout=60)
        master = [*within, f"{_DAEMONS}/master", "-c", f"{home}/etc", "-s"]
        made = Postfix(home, port, others, Server(master, home / "log"))
        made.start()
        try:
            yield made
        finally:
            made.stop()


def _configure(home: Path, services: str, settings: Mapping[str, str]) -> None:
    for name in ("etc", "queue", "data", "mail"):
        (home / name).mkdir()
    shutil.chown(home / "data", "postfix")
    shutil.chown(home / "mail", "mail")
    (home / "etc" / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
    (home / "etc" / "master.cf").write_text(services)


def _settings(home: Path, lmtp: Path) -> dict[str, str]:
    return {
        "compatibility_level": "3.6",
        "queue_directory": f"{home}/queue",
        "data_directory": f"{home}/data",
        "maillog_file": "/dev/stdout",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "mynetworks": "127.0.0.0/8",
        "myhostname": f"mx.{DOMAIN}",
        "mydestination": "",
        "alias_maps": "",
        "virtual_mailbox_domains": f"{DOMAIN}, {UTF8_DOMAIN}",
        "virtual_mailbox_maps": f"inline:{{ {', '.join(_MAILBOXES)} }}",
        "virtual_mailbox_base": f"{home}/mail",
        "virtual_uid_maps": f"static:{_MAIL}",
        "virtual_gid_maps": f"static:{_MAIL}",
        "virtual_minimum_uid": _MAIL,
        "virtual_transport": f"lmtp:unix:{lmtp}",
        "transport_maps": f"inline:{{ {UTF8_DOMAIN}=virtual: }}",
        "smtpd_peername_lookup": "no",
        "smtpd_client_connection_count_limit": "0",
        "smtp_dns_support_level": "disabled",
        "minimal_backoff_time": "1s",
        "queue_run_delay": "1s",
    }
