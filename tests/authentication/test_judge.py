"""The judge: side by side, within its budget whatever DNS does, and every verdict counted."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

import pytest
from tests.authentication.zone import MESSAGE, Zone, published, rsa_key, signed

from sluis.authentication.arc import Sealer
from sluis.authentication.judge import Judge
from sluis.authentication.question import Answer, Question
from sluis.authentication.verdict import Chain, Dmarc, Result, Signature, Spf, Verdicts
from sluis.metrics import Metrics

CLIENT = "192.0.2.7"
ZONE: Zone = published() | {
    Question("news.example"): (b"v=spf1 ip4:192.0.2.7 -all",),
    Question("_dmarc.news.example"): (b"v=DMARC1; p=reject",),
}
SEALER = Sealer("gate.example", "k", rsa_key())

Ask = Callable[[Question], Awaitable[Answer]]


def asking(zone: Zone) -> Ask:
    async def ask(question: Question) -> Answer:
        return zone.get(question, ())

    return ask


def judge(ask: Ask, metrics: Metrics | None = None, budget: float = 10, sealer: Sealer | None = None) -> Judge:
    return Judge("gate.example", budget, ask, metrics or Metrics(), "smtp", sealer)


async def judged(message: bytes, zone: Zone = ZONE, path: str = "ann@news.example") -> Verdicts:
    return await judge(asking(zone)).judge(message, CLIENT, "mx.news.example", path)


def count(metrics: Metrics, name: str, **labels: str) -> float:
    return metrics.registry.get_sample_value(name, {"edge": "smtp"} | labels) or 0.0


async def test_all_of_it() -> None:
    found = await judged(signed())
    mark = found.dkim[0].mark
    assert found == Verdicts(
        Spf(Result.PASS, "news.example"),
        (Signature(Result.PASS, "news.example", "k", "rsa-sha256", mark),),
        Dmarc(Result.PASS, "news.example", "reject"),
    )


@pytest.mark.parametrize(
    ("message", "path", "result"),
    [
        (signed(), "x@elsewhere.example", "pass"),
        (MESSAGE, "ann@news.example", "pass"),
        (MESSAGE, "x@elsewhere.example", "fail"),
        (signed().replace(b"reader,", b"reader!"), "x@elsewhere.example", "fail"),
        (signed(MESSAGE, "elsewhere.example"), "x@elsewhere.example", "fail"),
        (b"From: a@other.example\r\n" + signed(), "ann@news.example", "permerror"),
        (b"\r\nno header", "ann@news.example", "permerror"),
        (b"From: a@nowhere.example\r\n\r\n", "ann@news.example", "none"),
    ],
)
async def test_dmarc(message: bytes, path: str, result: str) -> None:
    assert (await judged(message, path=path)).dmarc.result == result


async def test_verdicts_are_counted() -> None:
    metrics = Metrics()
    await judge(asking(ZONE), metrics, sealer=SEALER).judge(signed(), CLIENT, "", "x@elsewhere.example")
    for mechanism, result in (("spf", "none"), ("dkim", "pass"), ("dmarc", "pass"), ("arc", "none")):
        assert count(metrics, "sluis_verdicts_total", mechanism=mechanism, result=result) == 1
    assert sum(sample.value for sample in metrics.samples() if sample.name == "sluis_verdict_overruns_total") == 0


async def test_dns_that_says_nothing_costs_the_budget_and_no_more() -> None:
    metrics = Metrics()

    async def silence(question: Question) -> Answer:
        await asyncio.Event().wait()
        return ()

    began = time.monotonic()
    found = await judge(silence, metrics, budget=0.2, sealer=SEALER).judge(signed(), CLIENT, "", "ann@news.example")
    assert time.monotonic() - began < 5
    assert (found.spf.result, found.dkim[0].result, found.dmarc.result) == ("temperror",) * 3
    assert found.arc == Chain(Result.NONE)
    for mechanism in ("spf", "dkim", "dmarc"):
        assert count(metrics, "sluis_verdict_overruns_total", mechanism=mechanism) == 1
        assert count(metrics, "sluis_verdicts_total", mechanism=mechanism, result="temperror") == 1


async def test_what_is_known_in_time_counts_though_other_things_are_not() -> None:
    async def slow_keys(question: Question) -> Answer:
        if "_domainkey" in question.name:
            await asyncio.Event().wait()
        return ZONE.get(question, ())

    found = await judge(slow_keys, budget=0.5).judge(signed(), CLIENT, "", "ann@news.example")
    assert (found.spf.result, found.dkim[0].result, found.dmarc.result) == ("pass", "temperror", "pass")


async def test_dns_that_breaks_is_no_verdict() -> None:
    async def broken(question: Question) -> Answer:
        raise RuntimeError(question.name)

    found = await judge(broken).judge(signed(), CLIENT, "", "ann@news.example")
    assert (found.spf.result, found.dkim[0].result, found.dmarc.result) == ("temperror",) * 3


async def test_nobody_has_two_hundred_questions_answered() -> None:
    asked: list[Question] = []

    async def endless(question: Question) -> Answer:
        asked.append(question)
        match question.kind:
            case "MX" | "PTR":
                return tuple(f"m{number}.{question.name}".encode() for number in range(10))
            case "TXT":
                return (b"v=spf1 " + b" ".join(b"mx:x%d.example" % number for number in range(10)) + b" -all",)
        return (b"203.0.113.1",)

    found = await judge(endless).judge(MESSAGE, CLIENT, "", "ann@news.example")
    assert found.spf.result == "fail"
    assert len([question for question in asked if question.kind != "TXT"]) == 110


async def test_a_seal_only_with_a_key() -> None:
    plain, sealing = judge(asking(ZONE)), judge(asking(ZONE), sealer=SEALER)
    found = await sealing.judge(signed(), CLIENT, "", "ann@news.example")
    assert await plain.sealed(MESSAGE, found) == MESSAGE
    message = await sealing.sealed(MESSAGE, found)
    assert message.startswith(b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=gate.example; s=k;")
    assert message.endswith(MESSAGE)


async def test_a_seal_that_is_not_made_in_time_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    metrics, hangs = Metrics(), threading.Event()
    judging = judge(asking(ZONE), metrics, budget=0.5, sealer=SEALER)
    found = await judging.judge(signed(), CLIENT, "", "ann@news.example")
    monkeypatch.setattr("sluis.authentication.arc.seal", lambda *_: hangs.wait(10))
    assert await judging.sealed(MESSAGE, found, spent=0.45) == MESSAGE
    hangs.set()
    assert count(metrics, "sluis_verdict_overruns_total", mechanism="arc") == 1


async def test_nothing_is_put_on_a_first_line_that_would_be_read_as_more_of_it() -> None:
    judging, message = judge(asking(ZONE), sealer=SEALER), b" ; dmarc=pass\r\n" + MESSAGE
    found = await judging.judge(message, CLIENT, "", "x@elsewhere.example")
    assert found.dmarc.result == "fail"
    assert await judging.sealed(judging.marked(message, found), found) == message


async def test_many_at_once() -> None:
    judging = judge(asking(ZONE))
    found = await asyncio.gather(*(judging.judge(signed(), CLIENT, "", "ann@news.example") for _ in range(50)))
    assert {each.dmarc.result.value for each in found} == {"pass"}
