"""The status page's counts: what the metrics hold, summed, named, ranked and cut to length."""

import json

import pytest

from sluis.metrics import LABELS, Closed, Metrics
from sluis.report import Action, Finding, Kind, Report, Verdict
from sluis.status.snapshot import KINDS, LONGEST, REASONS, STAGES, VERDICTS, Row, Trouble, snapshot


def finding(kind: Kind, action: Action, vendor: str | None = "sendgrid") -> Finding:
    return Finding(kind, action, "technique", vendor, None, None, None, "1", (0, 1), 1.0, "why")


def counted(metrics: Metrics, *findings: Finding, sender: str = "a@shop.example") -> None:
    verdict = Verdict.CLEANED if findings else Verdict.CLEAN
    metrics.message("smtp", Report(verdict, None, 2_000, 1_000, findings), sender, 0.25)


def started(metrics: Metrics) -> float:
    return next(sample.value for sample in metrics.samples() if sample.name == "sluis_start_time_seconds")


def closed(label: str) -> frozenset[str]:
    rule = LABELS[label]
    assert isinstance(rule, Closed)
    return rule.values


def test_every_closed_value_has_a_name() -> None:
    assert set(VERDICTS) == closed("verdict")
    assert set(KINDS) == closed("kind")
    assert set(STAGES) == closed("stage") | {"other"}
    assert set(REASONS) == closed("reason") | {"other"}


def test_before_the_first_message() -> None:
    metrics = Metrics()
    page = snapshot(metrics.samples(), started(metrics) + 7_300, None)
    assert page.ready
    assert page.text == {
        "state": "Taking mail",
        "messages": "0",
        "cleaned": "0",
        "stopped": "0",
        "kept": "0",
        "octets_in": "0 octets",
        "octets_out": "0 octets",
        "uptime": "2 hours",
        "sessions": "0",
        "cleaning": "–",
        "originals": "0",
    }
    assert [row.count for row in page.verdicts] == [0, 0, 0, 0]
    assert page.kinds == page.vendors == page.senders == page.refused == page.troubles == ()


@pytest.mark.parametrize(
    ("edges", "not_ready", "state"),
    [
        (("smtp",), None, "Taking mail"),
        (("imap",), None, "Mail can be read"),
        (("imap",), "the IMAP gate is closed", "Mail cannot be read: the IMAP gate is closed"),
        (("smtp", "imap"), "the IMAP gate is closed", "Not taking mail: the IMAP gate is closed"),
    ],
)
def test_the_state_is_that_of_the_gates_there_are(edges: tuple[str, ...], not_ready: str | None, state: str) -> None:
    assert snapshot(Metrics(edges=edges).samples(), 0, not_ready).text["state"] == state


def test_what_is_kept_was_not_stopped() -> None:
    metrics = Metrics()
    pixel, link = finding(Kind.OPEN_PIXEL, Action.REMOVED), finding(Kind.CLICK_REDIRECT, Action.UNWRAPPED, None)
    counted(metrics, pixel, link, link, finding(Kind.CLICK_REDIRECT, Action.KEPT, "braze"))
    counted(metrics, sender="")
    page = snapshot(metrics.samples(), 0, None)
    assert (page.messages, page.stopped, page.kept) == (2, 3, 1)
    assert page.kinds == (Row("redirect links", 2, 1.0), Row("tracking pixels", 1, 0.5))
    assert page.vendors == (Row("no known vendor", 2, 1.0), Row("sendgrid", 1, 0.5))
    assert page.senders == (Row("shop.example", 4, 1.0),)
    assert page.verdicts[:2] == (Row("cleaned", 1, 0.5), Row("unchanged", 1, 0.5))
    assert (page.text["octets_in"], page.text["octets_out"], page.text["cleaning"]) == ("4.0 kB", "2.0 kB", "250 ms")


def test_content_pictures_rank_no_sender() -> None:
    metrics = Metrics()
    counted(metrics, finding(Kind.REMOTE_IMAGE, Action.BLANKED))
    page = snapshot(metrics.samples(), 0, None)
    assert page.senders == ()
    assert page.kinds == (Row("remote images", 1, 1.0),)


def test_a_long_list_is_summed_up() -> None:
    metrics = Metrics()
    for place in range(12):
        for _ in range(12 - place):
            counted(metrics, finding(Kind.OPEN_PIXEL, Action.REMOVED), sender=f"a@shop{place:02}.example")
    *rows, rest = snapshot(metrics.samples(), 0, None).senders
    assert [(row.name, row.count) for row in rows] == [
        (f"shop{place:02}.example", 12 - place) for place in range(LONGEST)
    ]
    assert (rest.name, rest.count) == ("4 more", 4 + 3 + 2 + 1)


def test_one_row_more_is_not_summed_up() -> None:
    metrics = Metrics()
    for place in range(LONGEST + 1):
        counted(metrics, finding(Kind.OPEN_PIXEL, Action.REMOVED), sender=f"a@shop{place}.example")
    assert [row.name for row in snapshot(metrics.samples(), 0, None).senders] == [
        f"shop{place}.example" for place in range(LONGEST + 1)
    ]


def test_troubles_stand_latest_first() -> None:
    metrics = Metrics()
    for stage in ("upstream-connect", "clean", "upstream-connect", "nonsense"):
        metrics.failure("smtp", stage)
    page = snapshot(metrics.samples(), started(metrics) + 61, "the mail server does not answer")
    assert not page.ready
    assert page.text["state"] == "Not taking mail: the mail server does not answer"
    assert page.troubles == (
        Trouble("something else", 1, "1 minute ago"),
        Trouble("reaching the mail server", 2, "1 minute ago"),
        Trouble("cleaning a message", 1, "1 minute ago"),
    )


def test_it_is_plain_data() -> None:
    metrics = Metrics()
    counted(metrics, finding(Kind.OPEN_PIXEL, Action.REMOVED))
    page = snapshot(metrics.samples(), 0, None).to_json()
    assert json.loads(json.dumps(page))["kinds"] == [{"name": "tracking pixels", "count": 1, "share": 1.0}]
