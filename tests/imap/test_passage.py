"""Octets on their way: a message as the cleaner makes it, piece by piece, or as it came where that fails."""

from dataclasses import replace

import pytest
from tests.imap.stage import RULES
from tests.imap.test_session import CLEAN_HTML, HTML

from sluis.clean import clean
from sluis.edge.pool import CleaningError
from sluis.imap.overlay import overlay
from sluis.imap.passage import Passage, PiecePassage, WholePassage
from sluis.imap.section import Section
from sluis.policy import POLICIES
from sluis.report import Cleaned

FIT = replace(POLICIES["balanced"], fit=True)
FILM = b"Content-Type: video/mp4\r\n\r\n" + b"AAAA\r\n" * 40_000
TEXT = b"Content-Type: text/html\r\n\r\n" + HTML
TOP = b"Return-Receipt-To: a@b.example\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
RAW = TOP + b"".join(b"--b\r\n%s\r\n" % part for part in (TEXT, FILM, TEXT, FILM, TEXT)) + b"--b--\r\n"
CLEANED = clean(RAW, FIT, RULES).raw


class Cleaner:
    """Cleans, until it is asked for the `last` time."""

    def __init__(self, last: int = 100) -> None:
        self.left = last

    async def __call__(self, raw: bytes) -> Cleaned:
        self.left -= 1
        if self.left < 0:
            raise CleaningError("pool", "timeout")
        return clean(raw, FIT, RULES)


async def through(passage: Passage, raw: bytes) -> bytes:
    pieces = [await passage.feed(raw[start : start + 10_000]) for start in range(0, len(raw), 10_000)]
    return b"".join(pieces) + await passage.end()


def test_there_is_something_to_clean() -> None:
    assert CLEANED.count(CLEAN_HTML) == 3


async def test_a_message_and_where_its_sections_are() -> None:
    passage = WholePassage(Cleaner(), 100_000)
    assert await through(passage, RAW) == CLEANED
    places, report = passage.places(), passage.account()
    assert places
    assert report
    assert (report.bytes_in, report.bytes_out) == (len(RAW), len(RAW))
    for name in (b"1", b"3", b"5"):
        assert places.clean(Section(name), HTML) == CLEAN_HTML
    assert places.clean(Section(b"", 70), RAW[70:]) == CLEANED[70:]
    assert places.clean(Section(b"TEXT"), RAW[len(TOP) :]) == CLEANED[len(TOP) :]


@pytest.mark.parametrize("many", [0, 1, 2])
async def test_where_the_cleaner_fails_the_rest_is_as_it_came(many: int) -> None:
    passage = WholePassage(Cleaner(many), 100_000)
    out = await through(passage, RAW)
    assert len(out) == len(RAW)
    assert out.count(CLEAN_HTML) == many
    assert out.replace(CLEAN_HTML, HTML).endswith(RAW[len(TOP) :])
    assert passage.failure
    assert passage.failure.stage == "pool"
    assert passage.places() is None


@pytest.mark.parametrize(("limit", "many"), [(100, 0), (100_000, 3)])
async def test_no_more_is_held_than_may_be(limit: int, many: int) -> None:
    passage = WholePassage(Cleaner(), limit)
    raw = RAW + b"epilogue\r\n" * 20_000
    out = await through(passage, raw)
    assert len(out) == len(raw)
    assert out.count(CLEAN_HTML) == min(many, 2)  # the last text was not told yet
    assert passage.failure
    assert passage.failure.stage == "size"


async def test_a_piece_of_a_message_that_is_known() -> None:
    passage = PiecePassage(overlay(RAW, CLEANED), 30)
    assert await through(passage, RAW[30:]) == CLEANED[30:]
    assert passage.failure is None


async def test_a_piece_of_another_message_is_as_it_came() -> None:
    passage = PiecePassage(overlay(RAW, CLEANED), 0)
    assert await through(passage, RAW[1:]) == RAW[1:]
    assert passage.failure
