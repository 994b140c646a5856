"""A real HAProxy that balances over gates, and says for whom it connects."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.integration.process import Server, folder, free_port, program

_CONFIGURATION = """\
defaults
    mode tcp
    timeout connect 5s
    timeout client 60s
    timeout server 60s
frontend smtp
    bind 127.0.0.1:{port}
    default_backend gates
backend gates
    option smtpchk EHLO haproxy.example
    default-server send-proxy-v2 check-send-proxy check inter 200 fall 1 rise 1 on-marked-down shutdown-sessions
{servers}
"""


@dataclass(frozen=True, slots=True)
class HAProxy:
    """`port` takes mail."""

    port: int
    server: Server


@contextmanager
def haproxy(*gates: int) -> Iterator[HAProxy]:
    """A running HAProxy in front of the gates at these ports."""
    port = free_port()
    servers = "".join(f"    server gate{number} 127.0.0.1:{gate}\n" for number, gate in enumerate(gates))
    with folder("haproxy") as home:
        file = home / "haproxy.cfg"
        file.write_text(_CONFIGURATION.format(port=port, servers=servers))
        made = HAProxy(port, Server([program("haproxy"), "-db", "-f", str(file)], home / "log"))
        made.server.start(port)
        try:
            yield made
        finally:
            made.server.stop()
