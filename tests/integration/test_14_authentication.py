"""Swaks → Sluis, which judges who sent it by a DNS of its own → Postfix → Dovecot: what is stored says what was found.

A row by sender holds for whom it is proven, and for nobody else.
"""

from collections.abc import Iterator
from functools import partial

import pytest
from tests.authentication.server import Server, server
from tests.authentication.zone import known, pem, published, rsa_key, signed
from tests.integration.client import SENDER, swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import Gate, gate
from tests.integration.mail import cleaned, newsletter, trace
from tests.integration.postfix import Postfix
from tests.integration.process import folder

from sluis.authentication import arc
from sluis.authentication.question import Question
from sluis.authentication.verdict import Chain, Result

OURS, ELSEWHERE = "192.0.2.7", "192.0.2.66"
AUTHOR, ORGANISATION, STRANGER = "letters.kadebooks.example", "kadebooks.example", "x@elsewhere.example"
ZONE = (
    published(ORGANISATION)
    | published("gate.example")
    | {
        Question(AUTHOR): (b"v=spf1 ip4:192.0.2.7 -all",),
        Question(f"_dmarc.{ORGANISATION}"): (b"v=DMARC1; p=reject",),
    }
)
PROVEN = b"\tdmarc=pass policy.dmarc=reject header.from=letters.kadebooks.example"
FORGED = b"Authentication-Results: gate.example; dmarc=pass header.from=letters.kadebooks.example\r\n"
OTHERS = b"Authentication-Results: mx.elsewhere.example; spf=none\r\n"


@pytest.fixture(scope="module")
def dns() -> Iterator[Server]:
    """What the world says of the sender."""
    with server(ZONE) as serving:
        yield serving


@pytest.fixture(scope="module")
def door(dns: Server, postfix: Postfix) -> Iterator[Gate]:
    """A gate that lets the newsletters of its sender be, if they are the sender's, and seals what it passes on."""
    with folder("key") as home:
        (home / "key.pem").write_bytes(pem(rsa_key()))
        authentication = {
            "authserv_id": "gate.example",
            "resolvers": [str(dns.endpoint)],
            "budget": 2,
            "arc": {"domain": "gate.example", "selector": "k", "key": str(home / "key.pem")},
        }
        policies = [{"sender": AUTHOR, "policy": "audit"}]
        settings = {"xclient_from": ["127.0.0.1"]}
        upstream = f"smtp://127.0.0.1:{postfix.port}"
        with gate(upstream, settings, authentication=authentication, policies=policies) as made:
            yield made


def passed(
    door: Gate, dovecot: Dovecot, message: bytes, mark: str, end: bytes, client: str, sender: str
) -> tuple[list[bytes], bytes]:
    """The findings on top of `message` as it was stored, of which `end` must be the end; and all behind our seal."""
    assert swaks(door.port, message, "--xclient-addr", client, sender=sender).code == 0
    stored = dovecot.message("sanne", mark)
    top = trace(stored, end)
    assert top.count(b"Authentication-Results: gate.example;") == 1
    assert known(partial(arc.judged, stored[stored.index(b"ARC-Seal: i=1;") :]), ZONE) == Chain(Result.PASS, 1)
    _, _, field = top.rpartition(b"\r\nAuthentication-Results: gate.example;\r\n")
    assert not field.replace(b"\r\n\t", b"").strip(b"\r\n").count(b"\n")
    return field.removesuffix(b"\r\n").split(b";\r\n"), top


def test_by_its_address_it_is_the_senders_and_goes_on_as_it_came(door: Gate, dovecot: Dovecot) -> None:
    mark, message = newsletter()
    found, _ = passed(door, dovecot, message, mark, message, OURS, SENDER)
    assert found[0] == b"\tspf=pass smtp.mailfrom=letters.kadebooks.example"
    assert found[-2:] == [PROVEN, b"\tarc=none"]


def test_by_its_signature_it_is_the_senders_wherever_it_comes_from(door: Gate, dovecot: Dovecot) -> None:
    mark, message = newsletter()
    message = signed(message, ORGANISATION)
    found, _ = passed(door, dovecot, message, mark, message, ELSEWHERE, STRANGER)
    assert found[0] == b"\tspf=none smtp.mailfrom=elsewhere.example"
    assert found[1].startswith(b"\tdkim=pass header.d=kadebooks.example header.s=k header.a=rsa-sha256 header.b=")
    assert found[-2] == PROVEN


def test_in_its_name_only_it_is_cleaned_and_what_it_says_of_itself_is_gone(door: Gate, dovecot: Dovecot) -> None:
    mark, message = newsletter()
    found, _ = passed(
        door, dovecot, FORGED + OTHERS + message, mark, OTHERS + cleaned(message, STRANGER), ELSEWHERE, STRANGER
    )
    assert found[-2] == PROVEN.replace(b"pass", b"fail", 1)


def test_with_an_octet_changed_it_is_nobodys(door: Gate, dovecot: Dovecot) -> None:
    mark, message = newsletter()
    message = signed(message, ORGANISATION).replace(b"</body>", b" </body>")
    found, _ = passed(door, dovecot, message, mark, cleaned(message, STRANGER), ELSEWHERE, STRANGER)
    assert found[1].startswith(b'\tdkim=fail reason="body changed" header.d=kadebooks.example')
    assert found[-2] == PROVEN.replace(b"pass", b"fail", 1)


def test_where_nobody_answers_it_is_not_known_and_mail_goes_on(door: Gate, dns: Server, dovecot: Dovecot) -> None:
    silent = "silent.example"
    dns.zone = {**ZONE, Question(silent): None, Question(f"_dmarc.{silent}"): None}
    mark, message = newsletter()
    message = message.replace(b"letters@letters.kadebooks.example", b"letters@silent.example")
    found, _ = passed(door, dovecot, message, mark, cleaned(message, STRANGER), ELSEWHERE, f"x@{silent}")
    assert found[0] == b"\tspf=temperror"
    assert found[-2] == b"\tdmarc=temperror header.from=silent.example"
    assert 'sluis_verdict_overruns_total{edge="smtp",mechanism="dmarc"} 1.0' in door.metrics()
