"""What is to be done with a message: tracked ones replaced, signed ones left, and nothing twice."""

import pytest
from tests.fixtures.catalogue import FIXTURES, Fixture
from tests.sweep.stage import PLANNING

from sluis.report import Kind
from sluis.sweep.note import Exact
from sluis.sweep.plan import Fate

FATES = {"cleaned": Fate.REPLACE, "clean": Fate.CLEAN, "skipped": Fate.PROTECTED, "failed": Fate.FAILED}


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_every_fixture(fixture: Fixture) -> None:
    plan = PLANNING.of(fixture.raw)
    assert plan.fate is FATES[fixture.verdict]
    assert plan.original == Exact.of(fixture.raw)
    assert bool(plan.cleaned) == (plan.fate is Fate.REPLACE)
    assert bool(plan.record.ways) == (plan.fate is Fate.REPLACE)
    if plan.cleaned:
        assert PLANNING.of(plan.cleaned).fate is Fate.CLEAN


@pytest.mark.parametrize("fate", [Fate.PROTECTED, Fate.REPLACE])
def test_the_fixtures_have_each(fate: Fate) -> None:
    assert fate in {FATES[fixture.verdict] for fixture in FIXTURES}


def test_the_record_is_of_what_is_taken_out() -> None:
    images = b'<img src="https://t.shop.example/open?id=%s" width=1 height=1><img src="https://a.example/b">'
    raw = b"Content-Type: text/html\r\n\r\n" + images
    (way, count), *rest = PLANNING.of(raw).record.ways
    assert (way.kind, count, rest) == (Kind.OPEN_PIXEL, 1, [])
