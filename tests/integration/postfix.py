"""A real Postfix: it takes mail for `lezer.example` over SMTP and hands it to an LMTP server.

It has queue, data and configuration of its own and runs beside any other. Mail for `brievenbus.example` it writes into
Maildirs itself, for what Dovecot's LMTP cannot take (SMTPUTF8). Needs root, as Postfix does.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.process import Server, folder, free_port, program

DOMAIN = "lezer.example"
UTF8_DOMAIN = "brievenbus.example"

_DAEMONS = "/usr/lib/postfix/sbin"  # Debian's place
_MAIL = "8"  # the user and group `mail` on Debian

_SERVICES = """\
{listen}  inet  n - n - - smtpd
{again}   inet  n - n - - smtpd
    -o content_filter=
    -o receive_override_options=no_header_body_checks,no_unknown_recipient_checks,no_milters
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
    """`port` takes mail; `again` too, past the content filter. `home` holds it all."""

    home: Path
    port: int
    again: int
    server: Server

    def start(self) -> None:
        """Start it and wait until both ports answer."""
        self.server.start(self.port, self.again)

    def stop(self) -> None:
        """Stop it; its ports refuse connections then."""
        self.server.stop()

    def maildir(self, user: str) -> list[bytes]:
        """The messages that came for `user` of `UTF8_DOMAIN`, as the files hold them."""
        return [path.read_bytes() for path in sorted((self.home / "mail" / user / "new").glob("*"))]


@contextmanager
def postfix(lmtp: Path, settings: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """A running Postfix that delivers to the LMTP server at the Unix socket `lmtp`; `settings` go into main.cf."""
    command = program("postfix")
    if os.geteuid() != 0:
        pytest.skip("Postfix starts as root only")
    with folder("postfix") as home:
        port, again = free_port(), free_port()
        _configure(home, port, again, _settings(home, lmtp) | dict(settings or {}))
        # `postfix start-fg` would be a shell that outlives its signals; this is what it runs.
        subprocess.run([command, "-c", f"{home}/etc", "check"], check=True, capture_output=True, timeout=60)
        master = [f"{_DAEMONS}/master", "-c", f"{home}/etc", "-s"]
        made = Postfix(home, port, again, Server(master, home / "log"))
        made.start()
        try:
            yield made
        finally:
            made.stop()


def _configure(home: Path, port: int, again: int, settings: Mapping[str, str]) -> None:
    for name in ("etc", "queue", "data", "mail"):
        (home / name).mkdir()
    shutil.chown(home / "data", "postfix")
    shutil.chown(home / "mail", "mail")
    (home / "etc" / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
    services = _SERVICES.format(listen=f"127.0.0.1:{port}", again=f"127.0.0.1:{again}")
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
        "virtual_mailbox_maps": f"inline:{{ sanne@{DOMAIN}=-, teun@{DOMAIN}=-, søren@{UTF8_DOMAIN}=søren/ }}",
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
