"""What reading through the gate costs: a mailbox fetched from Dovecot itself and through Sluis, in turns, in one run.

    python -m benchmarks.imap [MESSAGES]

As root, since Dovecot starts as root only. Messages are newsletters of 60 kB of which no two are alike, 1,000 unless
told; then as many letters in plain text. Figures are wall seconds of the best of three rounds, what they are to those
without Sluis, and milliseconds of CPU time that Sluis took for one message. "Cleaned" is by a gate that remembers
nothing, "remembered" by one as it is by default that was asked before. The pipe is a process that passes octets on and
does nothing else: what is lost to a second connection alone.

Client and servers share one machine, where Dovecot gives mail out of memory as fast as it can be copied: nowhere else
is the ratio so bad. Over a line, here of 100 Mbit/s between Dovecot and whoever fetches, is where people are.

Then one message with an attachment of 30 MB is fetched through a fresh gate, and what that gate held at most meanwhile
is told, in MB more than before.
"""

import imaplib
import random
import re
import ssl
import sys
import time
import zlib
from base64 import encodebytes, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.passing import passing
from benchmarks.relay import mail
from benchmarks.relay.process import cpu
from tests.integration.certificate import Certificate, certificate
from tests.integration.dovecot import PASSWORD, Dovecot, address, dovecot
from tests.integration.gate import Gate, reading_gate
from tests.integration.process import folder

SIZE = 60_000  # octets of a message
ATTACHMENT = 30_000_000  # octets
LINE = 12_500_000  # octets a second
ROUNDS = 3
AIM = 1.5  # times as long as without Sluis
HELD = 2.0  # MB more for the attachment
READER = "teun"
_LINK = re.compile(rb"(?<=/)eJ[\w-]{40,}")
_LONG = re.compile(rb"(?:=[0-9A-F]{2}|[^=\n]){60,73}(?=[^\n])")  # what a line of quoted-printable holds
_WORDS = b"the house on quay has stood there since and no two of its windows are one size you said so before".split()

Fetch = Callable[[imaplib.IMAP4], object]


def newsletter(number: int) -> bytes:
    """A tracked one; no two have the same links, nor the same text."""
    chance = random.Random(number)
    header, _, body = mail.newsletter(SIZE).replace(b"3c1f72", b"%06x" % number).partition(b"\n\n")
    body = _LINK.sub(lambda link: _for_another(link[0], chance), body.replace(b"=\n", b""))
    body = body.replace(b"since 1781", b"since %d" % chance.randrange(1000, 2000))
    return (header + b"\n\n" + _LONG.sub(rb"\g<0>=\n", body)).replace(b"\n", b"\r\n")


def _for_another(link: bytes, chance: random.Random) -> bytes:
    """What a link says, zipped, with another token in it."""
    says = zlib.decompress(urlsafe_b64decode(link + b"=="[: -len(link) % 4]))
    says = re.sub(rb"h=\w+", b"h=%016x" % chance.getrandbits(64), says)
    return urlsafe_b64encode(zlib.compress(says)).rstrip(b"=")


def letter(number: int) -> bytes:
    """A long one in plain text, with a link."""
    chance = random.Random(number)
    lines = [b" ".join(chance.choices(_WORDS, k=14)) for _ in range(SIZE // 70)]
    lines[9] = b"https://kadebooks.example/houses/%d?utm_source=letter" % number
    head = b"From: a@kadebooks.example\r\nSubject: number %d\r\nMIME-Version: 1.0\r\n" % number
    return head + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + b"\r\n".join(lines) + b"\r\n"


def with_attachment() -> bytes:
    """A newsletter with a picture of a house beside it."""
    header, _, body = newsletter(1).partition(b"\r\n\r\n")
    top, _, begin = header.rpartition(b"Content-Type:")
    picture = encodebytes(random.Random(1).randbytes(ATTACHMENT * 57 // 78)).replace(b"\n", b"\r\n")
    first = b"--parts\r\nContent-Type:" + begin + b"\r\n\r\n" + body
    second = b"--parts\r\nContent-Type: image/tiff\r\nContent-Transfer-Encoding: base64\r\n\r\n" + picture
    return top + b'Content-Type: multipart/mixed; boundary="parts"\r\n\r\n' + first + second + b"--parts--\r\n"


def fill(server: Dovecot, many: int) -> None:
    """Put the messages there."""
    boxes = {"News": [newsletter(n) for n in range(many)], "Letters": [letter(n) for n in range(many)]}
    with server.login(READER) as client:
        for name, raws in {**boxes, "Big": [with_attachment()]}.items():
            client.create(name)
            for raw in raws:
                client.append(name, "", None, raw)
            print(f"{name:<8} {len(raws)} messages, {sum(map(len, raws)) / 1e6:.1f} MB")


@dataclass(frozen=True, slots=True)
class Way:
    """A way to the mail: a port, TLS if there is a certificate, and the gate if there is one."""

    port: int
    certificate: Certificate | None = None
    gate: Gate | None = None

    @contextmanager
    def mailbox(self, name: str) -> Iterator[imaplib.IMAP4]:
        """A mailbox that has been selected."""
        if self.certificate:
            context = ssl.create_default_context(cafile=self.certificate.certificate)
            client: imaplib.IMAP4 = imaplib.IMAP4_SSL("localhost", self.port, ssl_context=context)
        else:
            client = imaplib.IMAP4("127.0.0.1", self.port)
        client.login(address(READER), PASSWORD)
        client.select(name, readonly=True)
        with client:
            yield client

    def worked(self) -> float:
        """CPU seconds of the gate so far."""
        return cpu(self.gate.server.pid) if self.gate and self.gate.server.pid else 0.0

    def fetch(self, name: str, what: Fetch) -> tuple[float, float]:
        """Wall seconds of a fetch, and CPU seconds that the gate took for it."""
        with self.mailbox(name) as client:
            before, start = self.worked(), time.perf_counter()
            what(client)
            return time.perf_counter() - start, self.worked() - before


def at_once(client: imaplib.IMAP4) -> object:
    return client.fetch("1:*", "(BODY.PEEK[])")


def one_by_one(client: imaplib.IMAP4) -> object:
    many = int(client.response("EXISTS")[1][0] or 0)
    return [client.fetch(str(number), "(BODY.PEEK[])") for number in range(1, many + 1)]


def headers(client: imaplib.IMAP4) -> object:
    return client.fetch("1:*", "(FLAGS RFC822.SIZE BODY.PEEK[HEADER])")


def texts(client: imaplib.IMAP4) -> object:
    return client.fetch("1:*", "(BODY.PEEK[1])")


RUNS: Mapping[str, tuple[str, Fetch]] = {
    "newsletters, all at once": ("News", at_once),
    "newsletters, one by one": ("News", one_by_one),
    "their headers": ("News", headers),
    "their first parts": ("News", texts),
    "letters, all at once": ("Letters", at_once),
}


def compare(link: str, ways: Mapping[str, Way], many: int, runs: Mapping[str, tuple[str, Fetch]]) -> None:
    """Tell how long each way takes for each of `runs`; the first is without Sluis."""
    print(f"\n{link:<26} {'':<11} {'s':>7} {'times':>6} {'CPU ms':>7}")
    for title, (box, what) in runs.items():
        best = {name: (float("inf"), float("inf")) for name in ways}
        for _ in range(ROUNDS):
            for name, way in ways.items():
                wall, work = way.fetch(box, what)
                best[name] = (min(wall, best[name][0]), min(work, best[name][1]))
        floor = best["direct"][0]
        for name, (wall, work) in best.items():
            told = f"{title if name == 'direct' else '':<26} {name:<11} {wall:7.2f} {wall / floor:6.2f}"
            verdict = ("met" if wall <= AIM * floor else "not met") if ways[name].gate else ""
            print(told + (f" {work * 1000 / many:7.2f}  at most {AIM}: {verdict}" if verdict else ""))


def weigh(server: Dovecot, what: str, items: str) -> None:
    """Tell what a fresh gate holds at most while it passes on something big."""
    with reading_gate(f"imap://127.0.0.1:{server.imap}", {"upstream_tls": {"mode": "off"}}) as gate:
        way = Way(gate.port, gate=gate)
        for box, asked in (("News", "(BODY.PEEK[])"), ("Big", items)):  # the first is for what any message takes
            with way.mailbox(box) as client:
                status = Path(f"/proc/{gate.server.pid}/status")
                Path(f"/proc/{gate.server.pid}/clear_refs").write_text("5")  # let the peak be what is held now
                before = _peak(status)
                client.fetch("1", asked)
                more = _peak(status) - before
    print(f"{what:<38} {more:6.2f} MB more  at most {HELD}: {'met' if more <= HELD else 'not met'}")


def _peak(status: Path) -> float:
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status.read_text())[0]) / 1000


@contextmanager
def links(server: Dovecot, tls: Certificate) -> Iterator[Mapping[str, Mapping[str, Way]]]:
    """The ways over each kind of link."""
    with ExitStack() as stack:
        slow = stack.enter_context(passing(server.imap, rate=LINE))
        clear = {"upstream_tls": {"mode": "off"}}
        secret = {
            "tls": {"certificate": str(tls.certificate), "key": str(tls.key), "mode": "implicit"},
            "upstream_tls": {"ca": str(tls.certificate)},
        }

        def ways(scheme: str, behind: int, settings: Mapping[str, object]) -> dict[str, Way]:
            shown = tls if scheme == "imaps" else None
            made = {"direct": Way(behind, shown), "pipe": Way(stack.enter_context(passing(behind, shown)), shown)}
            for name, more in (("cleaned", {"results_octets": 1, "cache_octets": 1}), ("remembered", {})):
                gate = stack.enter_context(reading_gate(f"{scheme}://localhost:{behind}", {**settings, **more}))
                made[name] = Way(gate.port, shown, gate)
            for box in ("News", "Letters"):
                made["remembered"].fetch(box, at_once)
            return made

        yield {
            "loopback, in the clear": ways("imap", server.imap, clear),
            "loopback, TLS": ways("imaps", server.imaps, secret),
            "100 Mbit/s": ways("imap", slow, clear),
        }


def main() -> None:
    many = int(sys.argv[1]) if sys.argv[1:] else 1000
    with folder("bench") as home:
        tls = certificate(home, "localhost")
        with dovecot(tls) as server:
            fill(server, many)
            with links(server, tls) as found:
                for link, ways in found.items():
                    compare(link, ways, many, RUNS)
            print()
            weigh(server, "the text of a mail of 30 MB", "(BODY.PEEK[1])")
            weigh(server, "all of it", "(BODY.PEEK[])")


if __name__ == "__main__":
    main()
