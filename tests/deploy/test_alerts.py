"""The alert rules: promtool's own tests, and a real Prometheus that watched a real run."""

import subprocess
from pathlib import Path

import pytest
import yaml
from tests.deploy.promql import selectors, unknown
from tests.integration.process import program
from tests.integration.prometheus import Prometheus

_FOLDER = Path(__file__).parents[2] / "deploy" / "prometheus"
_RULES = [
    pytest.param(rule, id=rule["alert"])
    for group in yaml.safe_load((_FOLDER / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
_CASES = yaml.safe_load((_FOLDER / "alerts.test.yml").read_text())["tests"]

each_rule = pytest.mark.parametrize("rule", _RULES)


@pytest.mark.parametrize("arguments", [("check", "rules", "alerts.yml"), ("test", "rules", "alerts.test.yml")])
def test_promtool_agrees(arguments: tuple[str, ...]):
    done = subprocess.run(
        [program("promtool"), *arguments], cwd=_FOLDER, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr


@each_rule
def test_promtool_sees_it_fire(rule: dict[str, str]):
    tests = [test for case in _CASES for test in case["alert_rule_test"] if test["alertname"] == rule["alert"]]
    assert any(test["exp_alerts"] for test in tests)


@each_rule
def test_it_names_what_the_table_of_metrics_has(rule: dict[str, str]):
    assert unknown(rule["expr"]) == frozenset()


@each_rule
def test_all_it_looks_at_is_there(rule: dict[str, str], scraped: Prometheus):
    looked_at = selectors(rule["expr"])
    assert looked_at
    assert [one.text for one in looked_at if not scraped.ask(one.text)] == []


@each_rule
def test_it_is_silent_while_all_is_well(rule: dict[str, str], scraped: Prometheus):
    assert scraped.ask(rule["expr"]) == []
