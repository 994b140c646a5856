"""The report in a real browser: it asks nobody for anything, fits a phone, and stays a table for those who hear it."""

import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.fixtures.catalogue import FIXTURES
from tests.integration.process import program
from tests.render.browser import Pipe, View, chromium, prepare
from tests.render.sink import Resource, Sink, running

from sluis.audit.page import SENDERS, render
from sluis.audit.record import Record, State, Way, recipients, record
from sluis.audit.tally import Tally
from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.report import Kind
from sluis.rules.load import load

MADE = {"made": "2026-11-23", "version": "0"}
URL = "http://audit.invalid/"
LONG = "a-very-long-name-of-a-shop-that-sends-mail-every-day-of-the-year.example"
COLOURS = {"light": "rgb(242, 245, 244)", "dark": "rgb(12, 22, 24)"}
OUTSIDE = """
    const beyond = e => e.getBoundingClientRect().right > innerWidth
    const clips = e => getComputedStyle(e).overflowX !== 'visible' && !beyond(e)
    const clipped = e => e && (clips(e) || clipped(e.parentElement));
    [...document.querySelectorAll('main *')].filter(e => beyond(e) && !clipped(e.parentElement)).map(e => e.outerHTML)
"""  # what stands beyond the window, but for what scrolls or is hidden within an element that does not
CSS = Path(__file__).parents[2] / "proxy" / "sluis" / "audit" / "report.css"


def report() -> str:
    """A report of the fixtures, and of senders whose names and URLs are as long as they get."""
    rules, tally = load(), Tally()
    for fixture in FIXTURES:
        done = clean(fixture.raw, POLICIES["audit"], rules)
        tally.add(record(fixture.raw, done.report, rules, recipients(fixture.raw)))
    url = "https://‹6 characters›." + LONG + "/‹22 characters›" * 8 + "?" + "utm_source=‹5 characters›&" * 8
    for number in range(SENDERS + 5):
        way = Way(Kind.OPEN_PIXEL, "vendor-path", LONG, url, "in base64")
        date = f"{2003 + number % 20}-01-02"
        tally.add(
            Record(f"{number}.{LONG}", date, "pass", "vendor.example", State.READ, ((way, 1200),) if number else ())
        )
    return render(tally, 3, MADE)


REPORT = report()


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sink]:
    program("chromium")
    with running(tmp_path_factory.mktemp("sink")) as sink:
        yield sink


@contextmanager
def opened(sink: Sink, view: View, scheme: str = "light", place: str = "") -> Iterator[tuple[Pipe, str]]:
    """The report shown in a browser of its own, and all that browser has to say."""
    sink.forget()
    sink.resources[URL] = Resource("text/html; charset=utf-8", REPORT.encode())
    with chromium(sink) as pipe:
        target = pipe.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        page = pipe.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        prepare(pipe, page, view)
        features = [{"name": "prefers-color-scheme", "value": scheme}]
        pipe.call("Emulation.setEmulatedMedia", {"media": "screen", "features": features}, page)
        for domain in ("Log", "Runtime", "Audits"):
            pipe.call(f"{domain}.enable", {}, page)
        loader = pipe.call("Page.navigate", {"url": URL + place}, page)["loaderId"]
        said: list[Any] = []
        pipe.wait(lambda message: _noted(message, said) and message["params"].get("loaderId") == loader)
        assert said == []
        assert sink.urls == [URL]
        assert set(sink.tls_names) == set()
        yield pipe, page


def _noted(message: Any, said: list[Any]) -> bool:
    """Whether the network is idle; what the console says, or Chromium about the page, is put down on the way."""
    if message.get("method") in {"Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"}:
        said.append(message["params"])
    if message.get("method") == "Audits.issueAdded":
        said.append(message["params"]["issue"]["code"])
    return message.get("method") == "Page.lifecycleEvent" and message["params"].get("name") == "networkIdle"


def value(pipe: Pipe, page: str, expression: str) -> Any:
    return pipe.call("Runtime.evaluate", {"expression": expression, "returnByValue": True}, page)["result"].get("value")


@pytest.mark.parametrize("scheme", COLOURS)
@pytest.mark.parametrize("width", [320, 360, 800, 1280])
def test_it_calls_nobody_and_fits_its_window(sink: Sink, width: int, scheme: str) -> None:
    with opened(sink, View(width=width), scheme) as (pipe, page):
        value(pipe, page, "document.querySelectorAll('#evidence details').forEach(each => each.open = true)")
        assert value(pipe, page, "document.documentElement.scrollWidth") == width
        assert value(pipe, page, "getComputedStyle(document.body).backgroundColor") == COLOURS[scheme]
        assert value(pipe, page, OUTSIDE) == []


def test_a_link_from_the_ranking_opens_the_evidence(sink: Sink) -> None:
    with opened(sink, View(width=360, height=700), place="#sender-2") as (pipe, page):
        assert (
            value(pipe, page, "[...document.querySelectorAll('#evidence details')].map(e => e.open).indexOf(true)") == 1
        )
        assert 0 < value(pipe, page, "document.querySelector('#sender-2').getBoundingClientRect().top") < 350


def test_on_a_phone_it_is_the_same_tables_for_those_who_hear_them(sink: Sink) -> None:
    roles = []
    for width in (360, 1280):
        with opened(sink, View(width=width)) as (pipe, page):
            tree = pipe.call("Accessibility.getFullAXTree", {}, page)["nodes"]
            seen = Counter(node["role"]["value"] for node in tree if not node["ignored"])
            roles.append(
                {role: seen[role] for role in ("table", "row", "columnheader", "rowheader", "main", "navigation")}
            )
    assert roles[0] == roles[1]
    assert roles[0]["table"] == 2
    assert roles[0]["main"] == roles[0]["navigation"] == 1
    assert roles[0]["rowheader"] > SENDERS


def test_the_file_names_nothing_to_load_and_holds_no_script() -> None:
    assert re.findall(r"(?i)<script|\son\w+=|url\(|@import|<link(?! rel=\"icon\" href=\"data:,\")", REPORT) == []
    assert {link[0] for link in re.findall(r"(?:href|src)=\"([^\"]*)", REPORT)} <= {"#", "d"}
    anchors, ids = re.findall(r'href="#([^"]*)', REPORT), re.findall(r'\sid="([^"]*)', REPORT)
    assert set(anchors) <= set(ids)
    assert len(ids) == len(set(ids))


def test_every_table_has_a_caption_and_every_svg_a_name_or_none() -> None:
    assert REPORT.count("<caption>") == REPORT.count("<table")
    drawings = re.findall(r"<svg[^>]*>", REPORT.partition("<main>")[2])
    assert all("aria-hidden" in each or "aria-label" in each for each in drawings)


def test_what_a_sender_is_called_is_no_markup() -> None:
    tally = Tally()
    tally.add(Record('<b>"x', "", "", "", State.READ, ((Way(Kind.OPEN_PIXEL, "size", "<i>", "<u>‹<s>›"), 1),)))
    text = render(tally, 0, MADE).partition("<main>")[2]
    assert not re.search("<[bius]>", text)
    assert "&lt;b&gt;" in text


def test_an_empty_mailbox_has_a_report_too() -> None:
    assert "No message was found that tracks its reader." in render(Tally(), 0, MADE)


@pytest.mark.parametrize("scheme", [0, 1])
def test_every_ink_stands_out_from_every_ground(scheme: int) -> None:
    """WCAG 2.2, 1.4.3 (text) and 1.4.11 (bars)."""
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w+);", block)) for block in CSS.read_text().split(":root {")[1:3])
    colours = light | (dark if scheme else {})
    for ink, least in (("ink", 4.5), ("faint", 4.5), ("mark", 3.0), ("pale", 2.0)):
        for ground in ("ground", "card", "track"):
            assert (ground == "track" and ink in {"mark", "pale"}) or contrast(colours[ink], colours[ground]) >= least
    for ground in ("silt", "steel", "clear"):
        assert contrast("#ffffff", colours[ground]) >= 4.5


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    linear = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
