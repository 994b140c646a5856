"""Cleaning once: the same message comes out the same, cleaned anew or remembered, and memory has its bound."""

import pytest

from sluis.edge.pool import CleaningError, Pool
from sluis.envelope import Envelope
from sluis.imap.cleaning import Cleaner
from sluis.report import Action, Cleaned, Finding, Kind, Report, Verdict

FOUND = (Finding(Kind.OPEN_PIXEL, Action.REMOVED, "x", None, None, None, None, "1", (7, 8), 1.0, ""),)


class Work:
    """Takes every `x` for a tracker, and counts how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, raw: bytes, envelope: Envelope) -> Cleaned:
        self.times += 1
        if raw == b"broken":
            raise ValueError
        verdict = Verdict.FAILED if raw in {b"failed", b"partly x"} else Verdict.CLEANED
        cleaned = raw.replace(b"longer", b"much longer").replace(b"x", b"-")
        found = FOUND if raw == b"partly x" else ()
        return Cleaned(cleaned, Report(verdict, None, len(raw), len(cleaned), found))


def cleaner(work: Work, limit: int = 100_000) -> Cleaner:
    return Cleaner(work, Pool(lambda: work, 1, 1.0), 10**9, limit)


async def test_the_same_message_is_cleaned_once() -> None:
    work = Work()
    clean = cleaner(work)
    for message in (b"a x b" * 999, b"nothing", b"a x b" * 999, b"nothing"):
        assert (await clean(message)).raw == message.replace(b"x", b"-")
    assert work.times == 2


async def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    work = Work()
    clean = cleaner(work, limit=1_500)
    for message in (b"x1", b"x2", b"x1", b"x3", b"x1", b"x2"):
        assert (await clean(message)).raw == message.replace(b"x", b"-")
    assert work.times == 4  # x2 gave way to x3


async def test_nothing_bigger_than_the_bound_is_kept() -> None:
    work = Work()
    clean = cleaner(work, limit=2_000)
    for _ in range(2):
        await clean(b"x" * 5_000)
    assert work.times == 2


@pytest.mark.parametrize("message", [b"broken", b"failed", b"longer"])
async def test_a_failure_is_not_remembered(message: bytes) -> None:
    work = Work()
    clean = cleaner(work)
    for _ in range(2):
        with pytest.raises(CleaningError):
            await clean(message)
    assert work.times == 2


async def test_what_was_cleaned_in_part_is_told_to_the_reader() -> None:
    cleaned = await cleaner(Work())(b"partly x")
    assert (cleaned.raw, cleaned.report.verdict) == (b"partly -", Verdict.FAILED)
