"""The metrics: one table, exact lines, and labels that no sender can make grow or put a name into."""

import ast
import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

import sluis
from sluis.authentication.verdict import Result
from sluis.edge.admission import Full
from sluis.metrics import LABELS, TABLE, Capped, Closed, Metrics, sender_domain
from sluis.report import Action, Finding, Kind, Report, Verdict
from sluis.smtp.framing import Flaw

PIXEL = Finding(
    Kind.OPEN_PIXEL,
    Action.REMOVED,
    "vendor-path",
    "sendgrid",
    "r",
    "https://t.example/o?u=1",
    None,
    "1",
    (0, 1),
    1.0,
    "why",
)
LINK = replace(PIXEL, kind=Kind.CLICK_REDIRECT, action=Action.UNWRAPPED, technique="redirect", vendor=None)
MESSAGE = Report(Verdict.CLEANED, None, 900, 700, (PIXEL, LINK, LINK))


def lines(metrics: Metrics, name: str) -> list[str]:
    text, _ = metrics.exposition("")
    return [
        line for line in text.decode().splitlines() if re.match(rf"{name}[{{ ]", line) and not line.endswith(" 0.0")
    ]


class TestCounting:
    def test_a_message(self) -> None:
        metrics = Metrics()
        metrics.message("smtp", MESSAGE, "<bounce-17@mail.shop.example.co.uk>", 0.004)
        assert lines(metrics, "sluis_messages_total") == ['sluis_messages_total{edge="smtp",verdict="cleaned"} 1.0']
        assert lines(metrics, "sluis_octets_total") == [
            'sluis_octets_total{direction="in",edge="smtp"} 900.0',
            'sluis_octets_total{direction="out",edge="smtp"} 700.0',
        ]
        assert lines(metrics, "sluis_findings_total") == [
            'sluis_findings_total{action="removed",kind="open-pixel",technique="vendor-path",vendor="sendgrid"} 1.0',
            'sluis_findings_total{action="unwrapped",kind="click-redirect",technique="redirect",vendor="none"} 2.0',
        ]
        assert lines(metrics, "sluis_sender_findings_total") == [
            'sluis_sender_findings_total{kind="open-pixel",sender="example.co.uk"} 1.0',
            'sluis_sender_findings_total{kind="click-redirect",sender="example.co.uk"} 2.0',
        ]
        assert lines(metrics, "sluis_cleaning_seconds_sum") == ['sluis_cleaning_seconds_sum{edge="smtp"} 0.004']
        assert lines(metrics, "sluis_cleaning_seconds_bucket")[0] == (
            'sluis_cleaning_seconds_bucket{edge="smtp",le="0.005"} 1.0'
        )

    def test_the_way_to_the_server_behind(self) -> None:
        metrics = Metrics()
        metrics.relayed("smtp", 0.2)
        for code in (250, 251, 354, 421, 550, None):
            metrics.upstream_reply("smtp", "data", code)
        assert lines(metrics, "sluis_relay_seconds_count") == ['sluis_relay_seconds_count{edge="smtp"} 1.0']
        assert lines(metrics, "sluis_upstream_replies_total") == [
            'sluis_upstream_replies_total{command="data",edge="smtp",reply="2xx"} 2.0',
            'sluis_upstream_replies_total{command="data",edge="smtp",reply="3xx"} 1.0',
            'sluis_upstream_replies_total{command="data",edge="smtp",reply="4xx"} 1.0',
            'sluis_upstream_replies_total{command="data",edge="smtp",reply="5xx"} 1.0',
            'sluis_upstream_replies_total{command="data",edge="smtp",reply="none"} 1.0',
        ]

    def test_sessions_rise_and_fall(self) -> None:
        metrics = Metrics()
        with metrics.session("smtp"), metrics.session("smtp"):
            assert lines(metrics, "sluis_sessions") == ['sluis_sessions{edge="smtp"} 2.0']
        assert lines(metrics, "sluis_sessions") == []

    def test_what_goes_wrong(self) -> None:
        metrics = Metrics()
        metrics.failure("smtp", "pool")
        metrics.original_passed("smtp")
        metrics.refused("smtp", "size")
        assert lines(metrics, "sluis_failures_total") == ['sluis_failures_total{edge="smtp",stage="pool"} 1.0']
        assert lines(metrics, "sluis_originals_passed_total") == ['sluis_originals_passed_total{edge="smtp"} 1.0']
        assert lines(metrics, "sluis_refused_total") == ['sluis_refused_total{edge="smtp",reason="size"} 1.0']
        (last,) = lines(metrics, "sluis_last_failure_timestamp_seconds")
        (start,) = lines(metrics, "sluis_start_time_seconds")
        assert float(last.split()[1]) >= float(start.split()[1]) > 1.7e9

    def test_what_runs(self) -> None:
        (line,) = lines(Metrics(), "sluis_build_info")
        assert re.fullmatch(r'sluis_build_info\{python="3\.\d+\.\d+\S*",version="\d+\.\d+\.\d+\S*"\} 1\.0', line)

    def test_a_rate_sees_the_first_event_of_every_edge(self) -> None:
        metrics = Metrics(edges=("smtp", "imap"))
        text = metrics.exposition("")[0].decode()
        for edge in ("smtp", "imap"):
            assert f'sluis_failures_total{{edge="{edge}",stage="upstream-connect"}} 0.0\n' in text
            assert f'sluis_messages_total{{edge="{edge}",verdict="failed"}} 0.0\n' in text
            assert f'sluis_relay_seconds_count{{edge="{edge}"}} 0.0\n' in text

    def test_two_do_not_share_a_registry_unless_told(self) -> None:
        one, other = Metrics(), Metrics(shared := CollectorRegistry())
        one.refused("smtp", "nul")
        assert lines(other, "sluis_refused_total") == []
        assert other.registry is shared


class TestTable:
    def test_it_declares_all_that_is_exposed(self) -> None:
        families = list(read_text(Metrics().exposition("")[0].decode()))
        assert {family.name for family in families} == {row.name.removesuffix("_total") for row in TABLE}
        assert {family.documentation for family in families} == {row.help for row in TABLE}

    def test_every_label_is_closed_or_capped(self) -> None:
        assert {label for row in TABLE for label in row.labels} == set(LABELS)

    def test_names_and_helps_keep_to_the_conventions(self) -> None:
        text, _ = Metrics().exposition("")
        lint = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
        assert (lint.returncode, lint.stdout, lint.stderr) == (0, b"", b"")

    def test_buckets_rise(self) -> None:
        for row in TABLE:
            assert list(row.buckets) == sorted(set(row.buckets))


class TestExposition:
    OPEN = "application/openmetrics-text; version=1.0.0; charset=utf-8"
    TEXT = "text/plain; version=0.0.4; charset=utf-8"

    @pytest.mark.parametrize(
        ("accept", "media_type"),
        [
            ("", TEXT),
            ("*/*", TEXT),
            ("text/html, application/xhtml+xml;q=0.9", TEXT),
            ("text/plain;version=nonsense", TEXT),
            ("application/openmetrics-text", OPEN),
            ("application/openmetrics-text;version=1.0.0;q=0.6,text/plain;version=0.0.4;q=0.2", OPEN),
            ("application/openmetrics-text; version=nonsense; escaping=nonsense", OPEN),
        ],
    )
    def test_the_format_is_the_one_asked_for(self, accept: str, media_type: str) -> None:
        metrics = Metrics()
        metrics.message("smtp", MESSAGE, "a@b.example", 1)
        text, said = metrics.exposition(accept)
        assert said == media_type
        families = list((read_openmetrics if media_type == self.OPEN else read_text)(text.decode()))
        assert len(families) == len(TABLE)
        assert text.endswith(b"# EOF\n") == (media_type == self.OPEN)


class TestBounds:
    """What an outsider writes may neither grow the metrics nor be read in them."""

    TOKEN = "tok9f8e7d6c5b4a39f8e7d6c5b4a3"

    def hostile(self, number: int) -> Finding:
        name = f"{self.TOKEN}{number}"
        return Finding(
            Kind.OPEN_PIXEL,
            Action.REMOVED,
            f"via {name}",
            f"{name}.example",
            name,
            f"https://x/{name}",
            name,
            name,
            (0, 1),
            1,
            name,
        )

    def test_ten_thousand_hostile_values(self) -> None:
        metrics = Metrics(vendors=("sendgrid",))
        before = len(list(metrics.samples()))
        for number in range(10_000):
            report = Report(Verdict.CLEANED, f"reason {number}", 1, 1, (self.hostile(number),))
            metrics.message(f"edge{number}", report, f"bob+{number}@{self.TOKEN}.host{number}.example", 0.1)
            metrics.failure("smtp", f"stage{number}")
            metrics.refused("smtp", f"reason{number}")
            metrics.upstream_reply("smtp", f"command{number}", number)
        grown = Counter(sample.name for sample in metrics.samples())
        assert grown["sluis_sender_findings_total"] == 201
        assert grown["sluis_findings_total"] == 1
        assert sum(grown.values()) - before < 201 + 100
        assert self.TOKEN.encode() not in metrics.exposition("")[0]

    def test_vendors_and_techniques_of_the_right_shape_are_capped_too(self) -> None:
        metrics = Metrics()
        letters = "abcdefghijklmnopqrstuvwxyz"
        for number in range(10_000):
            name = "".join(letters[number // 26**place % 26] for place in range(4))
            finding = replace(PIXEL, technique=name, vendor=f"v{number}")
            metrics.message("smtp", Report(Verdict.CLEANED, None, 1, 1, (finding,)), "", 0.1)
        techniques, vendors = (
            {s.labels.get(label) for s in metrics.samples()} - {None} for label in ("technique", "vendor")
        )
        assert (len(techniques), len(vendors)) == (64 + 1, 500 + 1)

    @given(st.lists(st.text(st.characters(exclude_categories=())), min_size=6, max_size=6), st.none() | st.integers())
    def test_nothing_that_is_counted_raises(self, words: list[str], code: int | None) -> None:
        """Between the reply of the server behind and the client nothing may come."""
        metrics = Metrics()
        edge, sender, *others = words
        finding = replace(PIXEL, technique=others[0], vendor=others[1])
        metrics.message(edge, Report(Verdict.CLEANED, others[2], 1, 1, (finding,)), sender, 0.1)
        metrics.upstream_reply(edge, others[3], code)
        metrics.relayed(edge, 0.1)
        metrics.failure(edge, others[0])
        metrics.refused(edge, others[1])
        metrics.verdict(edge, others[2], others[3])
        metrics.original_passed(edge)

    def test_capped_values_keep_their_place(self) -> None:
        metrics = Metrics()
        for number in range(300):
            metrics.message("smtp", MESSAGE, f"a@d{number}.example", 0)
        metrics.message("smtp", MESSAGE, "a@d199.example", 0)
        metrics.message("smtp", MESSAGE, "", 0)
        counted = {
            line.rsplit('"', 2)[1]: line.rsplit(" ")[1] for line in lines(metrics, "sluis_sender_findings_total")[::2]
        }
        assert (counted["d199.example"], counted["other"], counted["none"]) == ("2.0", "100.0", "1.0")

    @pytest.mark.parametrize("rule", [rule for rule in LABELS.values() if isinstance(rule, Capped)])
    @given(text=st.text(max_size=300))
    @settings(max_examples=300)
    def test_no_shape_lets_an_address_or_a_url_pass(self, rule: Capped, text: str) -> None:
        if rule.shape.fullmatch(text):
            assert re.fullmatch(r"[A-Za-z0-9._+!-]{1,253}", text)

    def test_closed_values_are_plain_words(self) -> None:
        words = [value for rule in LABELS.values() if isinstance(rule, Closed) for value in rule.values]
        assert all(re.fullmatch(r"[a-z0-9-]+", word) for word in words)


def counted() -> Iterator[tuple[str, str]]:
    """Each label and the value that the package's own source gives it in so many letters."""
    labels = {
        "refused": ("edge", "reason"),
        "failure": ("edge", "stage"),
        "upstream_reply": ("edge", "command"),
        "CleaningError": ("stage",),
        "verdict": ("edge", "mechanism"),
        "_found": ("mechanism",),
    }
    for path in Path(sluis.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name), args=args) if name in labels:
                    given = [arg.value if isinstance(arg, ast.Constant) else None for arg in args]
                    yield from ((label, value) for label, value in zip(labels[name], given, strict=False) if value)


def test_nothing_that_sluis_counts_itself_is_other() -> None:
    words = [
        *counted(),
        *(("reason", flaw) for flaw in Flaw),
        *(("reason", full) for full in Full),
        *(("result", each) for each in Result),
    ]
    assert {label for label, _ in words} >= {"reason", "stage", "command", "mechanism"}
    assert [(label, word) for label, word in words if word not in LABELS[label].values] == []


class TestSenderDomain:
    @pytest.mark.parametrize(
        ("path", "domain"),
        [
            ("<bob@Example.ORG.>", "example.org"),
            ("bob@reader4711.bounces.shop.co.uk", "shop.co.uk"),
            ('"a@b"@example.org', "example.org"),
            ("@relay.example:bob@example.org", "example.org"),
            ("example.org", "example.org"),
            ("bob@xn--bcher-kva.example", "xn--bcher-kva.example"),
            ("", "none"),
            ("<>", "none"),
            ("bob@[192.0.2.1]", "other"),
            ("bob@localhost", "other"),
            ("bob@192.0.2.1", "other"),
            ("bob@bücher.example", "other"),
            ("bob@a..example", "other"),
            ("bob@" + "a." * 200 + "example", "other"),
        ],
    )
    def test_it_is_all_that_is_kept(self, path: str, domain: str) -> None:
        assert sender_domain(path) == domain

    @given(st.text())
    def test_no_path_raises(self, path: str) -> None:
        assert LABELS["sender"].shape.fullmatch(domain := sender_domain(path)) or domain in {"none", "other"}
