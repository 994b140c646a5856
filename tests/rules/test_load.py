"""Rule files that are wrong are refused in one line that names file, line and key."""

from pathlib import Path

import pytest

from sluis.rules.check import problems
from sluis.rules.load import RulesError, load
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
