"""Rule files that are wrong are refused in one line that names file, line and key."""

import subprocess
import sys
from pathlib import Path

import pytest

from sluis.rules.check import problems
from sluis.rules.load import Kept, RulesError, load
from sluis.urls.parse import parse

SOUND = """\
- vendor: own
  name: Own
  source: made up
  open:
  - path: ^/own/[0-9]+$
    match: ['https://t.example/own/1']
    miss: ['https://t.example/own/x']
"""


def test_own_rules_come_first(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(SOUND.replace("/own/[0-9]+", "/wf/open"))
    url = parse("https://u1.ct.sendgrid.net/wf/open?upn=" + "a" * 40)
    assert url is not None
    hit = load([file]).open(url)
    assert hit is not None
    assert (hit.vendor, hit.rule, hit.generic) == ("own", "own/open/1", True)


def test_a_rule_whose_example_fails_is_named(tmp_path: Path) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(SOUND.replace("own/x", "own/2"))
    (line,) = problems(load([file]))
    assert line == f"{file}:5: own/open/1: https://t.example/own/2: matched: True"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: made up", "sourced: made up", "3: sourced: unknown key"),
        ("  name: Own\n", "", "1: name: missing"),
        ("^/own/", "/own/", "5: path: must start with ^"),
        ("[0-9]+$", "(", "5: path: no regular expression"),
        ("[0-9]+$", "(a+)+$", "5: path: has a repeat within an unbounded repeat"),
        ("    miss: ['https://t.example/own/x']\n", "", "5: miss: missing"),
        ("- vendor", "vendor", "2: "),
        ("['https://t.example/own/1']", "7", "6: match: must be a list of texts"),
        ("- vendor: own", "- [", ""),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, old: str, new: str, message: str) -> None:
    file = tmp_path / "own.yaml"
    file.write_text(SOUND.replace(old, new, 1))
    with pytest.raises(RulesError) as raised:
        load([file])
    assert str(raised.value).startswith(f"{file}:{message}")
    assert "\n" not in str(raised.value)


def test_lists_come_last_and_only_add(tmp_path: Path) -> None:
    (tmp_path / "kade.txt").write_text("||u1.ct.sendgrid.net^\n||kade.example^\n")
    (tmp_path / "links.json").write_text(
        '{"providers": {"kade": {"urlPattern": "^https://t", "completeProvider": true}}}'
    )
    plain = load()
    rules = load(
        (),
        [Kept("kade", "adblock", tmp_path / "kade.txt"), Kept("links", "clearurls", tmp_path / "links.json")],
    )
    assert (plain.lists, plain.catalogues) == ((), ())
    assert [each.name for each in rules.lists] == ["kade", "links"]
    assert [each.name for each in rules.catalogues] == ["links"]
    for address, rule in (
        ("https://kade.example/a.gif", "kade/||kade.example^"),
        ("https://t.example/a.gif", "links/kade"),
        ("https://other.example/a.gif", None),
    ):
        url = parse(address)
        assert url is not None
        hit = rules.listed_image(url)
        assert (hit.rule if hit else None) == rule
        assert plain.listed_image(url) is None
        assert rules.open(url) is rules.click(url) is None


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (None, " is not there yet: run sluis rules update"),
        (b"\xff", ": is not UTF-8 text (octet 0)"),
        (b"<html>", ": is a web page, no Adblock list"),
    ],
)
def test_a_list_that_is_not_there_is_one_line(tmp_path: Path, octets: bytes | None, words: str) -> None:
    path = tmp_path / "kade.txt"
    if octets is not None:
        path.write_bytes(octets)
    with pytest.raises(RulesError) as raised:
        load((), [Kept("kade", "adblock", path)])
    assert str(raised.value) == f"list kade: {path}{words}"


def test_who_names_no_list_does_not_wait_for_the_engine() -> None:
    asked = "import sys; from sluis.rules.load import load; load(); print([x for x in sys.modules if 'adblock' in x])"
    assert subprocess.run([sys.executable, "-c", asked], capture_output=True, check=True).stdout == b"[]\n"
