"""What a PromQL expression speaks of: enough reading of it to hold its names against the table of metrics."""

import re
from dataclasses import dataclass

from prometheus_client import Histogram

from sluis.metrics import TABLE

_SELECTOR = re.compile(r"\b(sluis_[a-z_]++|up)\b(\{[^}]*+\})?")
_MATCHER = re.compile(r"([a-z_]++)\s*+(?:=~|!~|!=|=)")
_GROUPING = re.compile(r"\b(?:by|on|group_left)\s*+\(([^)]*+)\)")

SCRAPED = frozenset({"instance", "job"})  # what Prometheus itself puts on every series
ROWS = {
    f"{row.name}{suffix}": row
    for row in TABLE
    for suffix in (("_bucket", "_count", "_sum") if row.type is Histogram else ("",))
}


@dataclass(frozen=True, slots=True)
class Selector:
    """A metric with the matchers it is written with, and the names of their labels."""

    text: str
    metric: str
    labels: frozenset[str]

    @property
    def unknown(self) -> frozenset[str]:
        """Names that the table of metrics does not have."""
        if self.metric == "up":
            return self.labels - SCRAPED
        if self.metric not in ROWS:
            return frozenset({self.metric})
        return self.labels - SCRAPED - set(ROWS[self.metric].labels)


def selectors(expression: str) -> list[Selector]:
    """Every selector of `expression`."""
    found = _SELECTOR.finditer(expression)
    return [Selector(one[0], one[1], frozenset(_MATCHER.findall(one[2] or ""))) for one in found]


def grouped(expression: str) -> frozenset[str]:
    """Every label that `expression` groups or joins by."""
    lists = _GROUPING.findall(expression)
    return frozenset(name.strip() for names in lists for name in names.split(",") if name.strip())


def unknown(expression: str) -> frozenset[str]:
    """Every metric and label in `expression` that neither the table of metrics nor Prometheus knows."""
    found = selectors(expression)
    known = {"le"} | SCRAPED | {label for one in found if one.metric in ROWS for label in ROWS[one.metric].labels}
    return frozenset().union(*(one.unknown for one in found)) | (grouped(expression) - known)
