"""ARC: what dkimpy has sealed holds here, what is sealed here holds there, and nothing holds that was changed."""

from functools import partial

import dkim
import pytest
from tests.authentication.zone import MESSAGE, Zone, known, pem, published, rsa_key, signed

from sluis.authentication import arc
from sluis.authentication.question import Question
from sluis.authentication.results import findings, marked
from sluis.authentication.verdict import Chain, Dmarc, Result, Signature, Spf, Verdicts

ZONE = published("gate.example") | published("list.example") | published("other.example")
NAME = "gate.example"
VERDICTS = Verdicts(
    Spf(Result.NONE), (Signature(Result.PASS, "news.example", "k", "rsa-sha256"),), Dmarc(Result.NONE, "news.example")
)
SEALER = arc.Sealer("gate.example", "k", rsa_key())
NOW = 1_790_000_000
ANSWERS = {f"{question.name}.".encode(): answer[0] for question, answer in ZONE.items() if answer}


def judged(message: bytes, zone: Zone = ZONE) -> Chain:
    return known(partial(arc.judged, message), zone)


def sealed(message: bytes, chain: Chain | None = None) -> bytes:
    """`message` with our findings and our seal on top."""
    message = marked(message, NAME, VERDICTS)
    return arc.seal(message, chain or judged(message), findings(NAME, VERDICTS), SEALER, NOW) + message


def theirs(message: bytes, domain: bytes = b"list.example") -> bytes:
    """`message` with a seal of dkimpy's for `domain`."""
    state = b"pass" if b"\r\nARC-Seal" in b"\r\n" + message else b"none"
    message = (
        b"Authentication-Results: " + domain + b"; arc=" + state + b"; dkim=pass header.d=news.example\r\n" + message
    )
    fields: list[bytes] = dkim.arc_sign(message, b"k", domain, pem(rsa_key()), domain)
    return b"".join(fields) + message


def held_there(message: bytes) -> str:
    """What dkimpy says of the chain."""
    state, _, _ = dkim.arc_verify(message, dnsfunc=lambda name, timeout=5: ANSWERS.get(name, b""))
    return (state or b"ended").decode()


def test_no_chain() -> None:
    assert judged(signed()) == Chain(Result.NONE)


def test_ours_to_the_octet() -> None:
    message = sealed(MESSAGE)
    seal, signature, results, rest = (*message.split(b"\r\nA")[:3], message.partition(b"\r\nAuth")[2])
    assert seal.startswith(b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=gate.example; s=k; t=1790000000;\r\n\tb=")
    assert signature.startswith(
        b"RC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=gate.example;\r\n\ts=k; t=1790000000; bh="
    )
    assert b"\r\n\th=message-id:\r\n\t date:\r\n\t subject:\r\n\t to:\r\n\t from;\r\n\tb=" in signature
    assert results == b"RC-Authentication-Results: i=1; " + findings(NAME, VERDICTS)
    assert rest == b"entication-Results: " + findings(NAME, VERDICTS) + b"\r\n" + MESSAGE
    assert max(map(len, message.splitlines())) < 120


def test_ours_hold_there_and_here() -> None:
    message = MESSAGE
    for instance in range(1, 5):
        message = sealed(message)
        assert judged(message) == Chain(Result.PASS, instance)
        assert held_there(message) == "pass"


def test_theirs_hold_here_and_ours_upon_them() -> None:
    message = theirs(MESSAGE)
    assert judged(message) == Chain(Result.PASS, 1)
    message = sealed(message)
    assert judged(message) == Chain(Result.PASS, 2)
    assert held_there(message) == "pass"
    message = theirs(message, b"other.example")
    assert judged(message) == Chain(Result.PASS, 3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"reader,", b"reader!"),
        (b"Subject:  two", b"Subject:  too"),
        (b"Results: i=1; list.example;", b"Results: i=1; last.example;"),
        (b"i=1; cv=none", b"i=1; cv=pass"),
        (b"ARC-Seal: i=1;", b"ARC-Seal: i=3;"),
        (b"ARC-Seal: i=1;", b"ARC-Seal:"),
        (b"ARC-Message-Signature:", b"X:"),
        (b"cv=pass", b"cv=none"),
        (b"ARC-Seal:", b"ARC-Seal: h=from;"),
    ],
)
def test_what_was_changed_does_not_hold(old: bytes, new: bytes) -> None:
    message = sealed(theirs(MESSAGE))
    assert old in message
    assert judged(message.replace(old, new)).result is Result.FAIL


def test_the_instance_may_stand_anywhere() -> None:
    message = sealed(MESSAGE).replace(
        b"ARC-Seal: i=1; a=rsa-sha256; cv=none;", b"ARC-Seal: a=rsa-sha256; cv=none; i=1;"
    )
    assert judged(message) == Chain(Result.FAIL, 1)  # it is seen, though the seal is broken


def test_what_did_not_hold_is_sealed_as_such_and_then_it_ends() -> None:
    changed = sealed(MESSAGE).replace(b"reader,", b"reader!")
    assert judged(changed) == Chain(Result.FAIL, 1)
    failed = sealed(changed)
    assert failed.startswith(b"ARC-Seal: i=2; a=rsa-sha256; cv=fail;")
    assert held_there(failed) == "ended"
    assert judged(failed) == Chain(Result.FAIL, 2, ended=True)
    again = marked(failed, NAME, VERDICTS)
    assert sealed(failed) == again


def test_no_answer() -> None:
    message = sealed(MESSAGE)
    chain = judged(message, {Question("k._domainkey.gate.example"): None})
    assert chain == Chain(Result.TEMPERROR, 1)
    assert sealed(message, chain) == marked(message, NAME, VERDICTS)
    assert judged(message, {}) == Chain(Result.FAIL, 1)


def test_fifty_and_no_more() -> None:
    message = MESSAGE
    for _ in range(arc.MOST):
        message = sealed(message, judged(message))
    assert judged(message) == Chain(Result.PASS, arc.MOST)
    assert sealed(message) == marked(message, NAME, VERDICTS)
    sets = b"".join(b"ARC-Seal: i=%d\r\nARC-Message-Signature: i=%d\r\n" % (n, n) for n in range(1, 99))
    assert judged(sets + MESSAGE).result is Result.FAIL
