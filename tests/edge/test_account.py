"""What is said of a message that passed: nothing that a sender could make say more than it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.edge.account import account, logged
from sluis.report import Action, Finding, Kind, Report, Verdict


def finding(kind: Kind, action: Action) -> Finding:
    return Finding(kind, action, "known-host", None, None, "https://t.example/", None, "1", (0, 1), 1.0, "")


FOUND = (
    finding(Kind.CLICK_REDIRECT, Action.UNWRAPPED),
    finding(Kind.OPEN_PIXEL, Action.REMOVED),
    finding(Kind.CLICK_REDIRECT, Action.UNWRAPPED),
    finding(Kind.CLICK_REDIRECT, Action.KEPT),
)


@pytest.mark.parametrize(
    ("report", "field"),
    [
        (Report(Verdict.CLEANED, None, 9, 7, FOUND), b"X-Sluis: cleaned; pixels=1 links=2\r\n"),
        (Report(Verdict.CLEAN, None, 9, 9), b"X-Sluis: clean\r\n"),
        (Report(Verdict.SKIPPED, "signed", 9, 9), b"X-Sluis: skipped; reason=signed\r\n"),
        (
            Report(Verdict.FAILED, "internal error: KeyError", 9, 9),
            b"X-Sluis: original; reason=internal-error-keyerror\r\n",
        ),
        (Report(Verdict.FAILED, "too-deep", 9, 7, FOUND), b"X-Sluis: partly; reason=too-deep\r\n"),
        (Report(Verdict.FAILED, None, 9, 9), b"X-Sluis: original; reason=unknown\r\n"),
    ],
)
def test_a_word_and_counts(report: Report, field: bytes) -> None:
    assert account(report) == field


@given(st.sampled_from(list(Verdict)), st.none() | st.text())
def test_no_reason_adds_a_line_or_a_field(verdict: Verdict, reason: str | None) -> None:
    field = account(Report(verdict, reason, 1, 1))
    assert field.startswith(b"X-Sluis: ")
    assert field.index(b"\r\n") == len(field) - 2
    assert field.count(b"=") <= 1


def test_the_log_has_counts_alone() -> None:
    assert logged(Report(Verdict.CLEANED, None, 9, 7, FOUND), 0.00123) == {
        "verdict": "cleaned",
        "findings": 4,
        "pixels": 1,
        "links": 2,
        "octets_in": 9,
        "octets_out": 7,
        "cleaning_ms": 1.2,
    }
