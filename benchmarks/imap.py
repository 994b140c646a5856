"""What reading through the gate costs: a mailbox fetched from Dovecot itself and through Sluis, in one run.

    python -m benchmarks.imap [MESSAGES]

As root, since Dovecot starts as root only. Messages are newsletters of 60 kB, 1,000 unless told. Figures are wall
seconds of the best of three rounds, and milliseconds of Sluis' CPU time for one message: once where every message is
cleaned each time, once where Sluis remembers all of them. Client and servers share one machine, where Dovecot gives
mail out of memory as fast as it can be copied: nowhere else is the ratio so bad. What is lost to a second connection
alone says the pipe, a process that passes octets on and does nothing else. Then one message with an attachment of 30 MB
is fetched, and the most memory that Sluis ever held is told, in MB.
"""

import asyncio
import imaplib
import multiprocessing
import os
import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.integration.dovecot import Dovecot, dovecot
from tests.integration.gate import Gate, reading_gate
from tests.integration.process import answers, eventually, free_port

SIZE = 60_000  # octets of a message
ATTACHMENT = 30_000_000  # octets
ROUNDS = 3
READER = "teun"
FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"


def newsletter(number: int) -> bytes:
    """A tracked message of about the size asked for."""
    files = sorted(FIXTURES.glob("*.eml"))
    raw = files[number % len(files)].read_bytes()
    html = re.search(rb"<html.*</html>|<p>.*</p>|<table.*</table>", raw, re.DOTALL | re.IGNORECASE)
    body = html[0] if html else raw.partition(b"\r\n\r\n")[2]
    head = b"Subject: number %d\r\nMIME-Version: 1.0\r\nContent-Type: text/html\r\n\r\n" % number
    return head + (body + b"\r\n") * (SIZE // len(body) + 1)


def with_attachment() -> bytes:
    """A newsletter with a picture of a house beside it."""
    top = b"Subject: house\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=q\r\n\r\n--q\r\n"
    line = b"AAAA" * 19 + b"\r\n"
    attached = b"--q\r\nContent-Type: image/tiff\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    return top + newsletter(1) + attached + line * (ATTACHMENT // len(line)) + b"--q--\r\n"


@contextmanager
def mailbox(server: Dovecot, port: int, name: str) -> Iterator[imaplib.IMAP4]:
    with server.login(READER, port) as client:
        client.select(name, readonly=True)
        yield client


def seconds(server: Dovecot, port: int, fetch: Callable[[imaplib.IMAP4], None]) -> float:
    """The best of several rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        with mailbox(server, port, "Many") as client:
            start = time.perf_counter()
            fetch(client)
            best = min(best, time.perf_counter() - start)
    return best


def at_once(client: imaplib.IMAP4) -> None:
    client.fetch("1:*", "(BODY.PEEK[])")


def one_by_one(client: imaplib.IMAP4) -> None:
    for number in range(1, int(client.response("EXISTS")[1][0] or 0) + 1):
        client.fetch(str(number), "(BODY.PEEK[])")


def headers(client: imaplib.IMAP4) -> None:
    client.fetch("1:*", "(FLAGS RFC822.SIZE BODY.PEEK[HEADER])")


def texts(client: imaplib.IMAP4) -> None:
    client.fetch("1:*", "(BODY.PEEK[1])")


def held(gate: Gate) -> float:
    """The most memory that the gate's process ever held, in MB."""
    status = Path(f"/proc/{gate.server.pid}/status").read_text()
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) / 1000


def worked(gate: Gate) -> float:
    """CPU seconds of the gate's process so far."""
    fields = Path(f"/proc/{gate.server.pid}/stat").read_text().rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def gate(server: Dovecot, remembered: int) -> AbstractContextManager[Gate]:
    """A gate that remembers so many octets of results."""
    settings = {"upstream_tls": {"mode": "off"}, "results_octets": remembered}
    return reading_gate(f"imap://127.0.0.1:{server.imap}", settings)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while octets := await reader.read(131_072):
        writer.write(octets)
        await writer.drain()
    writer.close()


async def _pipe(port: int, behind: int) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(_pass_on(reader, far_writer), _pass_on(far_reader, writer))

    await (await asyncio.start_server(serve, "127.0.0.1", port)).serve_forever()


def _run_pipe(port: int, behind: int) -> None:
    asyncio.run(_pipe(port, behind))


@contextmanager
def pipe(server: Dovecot) -> Iterator[int]:
    """The port of a process that passes on octets to and from `server`, and does nothing else."""
    port = free_port()
    process = multiprocessing.get_context("spawn").Process(target=_run_pipe, args=(port, server.imap), daemon=True)
    process.start()
    eventually(lambda: answers(port), "the pipe")
    try:
        yield port
    finally:
        process.kill()
        process.join()


def fill(server: Dovecot, many: int) -> int:
    """Put the messages there; the octets of all of them."""
    octets = 0
    with server.login(READER) as client:
        for name in ("Many", "Big"):
            client.create(name)
        for number in range(many):
            raw = newsletter(number)
            client.append("Many", "", None, raw)
            octets += len(raw)
        client.append("Big", "", None, with_attachment())
    return octets


def compare(server: Dovecot, pipe: int, gates: dict[str, Gate], many: int) -> None:
    for what, fetch in (("all at once", at_once), ("one by one", one_by_one), ("headers", headers), ("part 1", texts)):
        direct = seconds(server, server.imap, fetch)
        print(f"{what:<12} {'direct':<12} {direct:8.2f} s")
        piped = seconds(server, pipe, fetch)
        print(f"{'':<12} {'pipe':<12} {piped:8.2f} s {piped / direct:8.1f} x")
        for name, gate in gates.items():
            before = worked(gate)
            through = seconds(server, gate.port, fetch)
            each = (worked(gate) - before) / ROUNDS / many * 1000
            print(f"{'':<12} {name:<12} {through:8.2f} s {through / direct:8.1f} x {each:8.2f} ms CPU a message")


def main() -> None:
    many = int(sys.argv[1]) if sys.argv[1:] else 1000
    with dovecot() as server, pipe(server) as port, gate(server, 1) as anew, gate(server, 10**9) as again:
        octets = fill(server, many)
        print(f"{many} messages, {octets / 1e6:.1f} MB")
        with mailbox(server, again.port, "Many") as client:
            at_once(client)
        compare(server, port, {"cleaned": anew, "remembered": again}, many)
        print(f"most memory so far                    {held(anew):6.0f} MB")
        for what, items in (("the text of a mail of 30 MB", "(BODY.PEEK[1])"), ("all of it", "(BODY.PEEK[])")):
            with mailbox(server, anew.port, "Big") as client:
                client.fetch("1", items)
            print(f"after {what:<31} {held(anew):6.0f} MB")


if __name__ == "__main__":
    main()
