"""The Helm chart as Helm itself renders it, and the plain manifests that come of it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from helm_python import chart

Object = dict[str, Any]

CHART = Path(__file__).parents[2] / "deploy" / "helm" / "sluis"
PLAIN = Path(__file__).parents[2] / "deploy" / "kubernetes"
VALUES = CHART.parent / "plain.yaml"
_TEMPLATES = "sluis/templates/"
_HEAD = "# Rendered from deploy/helm/sluis with deploy/helm/plain.yaml, by `python -m tests.deploy`.\n"


def values(file: Path) -> Mapping[str, Any]:
    """A file of values, as Helm reads YAML."""
    return chart.values_from_yaml(file.read_text())


def rendered(given: Mapping[str, Any]) -> dict[str, str]:
    """Each template's text by its path below `templates`, for a release `sluis`. Raises HelmError."""
    loaded = chart.Chart.load(CHART)
    loaded.validate_schema(given)
    made = loaded.render(given, name="sluis", namespace="mail")
    return {path.removeprefix(_TEMPLATES): text.lstrip("\n") for path, text in sorted(made.items()) if text.strip()}


def objects(given: Mapping[str, Any]) -> list[Object]:
    """Everything that the chart makes of values."""
    texts = (text for path, text in rendered(given).items() if path.endswith(".yaml"))
    return [made for text in texts for made in yaml.safe_load_all(text)]


def plain() -> dict[str, str]:
    """The plain manifests, by their path below `deploy/kubernetes`."""
    return {path: _HEAD + text for path, text in rendered(values(VALUES)).items() if path.endswith(".yaml")}


def complaints(given: Mapping[str, Any]) -> list[str]:
    """What `helm lint --strict` has against the chart."""
    report = chart.lint(CHART, given, strict=True)
    return [one["error"] for one in report["messages"] if one["severity"] > 1] + report["errors"]
