"""What Sluis counts: one table that declares every metric, and the methods that feed it.

Counts go to Prometheus and to the status page, so nothing may stand in a label that could name a person or grow
without end. Every label is either closed (a set of values) or capped (a shape, and the first so many that have it);
whatever else is put in becomes `other`. A new metric is a row of `TABLE` and, if it has a new label, a row of `LABELS`.
"""

import os
import platform
import re
import time
from collections import Counter as Tally
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import prometheus_client
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.mmap_dict import MmapedDict
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.openmetrics import exposition as openmetrics
from prometheus_client.samples import Sample

from sluis import __version__
from sluis.report import Action, Flaw, Kind, Report, Verdict
from sluis.urls.suffix import site

OTHER = "other"
NONE = "none"

# One series per counter, not two: when a counter began is `sluis_start_time_seconds`.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


_DOMAIN = re.compile(r"(?=.{4,253}\Z)(?:[a-z0-9_-]{1,63}\.)++[a-z][a-z0-9-]{1,62}")


@dataclass(frozen=True, slots=True)
class Metric:
    """A row of the table. `buckets` are upper bounds in its unit; `processes` says how several are summed up."""

    name: str
    type: type[Counter | Gauge | Histogram]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()
    processes: Literal["livesum", "max", "min"] = "livesum"


@dataclass(frozen=True, slots=True)
class Closed:
    """A label with a fixed set of values."""

    values: frozenset[str]


@dataclass(frozen=True, slots=True)
class Capped:
    """A label whose values are met while running: the first `cap` that fully match `shape`."""

    cap: int
    shape: re.Pattern[str]


def _closed(*values: str) -> Closed:
    return Closed(frozenset(values))


LABELS: Mapping[str, Closed | Capped] = MappingProxyType(
    {
        "edge": _closed("smtp", "imap", "milter"),
        "verdict": _closed(*Verdict),
        "kind": _closed(*Kind),
        "action": _closed(*Action),
        "technique": Capped(64, re.compile(r"[a-z](?:[a-z-]{0,38}[a-z])?")),
        "vendor": Capped(500, re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")),
        "sender": Capped(200, _DOMAIN),
        "direction": _closed("in", "out"),
        "command": _closed("connect", "helo", "starttls", "auth", "mail", "rcpt", "xforward", "data", "rset", "quit"),
        "reply": _closed("2xx", "3xx", "4xx", "5xx", NONE),
        "origin": _closed("new", "ready", "kept", "lost"),
        "stage": _closed("parse", "size", "clean", "pool", "upstream-connect", "upstream", "store"),
        "reason": _closed(
            "bare-newline",
            "nul",
            "size",
            "recipients",
            "domain",
            "loop",
            "connections",
            "connections-per-address",
            "memory",
            "timeout",
            "session-timeout",
            "tls-required",
            "login-required",
            "proxy-header",
            "syntax",
        ),
        "flaw": _closed(*Flaw),
        "mechanism": _closed("spf", "dkim", "dmarc", "arc"),
        "result": _closed("pass", "fail", "softfail", "neutral", "none", "policy", "temperror", "permerror"),
        "version": Capped(1, re.compile(r"[0-9A-Za-z.+!-]{1,40}")),
        "python": Capped(1, re.compile(r"[0-9A-Za-z.+]{1,40}")),
    }
)

_ROOM = 65_536  # octets of a file of counts to begin with, some hundred series
_CLEANING_SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_RELAY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 600)

TABLE = (
    Metric("sluis_messages_total", Counter, "Messages cleaned, by what came of it.", ("edge", "verdict")),
    Metric(
        "sluis_findings_total",
        Counter,
        "Ways to track the reader that were found in messages, by what was done about them.",
        ("kind", "action", "technique", "vendor"),
    ),
    Metric(
        "sluis_sender_findings_total",
        Counter,
        "Findings by the registrable domain of the sender: the first 200 met since the start, then other.",
        ("sender", "kind"),
    ),
    Metric("sluis_octets_total", Counter, "Octets of messages before and after cleaning.", ("edge", "direction")),
    Metric("sluis_cleaning_seconds", Histogram, "Time to clean one message.", ("edge",), _CLEANING_SECONDS),
    Metric(
        "sluis_relay_seconds",
        Histogram,
        "Time from the last octet of a message to the final reply to its sender.",
        ("edge",),
        _RELAY_SECONDS,
    ),
    Metric(
        "sluis_upstream_replies_total",
        Counter,
        "Replies of the mail server behind, by command and class; none when no reply came.",
        ("edge", "command", "reply"),
    ),
    Metric(
        "sluis_upstream_connections_total",
        Counter,
        "Connections to the mail server behind: made for a client that waits (new), made ahead (ready), had by others "
        "before (kept), or closed by the server while none had it (lost).",
        ("edge", "origin"),
    ),
    Metric("sluis_sessions", Gauge, "Client sessions open now.", ("edge",)),
    Metric("sluis_failures_total", Counter, "What went wrong on this side, by stage.", ("edge", "stage")),
    Metric(
        "sluis_last_failure_timestamp_seconds",
        Gauge,
        "When a stage last failed, in Unix time; 0 if it never did.",
        ("edge", "stage"),
        processes="max",
    ),
    Metric(
        "sluis_originals_passed_total",
        Counter,
        "Messages passed on with something in them uncleaned, since that failed.",
        ("edge",),
    ),
    Metric(
        "sluis_flaws_total",
        Counter,
        "Messages whose structure was flawed, by flaw: ambiguous or beyond a cap.",
        ("edge", "flaw"),
    ),
    Metric("sluis_refused_total", Counter, "Messages and clients refused at the door, by reason.", ("edge", "reason")),
    Metric(
        "sluis_verdicts_total",
        Counter,
        "What was found of who sent a message, by mechanism; one for each signature.",
        ("edge", "mechanism", "result"),
    ),
    Metric(
        "sluis_verdict_overruns_total",
        Counter,
        "Verdicts that were not there within the budget (authentication.budget).",
        ("edge", "mechanism"),
    ),
    Metric(
        "sluis_worker_ends_total",
        Counter,
        "Workers that ended though nobody had asked them to, each followed by another.",
    ),
    Metric("sluis_log_lines_lost_total", Counter, "Lines of the log that could not be written when they were due."),
    Metric("sluis_build_info", Gauge, "Always 1; the labels say what runs.", ("version", "python"), processes="max"),
    Metric("sluis_start_time_seconds", Gauge, "When this process started, in Unix time.", processes="min"),
)


class Metrics:
    """Every metric of the table in a registry of its own.

    `vendors` are the vendors the rules know; None admits the first so many names of a vendor's shape. All series with
    closed labels stand at 0 from the start for each of `edges`, so that a rate sees the first event too.
    """

    def __init__(
        self,
        registry: CollectorRegistry | None = None,
        vendors: Iterable[str] | None = None,
        edges: Iterable[str] = ("smtp",),
    ) -> None:
        self.registry = registry or CollectorRegistry()
        self._rules = dict(LABELS)
        if vendors is not None:
            self._rules["vendor"] = _closed(NONE, *vendors)
        self._admitted: dict[str, set[str]] = {name: set() for name in LABELS}
        self._rows = {row.name: row for row in TABLE}
        self._met: dict[tuple[str, ...], Counter | Gauge | Histogram] = {}
        self._metrics = {row.name: _made(row, self.registry) for row in TABLE}
        for edge in edges:
            self._begin(edge)
        self._gauge("sluis_build_info", __version__, platform.python_version()).set(1)
        self._gauge("sluis_start_time_seconds").set(time.time())

    def message(self, edge: str, report: Report, sender: str, cleaning_seconds: float) -> None:
        """Count one message. `sender` is its reverse-path or that path's domain; only the domain is kept."""
        self._count("sluis_messages_total", edge, report.verdict)
        self._count("sluis_octets_total", edge, "in", by=report.bytes_in)
        self._count("sluis_octets_total", edge, "out", by=report.bytes_out)
        self._observe("sluis_cleaning_seconds", cleaning_seconds, edge)
        # A newsletter has fifty links of one kind, so that counting them together saves most of the work.
        alike = Tally((f.kind, f.action, f.technique, f.vendor or NONE) for f in report.findings)
        for labels, times in alike.items():
            self._count("sluis_findings_total", *labels, by=times)
        for flaw in report.flaws:
            self._count("sluis_flaws_total", edge, flaw)
        domain = sender_domain(sender)
        for kind, times in Tally(finding.kind for finding in report.findings).items():
            self._count("sluis_sender_findings_total", domain, kind, by=times)

    def relayed(self, edge: str, seconds: float) -> None:
        """Time from the last octet in to the final reply out."""
        self._observe("sluis_relay_seconds", seconds, edge)

    def upstream_reply(self, edge: str, command: str, code: int | None) -> None:
        """Count a reply (RFC 5321 §4.2) of the server behind; None when none came."""
        self._count("sluis_upstream_replies_total", edge, command, f"{code // 100}xx" if code else NONE)

    def connection(self, edge: str, origin: str) -> None:
        """Count a connection to the server behind by where a client has it from."""
        self._count("sluis_upstream_connections_total", edge, origin)

    def session(self, edge: str) -> AbstractContextManager[None]:
        """A client session, open for as long as the context lasts."""
        return self._gauge("sluis_sessions", edge).track_inprogress()

    def failure(self, edge: str, stage: str) -> None:
        """Count a failure of ours at `stage`."""
        self._count("sluis_failures_total", edge, stage)
        self._gauge("sluis_last_failure_timestamp_seconds", edge, stage).set(time.time())

    def original_passed(self, edge: str) -> None:
        """Count a message that went on as it came because cleaning it failed."""
        self._count("sluis_originals_passed_total", edge)

    def refused(self, edge: str, reason: str) -> None:
        """Count a message or client turned away at the door."""
        self._count("sluis_refused_total", edge, reason)

    def verdict(self, edge: str, mechanism: str, result: str) -> None:
        """Count what a mechanism of authentication came to."""
        self._count("sluis_verdicts_total", edge, mechanism, result)

    def overrun(self, edge: str, mechanism: str) -> None:
        """Count a verdict that was not there in time."""
        self._count("sluis_verdict_overruns_total", edge, mechanism)

    def log_lines_lost(self, lines: int) -> None:
        """Count lines that the log had no room for."""
        self._count("sluis_log_lines_lost_total", by=lines)

    def samples(self) -> Iterator[Sample]:
        """Every series as it stands."""
        for metric in self.registry.collect():
            yield from metric.samples

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The metrics in the format that suits an `Accept` header (text or OpenMetrics), and its media type."""
        accepted = {choice.partition(";")[0].strip().lower() for choice in accept.split(",")}
        if "application/openmetrics-text" in accepted:
            text: bytes = openmetrics.generate_latest(self.registry)  # type: ignore[no-untyped-call]
            return text, openmetrics.CONTENT_TYPE_LATEST
        return generate_latest(self.registry), CONTENT_TYPE_PLAIN_0_0_4

    def _begin(self, edge: str) -> None:
        for row in TABLE:
            if "edge" in row.labels:
                values = [(edge,) if label == "edge" else self._values(label) for label in row.labels]
                for combination in product(*values):
                    self._metrics[row.name].labels(*combination)

    def _values(self, label: str) -> tuple[str, ...]:
        rule = self._rules[label]
        return tuple(sorted(rule.values)) if isinstance(rule, Closed) else ()

    def _folded(self, label: str, value: str) -> str:
        match self._rules[label]:
            case Closed(values):
                return value if value in values else OTHER
            case Capped(cap, shape):
                admitted = self._admitted[label]
                if value not in admitted and len(admitted) < cap and shape.fullmatch(value):
                    admitted.add(value)
                return value if value in admitted or value == NONE else OTHER

    def _series(self, name: str, *values: str) -> Any:
        metric = self._metrics[name]
        if not values:
            return metric
        if met := self._met.get((name, *values)):
            return met  # as it is kept, so nothing in it is folded
        key = (name, *map(self._folded, self._rows[name].labels, values))
        if key not in self._met:
            self._met[key] = metric.labels(*key[1:])
        return self._met[key]

    def _count(self, name: str, *labels: str, by: int = 1) -> None:
        with suppress(OSError):  # a new series for which there is no room goes uncounted
            self._series(name, *labels).inc(by)

    def _observe(self, name: str, value: float, *labels: str) -> None:
        with suppress(OSError):
            self._series(name, *labels).observe(value)

    def _gauge(self, name: str, *labels: str) -> Gauge:
        gauge: Gauge = self._series(name, *labels)
        return gauge


class _Roomy(MmapedDict):
    """Counts in a file that has its room on the disk already.

    prometheus_client only makes it so long; to write to a page without room then ends the process (SIGBUS).
    """

    def __init__(self, filename: str) -> None:
        with Path(filename).open("ab") as file:
            os.posix_fallocate(file.fileno(), 0, max(file.tell(), _ROOM))
        super().__init__(filename)  # type: ignore[no-untyped-call]

    def _init_value(self, key: str) -> None:
        """Begin a series. Raises OSError, and then all is as it was."""
        if self._used + len(key.encode()) + 32 > self._capacity:
            os.posix_fallocate(self._f.fileno(), 0, 2 * self._capacity)
        super()._init_value(key)  # type: ignore[no-untyped-call]


class Merged(Metrics):
    """The sums of what several workers count in `folder`: what `Metrics` shows, and the parent's own count of ends."""

    def __init__(self, folder: Path) -> None:
        shared_in(folder, 0)
        super().__init__(edges=())
        self._count("sluis_worker_ends_total", by=0)
        self._folder = str(folder)
        self.registry = CollectorRegistry()
        MultiProcessCollector(self.registry, self._folder)  # type: ignore[no-untyped-call]

    def worker_ended(self, number: int) -> None:
        """Count the end of a worker that nobody asked for. Its sessions are no more; what it counted stays."""
        mark_process_dead(number, self._folder)  # type: ignore[no-untyped-call]
        self._count("sluis_worker_ends_total")


def shared_in(folder: Path, number: int) -> None:
    """Have the metrics that this process makes from now on count in `folder`, going on where worker `number` was.

    Making them raises OSError where the disk is full; counting never does.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.MmapedDict = _Roomy  # type: ignore[attr-defined, assignment]
    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]


def sender_domain(path: str) -> str:
    """The registrable domain of a reverse-path in lower case, `none` for the null sender, `other` for no DNS name.

    Never the local part, nor the subdomain, in which bulk senders put a number for each reader.
    """
    domain = path.rpartition("@")[2].strip("<> ").lower().removesuffix(".")
    if not domain:
        return NONE
    return site(domain) if _DOMAIN.fullmatch(domain) else OTHER


def _made(row: Metric, registry: CollectorRegistry) -> Counter | Gauge | Histogram:
    if row.type is Gauge:
        return Gauge(row.name, row.help, row.labels, registry=registry, multiprocess_mode=row.processes)
    if row.type is Histogram:
        return Histogram(row.name, row.help, row.labels, registry=registry, buckets=row.buckets)
    return Counter(row.name, row.help, row.labels, registry=registry)
