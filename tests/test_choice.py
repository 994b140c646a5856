"""Which policy a message gets: the first row that fits, the strictest of several recipients, and no word on trust."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.choice import Choice, Row
from sluis.envelope import Envelope
from sluis.policy import POLICIES, strictest

AUDIT, BALANCED, STRICT, SIMPLE = (POLICIES[name] for name in ("audit", "balanced", "strict", "simple"))
ROWS = (
    Row(STRICT, recipient="*@board.example.org"),
    Row(AUDIT, recipient="test@example.org"),
    Row(SIMPLE, recipient="example.net", sender="*.shop.example"),
    Row(AUDIT, sender="news.example.com"),
    Row(STRICT, sender="boss@firm.example"),
    Row(AUDIT, list_id="dev.lists.example"),
    Row(STRICT, list_id="*.ads.example"),
)
TABLE = Choice(BALANCED, ROWS, frozenset({"mx.example.org"}))
PASS = "Authentication-Results: mx.example.org; dkim=pass header.d={}\r\n"


def message(header: str) -> bytes:
    return (header + "Subject: x\r\n\r\nFrom: news@news.example.com\r\n").encode()


def chosen(header: str, *recipients: str, table: Choice = TABLE) -> str:
    return table.of(message(header), Envelope("", recipients)).name


@pytest.mark.parametrize(
    ("recipients", "policy"),
    [
        ([], "balanced"),
        (["ann@example.org"], "balanced"),
        (["Ann@Board.Example.ORG"], "strict"),
        (["ann@a.board.example.org"], "balanced"),
        (["TEST@example.org"], "audit"),
        (["atest@example.org"], "balanced"),
        (["test@example.org", "ann@example.org"], "balanced"),
        (["test@example.org", "ann@board.example.org"], "strict"),
        (["test@example.org", "test@example.org"], "audit"),
        (["odd@at@board.example.org"], "strict"),
        (["postmaster"], "balanced"),
        ([""], "balanced"),
    ],
)
def test_recipients(recipients: list[str], policy: str) -> None:
    assert chosen("From: a@b.example\r\n", *recipients) == policy


NEWS = "From: News <news@news.example.com>\r\n"
DEV = "From: a@b.example\r\nList-Id: Dev <dev.lists.example>\r\n"


@pytest.mark.parametrize(
    ("header", "policy"),
    [
        (NEWS, "balanced"),
        (PASS.format("news.example.com") + NEWS, "audit"),
        (PASS.format("mail.example.com") + NEWS, "audit"),
        (PASS.format("example.net") + NEWS, "balanced"),
        (PASS.format("com") + NEWS, "balanced"),
        (PASS.replace("mx.", "my.").format("example.com") + NEWS, "balanced"),
        (PASS.replace("pass", "fail").format("example.com") + NEWS, "balanced"),
        ("Authentication-Results: mx.example.org; dmarc=pass header.from=news.example.com\r\n" + NEWS, "audit"),
        ("Authentication-Results: mx.example.org; dmarc=pass header.from=example.com\r\n" + NEWS, "balanced"),
        (
            "Authentication-Results: mx.example.org; dkim=pass header.d=example.com;\r\n"
            " dmarc=fail header.from=news.example.com\r\n" + NEWS,
            "balanced",
        ),
        ("Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=news.example.com\r\n" + NEWS, "balanced"),
        (PASS.format("example.com") + NEWS + "From: other@evil.example\r\n", "balanced"),
        ("From: boss@firm.example\r\n", "strict"),
        ("From: clerk@firm.example\r\n", "balanced"),
        (DEV, "balanced"),
        (PASS.format("lists.example") + DEV, "audit"),
        (PASS.format("b.example") + DEV, "balanced"),
        ("Authentication-Results: mx.example.org; dmarc=pass header.from=b.example\r\n" + DEV, "balanced"),
        ("List-Id: <x.ads.example>\r\n", "strict"),
    ],
)
def test_claims(header: str, policy: str) -> None:
    assert chosen(header, "ann@example.org") == policy


def test_all_that_a_row_names_must_fit() -> None:
    assert chosen("From: a@eu.shop.example\r\n", "ann@example.net") == "simple"
    assert chosen("From: a@eu.shop.example\r\n", "ann@example.org") == "balanced"
    assert chosen("From: a@shop.example\r\n", "ann@example.net") == "balanced"


def test_a_forged_claim_does_not_keep_a_later_row_away() -> None:
    rows = (Row(AUDIT, sender="news.example.com"), Row(STRICT, recipient="example.org"))
    table = Choice(BALANCED, rows, frozenset({"mx.example.org"}))
    assert chosen(NEWS, "ann@example.org", table=table) == "strict"
    assert chosen(PASS.format("example.com") + NEWS, "ann@example.org", table=table) == "audit"


def test_a_claim_that_tightens_needs_no_proof() -> None:
    rows = (Row(STRICT, sender="news.example.com"), Row(AUDIT, recipient="example.org"))
    assert chosen(NEWS, "ann@example.org", table=Choice(BALANCED, rows)) == "strict"
    assert chosen("From: a@b.example\r\n", "ann@example.org", table=Choice(BALANCED, rows)) == "audit"


def test_brackets_mean_themselves() -> None:
    table = Choice(BALANCED, (Row(STRICT, recipient="*@[192.0.2.1]"),))
    assert chosen("", "ann@[192.0.2.1]", table=table) == "strict"
    assert chosen("", "ann@1", table=table) == "balanced"


def test_fitted_reaches_every_policy() -> None:
    fitted = TABLE.fitted()
    assert fitted.default.fit
    assert all(row.policy.fit for row in fitted.rows)
    assert [row.policy.name for row in fitted.rows] == [row.policy.name for row in ROWS]


def test_it_can_be_handed_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(TABLE)) == TABLE


@given(st.binary(max_size=300), st.lists(st.text(max_size=20), max_size=3))
def test_no_message_raises(raw: bytes, recipients: list[str]) -> None:
    assert TABLE.of(b"Authentication-Results: mx.example.org; dkim=" + raw, Envelope("", tuple(recipients))) in (
        BALANCED,
        STRICT,
        SIMPLE,
    )
    assert TABLE.of(b"From: " + raw + b"\r\nList-Id: " + raw).name in POLICIES


NAMES = st.sampled_from(["news.example.com", "b.example", "*.example", "*"])
ANY_ROW = st.builds(
    Row,
    policy=st.sampled_from(list(POLICIES.values())),
    recipient=st.none() | st.sampled_from(["example.org", "*", "ann@*"]),
    sender=st.none() | NAMES,
    list_id=st.none() | NAMES,
)
RECIPIENTS = st.lists(st.sampled_from(["ann@example.org", "bob@example.org", "ann@b.example"]), min_size=1, max_size=3)


@given(st.lists(ANY_ROW, max_size=5), st.sampled_from(list(POLICIES.values())), RECIPIENTS, NAMES.filter(str.isascii))
def test_a_forgery_gains_nothing(rows: list[Row], default: object, recipients: list[str], name: str) -> None:
    """Whatever a message claims unproven, it is treated at least as strictly as one that claims nothing."""
    assert default in POLICIES.values()
    table = Choice(default, tuple(rows), frozenset({"mx.example.org"}))  # type: ignore[arg-type]
    envelope = Envelope("", tuple(recipients))
    plain = table.of(message(""), envelope)
    forged = table.of(message(f"From: a@{name}\r\nList-Id: <{name}>\r\n"), envelope)
    assert strictest((forged, plain)) == forged


@given(st.lists(ANY_ROW, max_size=5), RECIPIENTS)
def test_several_recipients_get_the_strictest_of_theirs(rows: list[Row], recipients: list[str]) -> None:
    table = Choice(BALANCED, tuple(rows))
    raw = message(NEWS)
    alone = [table.of(raw, Envelope("", (recipient,))) for recipient in recipients]
    assert table.of(raw, Envelope("", tuple(recipients))) == strictest(alone)
