"""Cleaning in other processes: each may hang or die, and takes one message with it at the most."""

import asyncio
import os
import time

import pytest

from sluis.edge.cleaning import Cleaner
from sluis.edge.pool import CleaningError, Pool, Work
from sluis.envelope import Envelope
from sluis.report import Cleaned, Report, Verdict
from sluis.smtp.framing import flaw

ENVELOPE = Envelope("a@b.example", ("c@d.example",))


def report(raw: bytes, verdict: Verdict = Verdict.CLEANED) -> Report:
    return Report(verdict, None, len(raw), len(raw))


def work(raw: bytes, envelope: Envelope) -> Cleaned:
    """Does what the message says."""
    match raw.split(b" ")[0]:
        case b"hang":
            time.sleep(600)
        case b"die":
            os._exit(1)
        case b"raise":
            raise RuntimeError
        case b"fail":
            return Cleaned(raw, report(raw, Verdict.FAILED))
        case b"open":
            return Cleaned(b"a\n.\r\n", report(raw))
    return Cleaned(b"%d" % os.getpid(), report(raw))


def prepare() -> Work:
    return work


async def cleaned(pool: Pool, raw: bytes) -> bytes:
    return (await pool(raw, ENVELOPE)).raw


async def ready(pool: Pool) -> None:
    """Return when the processes are there, however long that takes on a busy machine."""
    while not pool.warm():  # noqa: ASYNC110 (it is no event of ours)
        await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    ("raw", "stage", "reason"),
    [
        (b"hang", "pool", "timeout"),
        (b"die", "pool", "worker-died"),
        (b"raise", "clean", "internal-error"),
    ],
)
async def test_one_message_fails_and_the_next_is_cleaned(raw: bytes, stage: str, reason: str) -> None:
    pool = Pool(prepare, 1, 3.0)
    try:
        await ready(pool)
        with pytest.raises(CleaningError) as caught:
            await pool(raw, ENVELOPE)
        assert (caught.value.stage, caught.value.reason) == (stage, reason)
        await ready(pool)
        assert await cleaned(pool, b"x") != b"%d" % os.getpid()
    finally:
        pool.close()


async def test_one_that_hangs_holds_up_no_other() -> None:
    pool = Pool(prepare, 2, 60.0)
    try:
        hanging = asyncio.create_task(cleaned(pool, b"hang"))
        assert await cleaned(pool, b"x")
        assert not hanging.done()
    finally:
        pool.close()
    with pytest.raises(CleaningError):
        await hanging


async def test_processes_are_there_before_they_are_waited_for() -> None:
    pool = Pool(prepare, 2, 60.0)
    try:
        await ready(pool)
        assert len({*await asyncio.gather(cleaned(pool, b"x"), cleaned(pool, b"x"))}) == 2
        pool.renew()
        assert not pool.warm()
        await ready(pool)
    finally:
        pool.close()


@pytest.mark.parametrize(("octets", "here"), [(9, True), (10, False), (11, False)])
async def test_size_decides_where(octets: int, here: bool) -> None:
    cleaner = Cleaner(work, Pool(prepare, 1, 30.0), 10, flaw)
    try:
        process = (await cleaner(b"x" * octets, ENVELOPE)).raw
        assert (process == b"%d" % os.getpid()) is here
    finally:
        cleaner.close()


@pytest.mark.parametrize(
    ("raw", "reason"), [(b"raise", "internal-error"), (b"fail", "internal-error"), (b"open", "bare-newline")]
)
async def test_what_may_not_go_on_is_not_cleaned(raw: bytes, reason: str) -> None:
    """Neither a failure, nor an edit that would let in what the framing shut out."""
    cleaner = Cleaner(work, Pool(prepare, 1, 30.0), 1000, flaw)
    try:
        with pytest.raises(CleaningError) as caught:
            await cleaner(raw, ENVELOPE)
        assert caught.value.reason == reason
    finally:
        cleaner.close()
