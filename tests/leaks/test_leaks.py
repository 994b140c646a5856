"""Nothing that a mail can be made of calls home once it is cleaned, and what is said of that is so."""

import re
from collections import Counter
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.integration.process import program
from tests.leaks import laboratory, octets, table
from tests.leaks.case import cases
from tests.leaks.chromium import Channel
from tests.leaks.facts import collections
from tests.leaks.wire import HTML, RAW, WIRES, Piece, Wire, message
from tests.render.sink import running

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.rules.load import load


def spelled(wire: Wire) -> str:
    return f"{wire.encoding}-{wire.charset}"


HTTPLEAKS = Path(__file__).parents[3] / "shared" / "corpus" / "html-httpleaks" / "leak.html"
RULES = load()
OPENS = [example for example in RULES.examples if example.kind == "open" and example.destination is not None]
TWICE = [
    wire
    for wire in WIRES
    if spelled(wire) in {"8bit-utf-8", "7bit-iso-2022-jp", "base64-utf-16", "quoted-printable-shift_jis"}
]


def test_chromium_calls_nobody(tmp_path: Path) -> None:
    """And before cleaning it calls in the way that each case says: the positive control."""
    program("chromium")
    with running(tmp_path, "0.0.0.0") as sink:
        assert laboratory.misdescribed(sink, tmp_path) == {}
        assert laboratory.calls(sink, tmp_path) == {}


def test_every_case_has_a_name_of_its_own() -> None:
    names = [case.name for case in cases()]
    assert len(names) == len(set(names)) >= 250


def test_what_others_test_is_among_the_cases() -> None:
    assert [(each.name, len(each.tests)) for each in collections()] == [
        ("HTTPLeaks", 217),
        ("Email Privacy Tester", 39),
    ]
    for each in collections():
        assert each.tests.keys() == {*each.stopped, *each.outside}


@pytest.mark.skipif(not HTTPLEAKS.exists(), reason="needs ../shared")
def test_the_names_of_others_are_theirs() -> None:
    named = re.findall(r"leaking\.via/([\w-]+)", HTTPLEAKS.read_text())
    assert collections()[0].tests.keys() == set(named)


def test_chromium_opens_every_case_that_calls_on_a_second_wire() -> None:
    opened = list(laboratory.shown())
    again = {case.name for case, wire in opened if wire in laboratory.ABROAD}
    assert again == {case.name for case, _ in opened if case.fires is not Channel.NONE}
    counts = Counter(wire for _, wire in opened if wire in laboratory.ABROAD)
    assert len(counts) == len(laboratory.ABROAD) == 18
    assert min(counts.values()) >= 15


@pytest.mark.parametrize("wire", WIRES, ids=spelled)
def test_nothing_names_its_host_once_it_is_cleaned(wire: Wire) -> None:
    assert [str(trial) for trial in laboratory.leaking(wire) if not trial.case.leak] == []


@pytest.mark.parametrize("wire", WIRES, ids=spelled)
def test_every_case_names_its_host_before(wire: Wire) -> None:
    """Or the judge of the octets would be blind to the case, and its silence would say nothing."""
    for trial in laboratory.trials(wire):
        assert octets.names(trial.case.raw(trial.address, wire), trial.address.host), str(trial)


@pytest.mark.parametrize("wire", TWICE, ids=spelled)
def test_what_is_cleaned_comes_back_as_it_is(wire: Wire) -> None:
    for trial in laboratory.trials(wire):
        once = trial.cleaned()
        assert trial.case.leak or clean(once, POLICIES[trial.policy], RULES).raw == once, str(trial)


@pytest.mark.parametrize("html", ['<img src="{}">', "<p style='background:url({})'>Hi</p>", '<img srcset="{} 2x">'])
def test_every_known_tracker_is_taken_out(html: str) -> None:
    for example in OPENS:
        host = urlsplit(example.url).hostname or ""
        done = clean(
            message([Piece(HTML, {}, html.format(escape(example.url)))], {}, "mixed", RAW), POLICIES["balanced"], RULES
        )
        assert host not in done.raw.decode().lower(), example.rule


def test_known_leaks_are_leaks() -> None:
    assert {trial.case.name for trial in laboratory.leaking()} == {case.name for case in cases() if case.leak}


def test_the_page_is_current() -> None:
    assert table.PAGE.read_text() == table.page(), "run python -m tests.leaks"
