"""What opening a message tells the world, before and after cleaning, as Chromium does it."""

from dataclasses import replace
from functools import cache

import pytest
from tests.fixtures.catalogue import FIXTURES, TRACKED, Fixture
from tests.render.browser import View
from tests.render.sink import Resource, Sink
from tests.render.webmail import Seen, open_message

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.rules.load import load

PICTURE = Resource(
    "image/svg+xml", b'<svg xmlns="http://www.w3.org/2000/svg"><path fill="teal" d="M0 0h999v999z"/></svg>'
)
"""What a content image looks like here: anything that shows, so that its loss would."""
BALANCED = POLICIES["balanced"]
RULES = load()


def names(fixture: Fixture) -> str:
    return fixture.name


@cache
def original(fixture: Fixture, sink: Sink) -> Seen:
    """The original's opening, seen once: a browser takes its second and a half."""
    return opened(fixture, fixture.raw, sink)


def opened(fixture: Fixture, raw: bytes, sink: Sink, medium: str = "screen") -> Seen:
    pictures = {url: PICTURE for url in fixture.kept if not url.startswith("https://fonts.")}
    return open_message(raw, sink, View(medium=medium), pictures)


@pytest.mark.parametrize("fixture", TRACKED, ids=names)
def test_opening_the_original_calls_every_tracker(fixture: Fixture, sink: Sink) -> None:
    seen = original(fixture, sink)
    assert seen.urls == {*fixture.trackers, *fixture.kept}
    assert seen.hosts >= set(fixture.connects)


@pytest.mark.parametrize("fixture", FIXTURES, ids=names)
def test_opening_the_cleaned_message_fetches_content_alone(fixture: Fixture, sink: Sink) -> None:
    cleaned = clean(fixture.raw, BALANCED, RULES).raw
    before, after = original(fixture, sink), opened(fixture, cleaned, sink)
    assert after.urls == set(fixture.kept)
    assert after.hosts == {url.split("/")[2] for url in fixture.kept}
    if fixture.looks == "alike":
        assert after.picture == before.picture


@pytest.mark.parametrize("fixture", [fixture for fixture in TRACKED if fixture.printed], ids=names)
def test_printing_tells_no_more_than_opening(fixture: Fixture, sink: Sink) -> None:
    assert opened(fixture, fixture.raw, sink, "print").urls >= set(fixture.printed)
    assert opened(fixture, clean(fixture.raw, BALANCED, RULES).raw, sink, "print").urls == set(fixture.kept)


def test_fit_changes_nothing_about_what_is_fetched(sink: Sink) -> None:
    fixture = next(fixture for fixture in TRACKED if fixture.name == "newsletter")
    fitted = clean(fixture.raw, replace(BALANCED, fit=True), RULES).raw
    assert opened(fixture, fitted, sink).urls == set(fixture.kept)
