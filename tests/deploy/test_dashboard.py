"""The Grafana dashboard: every query has an answer from a Prometheus that watched a real run."""

import json
import math
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.deploy.promql import unknown
from tests.integration.prometheus import Prometheus

_FOLDER = Path(__file__).parents[2] / "deploy" / "grafana"
_DASHBOARD = json.loads((_FOLDER / "dashboards" / "sluis.json").read_text())
_PANELS = _DASHBOARD["panels"]
# What Grafana puts in for its variables. The windows hold the whole run, which takes less than that.
_VARIABLES = {"__interval": "1h", "__rate_interval": "1h", "__range": "1h", "instance": ".+", "edge": ".+"}


def _query(expression: str) -> str:
    return re.sub(r"\$(\w++)", lambda name: _VARIABLES[name[1]], expression)


_TARGETS = [
    pytest.param(target, id=f"{panel['title']} {target['refId']}")
    for panel in _PANELS
    for target in panel.get("targets", ())
]

each_target = pytest.mark.parametrize("target", _TARGETS)


@each_target
def test_a_query_has_an_answer(target: dict[str, Any], scraped: Prometheus):
    answer = scraped.ask(_query(target["expr"]))
    assert answer
    assert [one for one in answer if math.isnan(float(one["value"][1]))] == []


@each_target
def test_its_legend_names_labels_of_the_answer(target: dict[str, Any], scraped: Prometheus):
    named = set(re.findall(r"\{\{(\w++)\}\}", target["legendFormat"]))
    assert [one["metric"] for one in scraped.ask(_query(target["expr"])) if not named <= one["metric"].keys()] == []


@each_target
def test_a_query_names_what_the_table_of_metrics_has(target: dict[str, Any]):
    assert unknown(target["expr"]) == frozenset()


@pytest.mark.parametrize(
    ("title", "counted"),
    [
        ("Trackers stopped", 'sluis_findings_total{action!="kept"}'),
        ("Trackers stopped, by kind", 'sluis_findings_total{action!="kept"}'),
        ("What was done", "sluis_findings_total"),
        ("Messages", "sluis_messages_total"),
    ],
)
def test_what_was_counted_from_the_start_is_shown_whole(title: str, counted: str, scraped: Prometheus):
    """increase() alone does not see a series begin, and a vendor's first tracker begins one."""
    (panel,) = (panel for panel in _PANELS if panel["title"] == title)
    assert scraped.value(_query(panel["targets"][0]["expr"])) == scraped.value(counted) > 0


def test_the_variables_choose_among_what_there_is(scraped: Prometheus):
    for variable in _DASHBOARD["templating"]["list"][1:]:
        query, label = re.fullmatch(r"label_values\((.*), (\w++)\)", variable["definition"]).groups()
        assert unknown(query) == frozenset()
        assert all(one["metric"][label] for one in scraped.ask(_query(query)))
        assert scraped.ask(_query(query))


def test_an_annotation_is_understood(scraped: Prometheus):
    for annotation in _DASHBOARD["annotations"]["list"]:
        assert unknown(annotation["expr"]) == frozenset()
        scraped.ask(_query(annotation["expr"]))


def test_panels_lie_side_by_side():
    tiles = {(x, y): panel for panel in _PANELS for x, y in _squares(panel)}
    assert len(tiles) == sum(panel["gridPos"]["w"] * panel["gridPos"]["h"] for panel in _PANELS)
    assert max(x for x, _ in tiles) == 23
    assert all(one["id"] != other["id"] for one, other in combinations(_PANELS, 2))


def test_every_panel_tells_what_it_shows():
    assert [panel["title"] for panel in _PANELS if panel["type"] != "row" and not panel["description"]] == []


def test_it_is_tied_to_no_particular_grafana():
    """Every query goes to the data source that is chosen at the top."""
    chosen = {"type": "prometheus", "uid": "${datasource}"}
    assert [p["title"] for p in _PANELS if p["type"] != "row" and p["datasource"] != chosen] == []
    assert [t["expr"] for p in _PANELS for t in p.get("targets", ()) if t["datasource"] != chosen] == []


def test_what_is_provisioned_is_a_prometheus_and_a_folder_of_dashboards():
    (source,) = yaml.safe_load((_FOLDER / "provisioning/datasources/prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((_FOLDER / "provisioning/dashboards/sluis.yaml").read_text())["providers"]
    assert source["type"] == "prometheus"
    assert provider["type"] == "file"


def _squares(panel: dict[str, Any]) -> Iterator[tuple[int, int]]:
    at = panel["gridPos"]
    for x in range(at["x"], at["x"] + at["w"]):
        for y in range(at["y"], at["y"] + at["h"]):
            yield x, y
