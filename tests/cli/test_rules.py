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


LISTED = b'{"providers": {"all": {"urlPattern": ".*", "rules": ["kt_id"]}}}'
LETTER = b"""\
Content-Type: text/html

<a href="https://shop.example/?kt_id=1"><img src="https://pictures.example/a.gif" width=1 height=9></a>
"""


def test_lists_are_brought_and_then_used(tmp_path: Path) -> None:
    config = tmp_path / "sluis.yaml"
    (tmp_path / "links.json").write_bytes(LISTED)
    (tmp_path / "images.txt").write_bytes(b"||pictures.example^\n")
    config.write_text(
        f"state: {tmp_path}/state\nlists:\n- {{name: links, format: clearurls, path: {tmp_path}/links.json}}\n"
        f"- {{name: images, format: adblock, path: {tmp_path}/images.txt}}\n"
    )
    before = sluis("clean", "--config", config, given=LETTER)
    assert (before.code, before.output) == (2, b"")
    missing = f"sluis: list links: {tmp_path}/state/lists/links.json is not there yet: run sluis rules update\n"
    assert before.errors == missing
    assert sluis("serve", "--check", "--config", config).errors == missing
    ran = sluis("rules", "update", "--config", config)
    assert (ran.code, ran.output, ran.errors) == (0, b"links: 2 rules\nimages: 1 rules\n", "")
    report = tmp_path / "report.json"
    after = sluis("clean", "--config", config, "--report", report, given=LETTER)
    assert after.output == LETTER.replace(b"?kt_id=1", b"").replace(
        b'<img src="https://pictures.example/a.gif" width=1 height=9>', b""
    )
    found = {(each["kind"], each["vendor"], each["rule"]) for each in json.loads(report.read_text())["findings"]}
    assert found == {
        ("link-params", "links", "links/all"),
        ("open-pixel", "images", "images/||pictures.example^"),
    }
    assert sluis("clean", given=LETTER).output == LETTER


def test_one_list_that_fails_is_told_and_the_others_are_brought(tmp_path: Path) -> None:
    config = tmp_path / "sluis.yaml"
    (tmp_path / "links.json").write_bytes(LISTED)
    config.write_text(
        f"state: {tmp_path}/state\nlists:\n- {{name: gone, format: adblock, path: {tmp_path}/nowhere}}\n"
        f"- {{name: links, format: clearurls, path: {tmp_path}/links.json}}\n"
    )
    ran = sluis("rules", "update", "--config", config)
    assert (ran.code, ran.errors) == (1, "")
    assert ran.output.decode().splitlines() == [
        f"gone: {tmp_path}/nowhere: No such file or directory; there is no earlier one",
        "links: 2 rules",
    ]


def test_without_lists_there_is_nothing_to_update(tmp_path: Path) -> None:
    ran = sluis("rules", "update")
    assert (ran.code, ran.output, ran.errors) == (2, b"", "sluis: the configuration names no lists\n")
