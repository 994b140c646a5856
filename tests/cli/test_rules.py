"""`sluis rules`: the list, and the check that a rule file of one's own must pass."""

import json
from pathlib import Path

from tests.command import sluis

GOOD = """
- vendor: kade
  name: Kade
  source: made up
  open:
    - path: ^/kade/open/
      match: [https://t.kade.example/kade/open/1]
      miss: [https://t.kade.example/kade/1]
"""


def test_the_bundled_rules_hold() -> None:
    ran = sluis("rules", "check")
    assert (ran.code, ran.errors) == (0, "")
    assert b" rules hold in " in ran.output


def test_an_example_that_fails_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(
        GOOD.replace("miss: [https://t.kade.example/kade/1]", "miss: [https://a.example/kade/open/]")
    )
    ran = sluis("rules", "check", tmp_path / "own.yaml")
    assert (ran.code, ran.errors) == (1, "")
    [line] = ran.output.decode().splitlines()
    assert line.startswith(f"{tmp_path}/own.yaml:6: kade/open/1: https://a.example/kade/open/: ")


def test_what_is_no_rule_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD.replace("source", "sauce"))
    ran = sluis("rules", "check", tmp_path / "own.yaml")
    assert (ran.code, ran.output) == (2, b"")
    assert ran.errors.startswith(f"sluis: {tmp_path}/own.yaml:4: sauce: ")
    (tmp_path / "own.yaml").write_bytes(b"\xff\xfe")
    assert sluis("rules", "list", tmp_path / "own.yaml").code == 2
    assert sluis("rules", "check", tmp_path / "nowhere").code == 2


def test_the_list_for_people(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD)
    lines = sluis("rules", "list", tmp_path / "own.yaml").output.decode().splitlines()
    assert lines[1].split() == ["Vendor", "Knows", "Where", "Examples"]
    assert next(line.split() for line in lines if " kade " in line) == ["kade", "1", "open", "any", "host", "2"]
    assert any(line.split()[0] == "sendgrid" for line in lines if line.strip())


def test_the_list_for_programs(tmp_path: Path) -> None:
    (tmp_path / "own.yaml").write_text(GOOD)
    listed = json.loads(sluis("rules", "list", "--json", tmp_path / "own.yaml").output)
    assert {"vendor": "kade", "kind": "open", "rule": "kade/open/1", "hosts": [], "examples": 2} in listed
    assert {rule["kind"] for rule in listed} == {"open", "click", "redirector", "parameter"}
    assert all(rule["examples"] >= 2 for rule in listed)
