"""Many messages at once: the same octets as one by one, in order, whatever the number of workers."""

from pathlib import Path

import pytest
from tests.fixtures.catalogue import FIXTURES

from sluis.bulk import Unread, each
from sluis.choice import Choice
from sluis.job import Done, Job, cleaned
from sluis.mailbox import Piece, pieces
from sluis.policy import POLICIES
from sluis.rules.load import load

JOB = Job(Choice(POLICIES["balanced"]), load())


def make(piece: Piece, raw: bytes) -> Done:
    return cleaned(raw, piece.body - piece.begin, JOB, piece.begin)


LINE = b"From a@lezer.example Thu Nov 12 09:30:04 2026\n"


@pytest.mark.parametrize("workers", [1, 3])
def test_order_and_octets_do_not_depend_on_the_workers(tmp_path: Path, workers: int) -> None:
    (tmp_path / "mbox").write_bytes(b"".join(LINE + fixture.raw + b"\n" for fixture in FIXTURES) * 40)
    todo = pieces(tmp_path / "mbox", "mbox")
    done = list(each(todo, make, workers))
    assert [piece for piece, _ in done] == todo
    for piece, outcome in done:
        assert isinstance(outcome, Done)
        raw = piece.read()
        same = cleaned(raw, len(LINE), JOB, piece.begin)
        assert (outcome.octets, outcome.report) == (same.octets, same.report)
        assert outcome.octets.startswith(LINE)


def test_spans_and_sizes_are_of_the_file(tmp_path: Path) -> None:
    octets = b"".join(LINE + fixture.raw for fixture in FIXTURES)
    (tmp_path / "mbox").write_bytes(octets)
    reports = [
        outcome.report for _, outcome in each(pieces(tmp_path / "mbox", "mbox"), make) if isinstance(outcome, Done)
    ]
    assert sum(report.bytes_in for report in reports) == len(octets)
    spans = [finding.span for report in reports for finding in report.findings]
    assert spans == sorted(spans)
    pixels = [octets[slice(*f.span)] for report in reports for f in report.findings if f.technique == "vendor-shape"]
    assert len(pixels) > 5


@pytest.mark.parametrize("workers", [1, 2])
def test_what_cannot_be_read_says_why(tmp_path: Path, workers: int) -> None:
    there = tmp_path / "a.eml"
    there.write_bytes(FIXTURES[0].raw)
    gone = Piece(tmp_path / "gone", "gone", 0, 0, 10)
    first, second = each([gone, Piece(there, "a.eml", 0, 0, there.stat().st_size)], make, workers)
    assert first == (gone, Unread("No such file or directory"))
    assert isinstance(second[1], Done)
