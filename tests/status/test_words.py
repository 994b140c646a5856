import pytest

from sluis.status.words import milliseconds, number, octets, span


@pytest.mark.parametrize(("count", "said"), [(0, "0"), (999, "999"), (1234567.0, "1,234,567")])
def test_numbers(count: float, said: str) -> None:
    assert number(count) == said


@pytest.mark.parametrize(
    ("count", "said"),
    [
        (0, "0 octets"),
        (999, "999 octets"),
        (1000, "1.0 kB"),
        (99_940, "99.9 kB"),
        (99_950, "100 kB"),
        (999_499, "999 kB"),
        (999_500, "1.0 MB"),
        (62_040_000, "62.0 MB"),
        (3e12, "3.0 TB"),
        (3e15, "3000 TB"),
    ],
)
def test_octets(count: float, said: str) -> None:
    assert octets(count) == said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-1, "a moment"),
        (0.9, "a moment"),
        (1, "1 second"),
        (59.9, "59 seconds"),
        (60, "1 minute"),
        (7199, "1 hour"),
        (86_400 * 3 + 5, "3 days"),
    ],
)
def test_spans(seconds: float, said: str) -> None:
    assert span(seconds) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.0004, "0.4 ms"), (0.0099, "9.9 ms"), (0.01, "10 ms"), (2, "2000 ms")])
def test_milliseconds(seconds: float, said: str) -> None:
    assert milliseconds(seconds) == said
