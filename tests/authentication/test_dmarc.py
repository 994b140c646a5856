"""DMARC: where the policy stands, what is aligned with it, and what cannot be known."""

from functools import partial

import pytest
from tests.authentication.zone import known

from sluis.authentication import dmarc
from sluis.authentication.question import Answer, Question
from sluis.authentication.verdict import Dmarc, Result, Signature, Spf

NO_SPF = Spf(Result.NONE)


def published(domain: str, **texts: Answer) -> tuple[dict[str, str], str] | None:
    """The policy for `domain`; the texts stand at names with _ for each dot."""
    zone = {Question(f"_dmarc.{name.replace('_', '.')}"): answer for name, answer in texts.items()}
    return known(partial(dmarc.published, domain), zone)


@pytest.mark.parametrize(
    ("texts", "policy"),
    [
        ({}, ""),
        ({"news_example": (b"v=DMARC1; p=reject",)}, "reject"),
        ({"mail_news_example": (b"v=DMARC1; p=none",), "news_example": (b"v=DMARC1; p=reject",)}, "none"),
        ({"news_example": (b"v=DMARC1; p=reject; sp=quarantine",)}, "quarantine"),
        ({"mail_news_example": (b"v=DMARC1; p=reject; sp=none",)}, "reject"),
        ({"mail_news_example": (b"hello", b"v=DMARC1;p=reject;")}, "reject"),
        ({"mail_news_example": (b"v=DMARC1; p=reject", b"v=DMARC1; p=none")}, ""),
        ({"mail_news_example": (b"v=DMARC1; p=perhaps",)}, ""),
        ({"mail_news_example": (b"v=DMARC1; p=perhaps; rua=mailto:a@b.example",)}, "none"),
        ({"mail_news_example": (b"v=DMARC1; p",)}, ""),
        ({"mail_news_example": (b"v=DMARC1; p=\xff",)}, ""),
        ({"example": (b"v=DMARC1; p=reject",)}, ""),
    ],
)
def test_where_the_policy_stands(texts: dict[str, Answer], policy: str) -> None:
    found = published("mail.news.example", **texts)
    assert found is not None
    assert found[1] == policy


def test_no_answer() -> None:
    assert published("mail.news.example", mail_news_example=None) is None
    assert published("mail.news.example", news_example=None) is None
    assert dmarc.judged("news.example", None, NO_SPF, ()) == Dmarc(Result.TEMPERROR, "news.example")


def test_no_author_and_no_policy() -> None:
    assert dmarc.judged(None, ({}, ""), Spf(Result.PASS, "news.example"), ()) == Dmarc(Result.PERMERROR)
    assert dmarc.judged("a.example", ({}, ""), Spf(Result.PASS, "a.example"), ()) == Dmarc(Result.NONE, "a.example")


@pytest.mark.parametrize(
    ("record", "spf", "signer", "result"),
    [
        ({}, "news.example", "", "pass"),
        ({}, "bounce.news.example", "", "pass"),
        ({}, "example", "", "fail"),
        ({}, "othernews.example", "", "fail"),
        ({"aspf": "s"}, "bounce.news.example", "", "fail"),
        ({"aspf": "S"}, "news.example", "", "pass"),
        ({}, "", "mail.news.example", "pass"),
        ({"adkim": "s"}, "", "mail.news.example", "fail"),
        ({"adkim": "s"}, "", "news.example", "pass"),
        ({}, "elsewhere.example", "elsewhere.example", "fail"),
    ],
)
def test_alignment(record: dict[str, str], spf: str, signer: str, result: str) -> None:
    signatures = [Signature(Result.PASS, signer)] if signer else []
    policy = {"v": "DMARC1", "p": "reject"} | record, "reject"
    found = dmarc.judged("news.example", policy, Spf(Result.PASS, spf), signatures)
    assert (found.result, found.domain, found.policy) == (result, "news.example", "reject")


@pytest.mark.parametrize("result", Result)
def test_only_a_pass_passes(result: Result) -> None:
    policy = {"v": "DMARC1", "p": "none"}, "none"
    wanted = {Result.PASS: Result.PASS, Result.TEMPERROR: Result.TEMPERROR}.get(result, Result.FAIL)
    assert dmarc.judged("a.example", policy, Spf(result, "a.example"), ()).result is wanted
    assert dmarc.judged("a.example", policy, NO_SPF, [Signature(result, "a.example")]).result is wanted
