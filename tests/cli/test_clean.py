"""`sluis clean` as a contract that others script against: octets, reports, exit codes, one line of complaint."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.command import sluis
from tests.fixtures.catalogue import FIXTURES, TRACKED, Fixture

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.rules.load import load

RULES = load()
BALANCED = POLICIES["balanced"]
NEWSLETTER = next(fixture for fixture in TRACKED if fixture.name == "newsletter")
PERSONAL = next(fixture for fixture in FIXTURES if fixture.name == "personal")
FROM = b"From letters@letters.kadebooks.example Thu Nov 12 09:30:04 2026\r\n"
KEYS = ["verdict", "reason", "bytes_in", "bytes_out", "elapsed_ms", "findings"]
FINDING_KEYS = ["kind", "action", "technique", "vendor", "rule", "url", "destination", "part", "span", "confidence"]


def names(fixture: Fixture) -> str:
    return fixture.name


def expected(fixture: Fixture, **switches: bool) -> bytes:
    return clean(fixture.raw, replace(BALANCED, **switches), RULES).raw


def test_a_message_goes_through_as_a_filter() -> None:
    ran = sluis("clean", given=NEWSLETTER.raw)
    assert (ran.code, ran.errors) == (0, "")
    assert ran.output == expected(NEWSLETTER) != NEWSLETTER.raw


def test_a_file_goes_to_a_file(tmp_path: Path) -> None:
    ran = sluis("clean", NEWSLETTER.path, "-o", tmp_path / "out.eml")
    assert (ran.code, ran.output, ran.errors) == (0, b"", "")
    assert (tmp_path / "out.eml").read_bytes() == expected(NEWSLETTER)


def test_a_file_goes_to_standard_output_or_into_a_folder(tmp_path: Path) -> None:
    assert sluis("clean", NEWSLETTER.path).output == expected(NEWSLETTER)
    assert sluis("clean", NEWSLETTER.path, "-o", tmp_path).code == 0
    assert (tmp_path / "newsletter.eml").read_bytes() == expected(NEWSLETTER)


def test_nothing_found_is_nothing_changed() -> None:
    assert sluis("clean", given=PERSONAL.raw).output == PERSONAL.raw


@pytest.mark.parametrize("raw", [b"", b"\0\xff\r\n" * 50, b"no header at all", b"From: a\n\n<img"])
def test_what_is_no_message_comes_out_as_it_went_in(raw: bytes) -> None:
    ran = sluis("clean", given=raw)
    assert (ran.code, ran.output, ran.errors) == (0, raw, "")


def test_the_report_is_one_json_object(tmp_path: Path) -> None:
    assert sluis("clean", NEWSLETTER.path, "-o", tmp_path / "out", "--report", tmp_path / "report").code == 0
    report = json.loads((tmp_path / "report").read_text())
    assert list(report) == KEYS
    assert report["verdict"] == "cleaned"
    assert report["bytes_in"] == len(NEWSLETTER.raw)
    assert report["bytes_out"] == (tmp_path / "out").stat().st_size
    assert report["elapsed_ms"] > 0
    assert all(list(finding) == [*FINDING_KEYS, "why"] for finding in report["findings"])
    for finding in report["findings"]:
        start, end = finding["span"]
        assert 0 <= start < end <= report["bytes_in"]


@pytest.mark.parametrize("fixture", FIXTURES, ids=names)
def test_verdicts(fixture: Fixture, tmp_path: Path) -> None:
    sluis("clean", fixture.path, "-o", tmp_path / "out", "--report", tmp_path / "report")
    assert json.loads((tmp_path / "report").read_text())["verdict"] == fixture.verdict


def test_policies_and_switches(tmp_path: Path) -> None:
    assert sluis("clean", "--policy", "audit", given=NEWSLETTER.raw).output == NEWSLETTER.raw
    strict = clean(NEWSLETTER.raw, POLICIES["strict"], RULES).raw
    assert sluis("clean", "--policy", "strict", given=NEWSLETTER.raw).output == strict != expected(NEWSLETTER)
    fitted = sluis("clean", "--fit", given=NEWSLETTER.raw).output
    assert fitted == expected(NEWSLETTER, fit=True)
    assert (len(fitted), fitted.count(b"\n")) == (len(NEWSLETTER.raw), NEWSLETTER.raw.count(b"\n"))


def test_a_configuration_sets_policy_and_switches(tmp_path: Path) -> None:
    (tmp_path / "sluis.yaml").write_text("policy: audit\nswitches: {security_links: true}\n")
    assert sluis("clean", "--config", tmp_path / "sluis.yaml", given=NEWSLETTER.raw).output == NEWSLETTER.raw
    assert sluis("clean", given=NEWSLETTER.raw, SLUIS_POLICY="audit").output == expected(NEWSLETTER)
    ran = sluis("clean", "--config", tmp_path / "sluis.yaml", given=NEWSLETTER.raw, SLUIS_POLICY="balanced")
    assert ran.output == expected(NEWSLETTER)
    wrapped = next(fixture for fixture in TRACKED if fixture.name == "wrapped-twice")
    ran = sluis("clean", "--config", tmp_path / "sluis.yaml", "--policy", "balanced", given=wrapped.raw)
    assert ran.output == expected(wrapped, security_links=True) != expected(wrapped)


def test_the_recipient_is_found_in_urls(tmp_path: Path) -> None:
    message = b'Content-Type: text/html\r\n\r\n<img src="https://img.lezer.example/sanne@lezer.example/kaart">\r\n'
    assert sluis("clean", given=message).output == message
    sluis("clean", "--rcpt", "sanne@lezer.example", "-o", tmp_path / "out", "--report", tmp_path / "r", given=message)
    assert [found["kind"] for found in json.loads((tmp_path / "r").read_text())["findings"]] == ["address-leak"]
    assert b"sanne" not in (tmp_path / "out").read_bytes()


def test_a_from_line_is_carried(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(FROM + NEWSLETTER.raw)
    ran = sluis("clean", tmp_path / "in", "--report", tmp_path / "report")
    assert ran.output == FROM + expected(NEWSLETTER)
    report = json.loads((tmp_path / "report").read_text())
    assert (report["bytes_in"], report["bytes_out"]) == ((tmp_path / "in").stat().st_size, len(ran.output))
    plain = clean(NEWSLETTER.raw, BALANCED, RULES).report.findings
    moved = [[start + len(FROM), end + len(FROM)] for start, end in (finding.span for finding in plain)]
    assert [finding["span"] for finding in report["findings"]] == moved


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["clean", "--policy", "nosuch"], "nosuch"),
        (["clean", "nowhere.eml"], "nowhere.eml"),
        (["clean", "--nosuch"], "nosuch"),
        (["clean", "--config", "nowhere.yaml"], "nowhere.yaml"),
        (["clean", "-o", "nowhere/out.eml"], "nowhere/out.eml"),
        (["clean", "--report", "nowhere/report"], "nowhere/report"),
        (["clean", "/"], "-o"),
        (["clean", "-", "a.eml", "-o", "x"], "standard input"),
        (["clean", "--rcpt"], "--rcpt"),
        (["nosuch"], "nosuch"),
        ([], "command"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(arguments: list[str], word: str) -> None:
    ran = sluis(*arguments, given=PERSONAL.raw)
    assert (ran.code, ran.output) == (2, b"")
    assert ran.errors.startswith("sluis: ")
    assert word in ran.errors
    assert ran.errors.count("\n") == 1


def test_a_complaint_holds_no_control_characters(tmp_path: Path) -> None:
    assert sluis("clean", tmp_path / "a\x1b[2J\nb").errors.endswith("a\\x1b[2J b: No such file or directory\n")


def test_a_message_is_not_written_over_itself(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(NEWSLETTER.raw)
    assert sluis("clean", tmp_path / "a.eml", "-o", tmp_path / "a.eml").code == 2
    assert sluis("clean", tmp_path, "-o", tmp_path).code == 2
    assert (tmp_path / "a.eml").read_bytes() == NEWSLETTER.raw


def test_a_reader_that_leaves_is_no_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "big.eml").write_bytes(PERSONAL.raw + b"x" * 76 + b"\r\n" * 200_000)
    command = [sys.executable, "-m", "sluis", "clean", str(tmp_path / "big.eml")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={}) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 1


def test_a_filter_imports_no_server() -> None:
    program = (
        "import sys\nfrom sluis.cli import main\ntry: main()\nexcept SystemExit: sys.stderr.write(repr([*sys.modules]))"
    )
    command = [sys.executable, "-c", program, "clean"]
    done = subprocess.run(command, input=NEWSLETTER.raw, capture_output=True, check=True, env={})
    loaded = {name.partition(".")[0] for name in eval(done.stderr)}
    assert not loaded & {"aiosmtpd", "aiosmtplib", "asyncio", "pydantic", "rich", "starlette", "structlog", "uvicorn"}


def test_the_configuration_chooses_the_policy_and_a_named_one_overrules_it(tmp_path: Path) -> None:
    config = tmp_path / "sluis.yaml"
    config.write_text("policies: [{recipient: '*@board.example', policy: strict}]\n")
    strict = clean(NEWSLETTER.raw, POLICIES["strict"], RULES).raw
    assert strict != expected(NEWSLETTER)
    for words, output in (
        (["--rcpt", "a@board.example"], strict),
        (["--rcpt", "a@board.example", "--rcpt", "b@other.example"], strict),
        (["--rcpt", "b@other.example"], expected(NEWSLETTER)),
        ([], expected(NEWSLETTER)),
        (["--rcpt", "a@board.example", "--policy", "audit"], NEWSLETTER.raw),
    ):
        assert sluis("clean", "--config", config, *words, given=NEWSLETTER.raw).output == output
    fitted = sluis("clean", "--config", config, "--fit", "--rcpt", "a@board.example", given=NEWSLETTER.raw).output
    assert len(fitted) == len(NEWSLETTER.raw)
