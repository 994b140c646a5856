"""Bars over time: spans that fit, each chart up to its own highest bar, and no message lost."""

from collections import Counter

import pytest

from sluis.audit.chart import MOST, Bar, charts
from sluis.report import Kind


def test_nothing_to_draw() -> None:
    assert charts({}) is None


def test_months_without_mail_keep_their_place() -> None:
    made = charts(
        {"2026-01": Counter({None: 4, Kind.OPEN_PIXEL: 1}), "2026-04": Counter({None: 8, Kind.OPEN_PIXEL: 2})}
    )
    assert made is not None
    assert (made.span, made.first, made.last, made.before) == ("month", "Jan 2026", "Apr 2026", 0)
    assert (made.all.messages, made.all.most) == (12, 8)
    (pixels,) = made.each
    assert (pixels.name, pixels.messages, pixels.most) == ("tracking pixels", 3, 2)
    assert pixels.bars == (Bar(0, 20.5, 50), Bar(75, 20.5, 100))
    assert made.rows == (("Jan 2026", 4, (1,)), ("Apr 2026", 8, (2,)))


@pytest.mark.parametrize(
    ("first", "span", "begin", "end"),
    [
        ("2022-12", "month", "Dec 2022", "Nov 2026"),
        ("2022-11", "quarter", "Q4 2022", "Q4 2026"),
        ("2015-01", "quarter", "Q1 2015", "Q4 2026"),
        ("2014-12", "year", "2014", "2026"),
        ("1979-01", "year", "1979", "2026"),
    ],
)
def test_the_span_grows_with_the_time(first: str, span: str, begin: str, end: str) -> None:
    made = charts({first: Counter({None: 1}), "2026-11": Counter({None: 1})})
    assert made is not None
    assert (made.span, made.first, made.last, made.before, made.all.messages) == (span, begin, end, 0, 2)


def test_what_is_too_old_is_counted_apart() -> None:
    made = charts({"1970-01": Counter({None: 3}), "2099-12": Counter({None: 1, Kind.MEDIA: 1})})
    assert made is not None
    assert (made.before, made.all.messages, made.last) == (3, 1, "2099")
    assert len(made.all.bars) <= MOST
