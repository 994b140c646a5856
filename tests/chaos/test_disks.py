"""Disks without room: a log that cannot be written ends no session, and a Maildir that cannot be is 451, never a half.

Where the test may not mount a small disk, the limit on the length of files stands in for it: a write then fails in the
middle just the same.
"""

import io
import resource
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import structlog
from tests.chaos.crowd import BODY, judge, sent
from tests.chaos.sender import attempt
from tests.imap import stage as imap
from tests.integration.gate import Gate, gate
from tests.integration.process import Server
from tests.milter import stage as milter
from tests.smtp import stage as smtp

from sluis import log
from sluis.milter.packet import Field, Packet

FULL = Path("/dev/full")
LARGE = BODY * 20  # 173 kB
ROOM = 65_536  # octets: for the beginning of it


@pytest.mark.parametrize("workers", [1, 2])
def test_a_full_log_makes_no_doubles(keeper: tuple[Server, int, Path], workers: int) -> None:
    _, port, kept = keeper
    with gate(f"smtp://127.0.0.1:{port}", log=FULL, workers=workers) as front:
        judge([sent(front.port, number) for number in (1, 2)], kept, [])
        lost = next(line for line in front.metrics().splitlines() if line.startswith("sluis_log_lines_lost_total "))
    assert float(lost.split()[1]) >= 3  # one of the opening, and one for each message


@pytest.fixture
def no_room_to_log() -> Iterator[list[int]]:
    """The log of this process on a full disk, and what was lost of it."""
    lost: list[int] = []
    with io.TextIOWrapper(io.BufferedWriter(FULL.open("wb", buffering=0)), write_through=True) as stream:
        log.configure("debug", stream=stream).counted(lost.append)
        yield lost
        structlog.reset_defaults()
        with pytest.raises(OSError, match="No space left"):
            stream.close()


async def test_a_relay_that_cannot_log_tells_what_the_server_behind_said(no_room_to_log: list[int]) -> None:
    async with smtp.stage(clean=smtp.failing) as playing:
        client, server = await playing.open()
        assert (await client.asks("DATA"))[:3] == "354"
        await client.sends(b"Subject: x\r\n\r\nbody\r\n.\r\n")
        assert await server.hears() == "DATA"
        await server.says("354 Go")
        await server.message()
        await server.says("250 2.0.0 Taken")
        assert await client.reply() == "250 2.0.0 Taken"
        await client.says("MAIL FROM:<a@sender.example>")
        await server.hears()
        server.resets()
        assert (await client.reply())[:9] == "451 4.4.2"
    assert sum(no_room_to_log) >= 3  # opened, not cleaned, delivered, lost


async def test_a_reader_whose_gate_cannot_log_reads_on(no_room_to_log: list[int]) -> None:
    message = b"Subject: x\r\n\r\nbody\r\n"
    async with imap.stage(message_size_limit=len(message) - 1) as playing:
        client, server = await playing.pair()
        for tag in (b"a", b"b"):
            await client.says(tag + b" FETCH 1 (BODY[])\r\n")
            await server.hears(tag + b" FETCH 1 (BODY[])\r\n")
            told = b"* 1 FETCH (BODY[] {%d}\r\n%s UID 7)\r\n%s OK done\r\n" % (len(message), message, tag)
            await server.says(told)
            await client.hears(told)
        assert playing.count("sluis_originals_passed_total") == 2
    assert sum(no_room_to_log) >= 3  # opened, and each that passed as it came


async def test_a_mail_server_whose_milter_cannot_log_is_answered(no_room_to_log: list[int]) -> None:
    async with milter.stage() as playing:
        server = await playing.server()
        for _ in range(2):
            await server.says(*milter.told([Field(b"Subject", b" x")], b"Good morning.\r\n"))
            assert (await server.answer())[-1] == milter.GOES_ON
        await server.says(Packet(b"?"))  # no such command
        assert await server.hears() is None
        assert await playing.refused() == {"syntax": 1}
    assert sum(no_room_to_log) >= 4


@contextmanager
def small_disk(folder: Path) -> Iterator[bool]:
    """A disk of a few hundred kB at `folder`; False where none may be mounted."""
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=512k,mode=755", "sluis-test", str(folder)]
    mounted = subprocess.run(mounting, capture_output=True, check=False).returncode == 0
    try:
        yield mounted
    finally:
        if mounted:
            subprocess.run(["umount", str(folder)], check=True)


def filled(folder: Path) -> Callable[[], None]:
    """Fill the disk but for `ROOM`. What is returned empties it."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass
    with filler.open("ab") as file:
        file.truncate(file.tell() - ROOM)
    return filler.unlink


def limited(front: Gate) -> Callable[[], None]:
    """Have the gate write no file longer than `ROOM`. What is returned lets it again."""
    assert front.server.pid
    before = resource.prlimit(front.server.pid, resource.RLIMIT_FSIZE, (ROOM, resource.RLIM_INFINITY))
    pid = front.server.pid

    def lifted() -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)

    return lifted


@pytest.mark.parametrize("way", ["disk", "limit"])
def test_a_full_maildir_is_told_and_holds_no_half(tmp_path: Path, way: str) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk) as mounted, gate(f"maildir:{disk}/mail") as front:
        assert attempt(front.port, "before", LARGE).code == 250
        empty = filled(disk) if mounted and way == "disk" else limited(front)
        assert [attempt(front.port, "full", LARGE).code for _ in range(3)] == [451] * 3
        assert lying(disk) == ["before"]
        empty()
        assert attempt(front.port, "after", LARGE).code == 250
        assert sorted(lying(disk)) == ["after", "before"]
        assert 'sluis_failures_total{edge="smtp",stage="store"} 3.0' in front.metrics()


def lying(disk: Path) -> list[str]:
    """The marks of the messages in the Maildir, each of them whole, and nothing else anywhere."""
    messages = [path.read_bytes() for path in disk.glob("mail/*/*")]
    assert all(message.count(b"<p>An offer.</p>\r\n") == 500 * 20 for message in messages)
    return [message.partition(b"X-Mark: ")[2].partition(b"\r\n")[0].decode() for message in messages]
