"""What a person reads: rows, a sentence, and nothing a sender wrote that could steer a terminal."""

import io
from dataclasses import replace

from rich.console import Console

from sluis.explain import rows, sentence, table, whose
from sluis.report import Action, Finding, Kind, Report, Verdict


def finding(**values: object) -> Finding:
    given = {
        "kind": Kind.OPEN_PIXEL,
        "action": Action.REMOVED,
        "technique": "size",
        "vendor": "mailgun",
        "rule": "mailgun/open/0",
        "url": "https://email.kadebooks.example/o/1",
        "destination": None,
        "part": "1.2",
        "span": (10, 20),
        "confidence": 0.9,
        "why": "it is 1×1 pixels large",
    }
    return Finding(**{**given, **values})  # type: ignore[arg-type]


REDIRECT = finding(
    kind=Kind.CLICK_REDIRECT,
    action=Action.UNWRAPPED,
    technique="redirect",
    url="https://email.kadebooks.example/c/1",
    destination="https://www.kadebooks.example/books?page=2",
    why="it reports the click to mailgun before it leads on",
)
OPAQUE = finding(
    kind=Kind.CLICK_REDIRECT, vendor=None, action=Action.KEPT, url="https://u1.ct.sendgrid.net/ls/click?upn=1"
)


def report(*findings: Finding, verdict: Verdict = Verdict.CLEANED, reason: str | None = None, out: int = 900) -> Report:
    return Report(verdict, reason, 1000, out, findings)


def printed(shown: Report, width: int) -> str:
    file = io.StringIO()
    Console(file=file, width=width, markup=False, highlight=False, color_system=None).print(table(shown, width))
    return file.getvalue()


def test_what_findings_have_in_common_is_one_row_and_pixels_come_first() -> None:
    found = rows([REDIRECT, finding(), replace(REDIRECT, destination="https://b.example/"), REDIRECT])
    [(pixel, image), (redirect, places)] = found.items()
    assert (pixel.kind, pixel.whose, pixel.action) == (Kind.OPEN_PIXEL, "mailgun", Action.REMOVED)
    assert image == {"https://email.kadebooks.example/o/1": 1}
    assert (redirect.kind, redirect.how) == (Kind.CLICK_REDIRECT, REDIRECT.why)
    assert places == {"https://www.kadebooks.example/books?page=2": 2, "https://b.example/": 1}


def test_a_site_stands_in_for_a_vendor_nobody_knows() -> None:
    assert whose(finding(vendor=None, url="https://pulse.shelfmetrics.co.uk/b.gif")) == "shelfmetrics.co.uk"
    assert whose(finding(vendor=None, url=None)) == ""
    assert whose(finding(vendor=None, url="cid:1")) == ""


def test_sentences() -> None:
    assert sentence(report(verdict=Verdict.CLEAN, out=1000)) == (
        "This message tells nobody anything when it is opened or clicked: it passes octet for octet."
    )
    assert sentence(report(verdict=Verdict.SKIPPED, reason="signed")) == "This message was left as it is: signed."
    assert sentence(report(finding(), finding(), REDIRECT, OPAQUE)) == (
        "This message holds 2 tracking pixels and 2 redirect links, reporting to mailgun and sendgrid.net; "
        "3 taken out or unwrapped, 1 left as it was, 100 octets shorter."
    )
    assert sentence(report(finding(action=Action.KEPT), verdict=Verdict.CLEAN)).endswith("mailgun; it was left.")


def test_a_table_says_all_of_it() -> None:
    for width in (80, 200):
        text = " ".join(printed(report(finding(), REDIRECT), width).split())
        for word in ("tracking pixel", "mailgun", "removed", "1×1 pixels", "unwrapped", "www.kadebooks.example/books"):
            assert word in text


def test_a_table_is_no_wider_than_the_terminal() -> None:
    long = finding(destination="https://www.kadebooks.example/" + "a" * 500, why="b" * 300)
    for width in (60, 80, 119, 120, 200):
        assert max(len(line) for line in printed(report(long), width).splitlines()) <= width


def test_nothing_a_sender_writes_steers_the_terminal() -> None:
    evil = "\x1b]0;gotcha\x07\x9b2J\r\n\u202e[bold red]\u2028"
    shown = report(finding(vendor=None, url="https://a.example/" + evil, destination=evil, why=evil, technique=evil))
    for text in (printed(shown, 80), printed(shown, 200), sentence(report(reason=evil, verdict=Verdict.FAILED))):
        assert all(mark.isprintable() or mark == "\n" for mark in text)
    assert "[bold red]" in printed(shown, 200)
    assert "\\x1b" in printed(shown, 200)
