"""The counts as they stand, in the words and the order of the status page.

The metrics are the only source, so that page, `/status.json` and Prometheus cannot disagree. Pure: the samples and the
time come from the caller.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass

from prometheus_client.samples import Sample

from sluis.report import Action, Kind, Verdict
from sluis.status.words import milliseconds, number, octets, span

LONGEST = 8
"""Rows that a list shows before it sums up the rest in one more."""

# What each value of a label is called on the page.
VERDICTS: Mapping[str, str] = {
    Verdict.CLEANED: "cleaned",
    Verdict.CLEAN: "unchanged",
    Verdict.SKIPPED: "signed or encrypted, untouched",
    Verdict.FAILED: "cleaning failed, untouched",
}
KINDS: Mapping[str, str] = {
    Kind.OPEN_PIXEL: "tracking pixels",
    Kind.TRACKING_IMAGE: "counting images",
    Kind.CLICK_REDIRECT: "redirect links",
    Kind.LINK_PARAMS: "marked links",
    Kind.ADDRESS_LEAK: "addresses in URLs",
    Kind.READ_RECEIPT: "read receipts",
    Kind.REMOTE_IMAGE: "remote images",
    Kind.REMOTE_STYLE: "remote styles and fonts",
    Kind.ACTIVE_CONTENT: "active content",
    Kind.PREFETCH: "prefetches",
    Kind.MEDIA: "video and audio",
}
VENDORS: Mapping[str, str] = {"none": "no known vendor", "other": "other vendors"}
SENDERS: Mapping[str, str] = {"none": "bounces and notices", "other": "other domains"}
STAGES: Mapping[str, str] = {
    "parse": "reading a message",
    "size": "holding a message that is too big",
    "clean": "cleaning a message",
    "pool": "the cleaning processes",
    "upstream-connect": "reaching the mail server",
    "upstream": "the mail server, while it took mail",
    "store": "writing into the Maildir",
    "other": "something else",
}
REASONS: Mapping[str, str] = {
    "bare-newline": "a bare CR or LF",
    "nul": "a NUL octet",
    "size": "too big",
    "recipients": "too many recipients",
    "domain": "a domain we take no mail for",
    "loop": "a mail loop",
    "connections": "too many connections",
    "connections-per-address": "too many connections from one address",
    "timeout": "a client that fell silent",
    "session-timeout": "a session that would not end",
    "memory": "no memory left for more mail at a time",
    "tls-required": "no TLS",
    "login-required": "no login",
    "proxy-header": "a balancer that does not say for whom",
    "syntax": "bad syntax",
    "other": "something else",
}


@dataclass(frozen=True, slots=True)
class Row:
    """A name and its count. `share`, 0 to 1, is of the biggest row; of all rows where they are parts of a whole."""

    name: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Where something went wrong on this side, how often, and when last."""

    name: str
    count: int
    when: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything the page shows: counts, rows, and under `text` the phrases made of them."""

    ready: bool
    text: Mapping[str, str]
    messages: int
    stopped: int
    kept: int
    verdicts: tuple[Row, ...]
    kinds: tuple[Row, ...]
    vendors: tuple[Row, ...]
    senders: tuple[Row, ...]
    refused: tuple[Row, ...]
    troubles: tuple[Trouble, ...]

    def to_json(self) -> Mapping[str, object]:
        """The page as data, for its own updates and for scripts."""
        return asdict(self)


class _Series:
    """Samples by name, and sums over them."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._named: defaultdict[str, list[Sample]] = defaultdict(list)
        for sample in samples:
            self._named[sample.name].append(sample)

    def total(self, name: str, **labels: str) -> float:
        return sum(s.value for s in self._named[name] if labels.items() <= s.labels.items())

    def by(self, label: str, name: str, wanted: Callable[[Mapping[str, str]], bool] = lambda _: True) -> Counter[str]:
        sums: Counter[str] = Counter()
        for sample in self._named[name]:
            if wanted(sample.labels):
                sums[sample.labels[label]] += int(sample.value)
        return +sums

    @property
    def edges(self) -> set[str]:
        """The gates that are there, open or not."""
        return {sample.labels["edge"] for sample in self._named["sluis_sessions"]}

    def latest(self, label: str, name: str) -> Mapping[str, float]:
        return {sample.labels[label]: sample.value for sample in sorted(self._named[name], key=lambda s: s.value)}


def snapshot(samples: Iterable[Sample], now: float, not_ready: str | None) -> Snapshot:
    """What `samples` say at `now` (Unix time); `not_ready` is why no mail can be taken, None if it can."""
    series = _Series(samples)
    verdicts = series.by("verdict", "sluis_messages_total")
    found = series.by("action", "sluis_findings_total")
    stopped = found.total() - found[Action.KEPT]
    return Snapshot(
        ready=not_ready is None,
        text=_text(series, now, not_ready, stopped),
        messages=verdicts.total(),
        stopped=stopped,
        kept=found[Action.KEPT],
        verdicts=tuple(_part(VERDICTS[verdict], verdicts[verdict], verdicts.total()) for verdict in VERDICTS),
        kinds=_rows(series.by("kind", "sluis_findings_total", _acted_on), KINDS),
        vendors=_rows(series.by("vendor", "sluis_findings_total", _acted_on), VENDORS),
        senders=_rows(series.by("sender", "sluis_sender_findings_total", _tells), SENDERS),
        refused=_rows(series.by("reason", "sluis_refused_total"), REASONS),
        troubles=_troubles(series, now),
    )


def _text(series: _Series, now: float, not_ready: str | None, stopped: int) -> Mapping[str, str]:
    octets_in, octets_out = (series.total("sluis_octets_total", direction=way) for way in ("in", "out"))
    cleaned = series.total("sluis_cleaning_seconds_count")
    seconds = series.total("sluis_cleaning_seconds_sum")
    return {
        "state": _state(series, not_ready),
        "messages": number(series.total("sluis_messages_total")),
        "cleaned": number(series.total("sluis_messages_total", verdict=Verdict.CLEANED)),
        "stopped": number(stopped),
        "kept": number(series.total("sluis_findings_total", action=Action.KEPT)),
        "octets_in": octets(octets_in),
        "octets_out": octets(octets_out),
        "uptime": span(now - series.total("sluis_start_time_seconds")),
        "sessions": number(series.total("sluis_sessions")),
        "cleaning": milliseconds(seconds / cleaned) if cleaned else "–",
        "originals": number(series.total("sluis_originals_passed_total")),
    }


def _state(series: _Series, not_ready: str | None) -> str:
    """A gate for readers alone takes no mail."""
    reading = series.edges == {"imap"}
    if not_ready is None:
        return "Mail can be read" if reading else "Taking mail"
    return f"{'Mail cannot be read' if reading else 'Not taking mail'}: {not_ready}"


def _acted_on(labels: Mapping[str, str]) -> bool:
    return labels["action"] != Action.KEPT


def _tells(labels: Mapping[str, str]) -> bool:
    """A picture that is content says little of its sender's habits."""
    return labels["kind"] != Kind.REMOTE_IMAGE


def _rows(counts: Counter[str], names: Mapping[str, str]) -> tuple[Row, ...]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    shown = [(names.get(value, value), count) for value, count in ranked]
    if len(shown) > LONGEST + 1:
        rest = [count for _, count in shown[LONGEST:]]
        shown[LONGEST:] = [(f"{len(rest)} more", sum(rest))]
    biggest = max((count for _, count in shown), default=0)
    return tuple(_part(name, count, biggest) for name, count in shown)


def _troubles(series: _Series, now: float) -> tuple[Trouble, ...]:
    last = series.latest("stage", "sluis_last_failure_timestamp_seconds")
    counts = series.by("stage", "sluis_failures_total")
    recent = sorted(counts, key=lambda stage: (-last.get(stage, 0), stage))
    return tuple(Trouble(STAGES[stage], counts[stage], f"{span(now - last.get(stage, now))} ago") for stage in recent)


def _part(name: str, count: int, whole: int) -> Row:
    return Row(name, count, round(count / whole, 4) if whole else 0.0)
