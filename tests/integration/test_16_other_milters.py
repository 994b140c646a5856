"""Sluis among other milters: behind one that checks signatures, whose word it takes, and before one that makes them."""

import time
from collections.abc import Iterator
from functools import partial

import pytest
from tests.authentication.zone import known, pem, published, record, rsa_key, signed
from tests.integration.client import swaks
from tests.integration.dovecot import Dovecot
from tests.integration.gate import asked_gate
from tests.integration.mail import cleaned, newsletter, trace
from tests.integration.opendkim import opendkim
from tests.integration.postfix import Postfix, postfix
from tests.integration.process import free_port
from tests.integration.recipe import recipe

from sluis.authentication import dkim
from sluis.authentication.verdict import Result

ORGANISATION = "kadebooks.example"
KEY = record(rsa_key()).decode()


@pytest.fixture(scope="module")
def behind(dovecot: Dovecot) -> Iterator[Postfix]:
    """OpenDKIM checks, then Sluis cleans, but for the newsletters of a sender who has signed."""
    checks, cleans = free_port(), free_port()
    changes = {
        "8891": str(checks),
        "8894": str(cleans),
        "mx.example.org": "mx.lezer.example",
        "news.example": f"letters.{ORGANISATION}",
    }
    lines = recipe("With OpenDKIM", changes, "milter")
    settings = {
        "Mode": "v",
        "AuthservID": "mx.lezer.example",
        "InternalHosts": "192.0.2.1",
        "TestDNSData": "file:{home}/dns",
    }
    with (
        opendkim(checks, settings, dns=f"k._domainkey.{ORGANISATION} {KEY}\n"),
        asked_gate(lines.sluis),
        postfix(dovecot.socket, lines.main) as server,
    ):
        yield server


def test_who_has_signed_is_let_be(behind: Postfix, dovecot: Dovecot) -> None:
    mark, message = newsletter()
    message = signed(message, ORGANISATION)
    assert swaks(behind.port, message).code == 0
    top = trace(dovecot.message("sanne", mark), message)
    assert b"\r\nX-Sluis: clean\r\n" in top
    assert b"\r\nAuthentication-Results: mx.lezer.example;\r\n\tdkim=pass " in top


@pytest.mark.parametrize(
    "forged", [b"", b"Authentication-Results: mx.lezer.example; dkim=pass header.d=kadebooks.example\r\n"]
)
def test_who_has_not_is_cleaned(behind: Postfix, dovecot: Dovecot, forged: bytes) -> None:
    """Whatever the message says of itself: OpenDKIM takes out what goes by its own name, as whoever checks must."""
    mark, message = newsletter()
    assert swaks(behind.port, forged + message).code == 0
    assert b"\r\nX-Sluis: cleaned; " in trace(dovecot.message("sanne", mark), cleaned(message))


def test_what_is_signed_is_what_was_cleaned(dovecot: Dovecot) -> None:
    signs, cleans = free_port(), free_port()
    lines = recipe("With OpenDKIM", {"8891": str(cleans), "8894": str(signs)}, "milter")
    settings = {
        "Mode": "s",
        "Domain": "kadebooks.example",
        "SubDomains": "yes",
        "Selector": "k",
        "KeyFile": "{home}/key",
    }
    gate = {"smtp": {"upstream": None}, "milter": {"listen": f"127.0.0.1:{cleans}"}}
    with (
        opendkim(signs, settings, pem(rsa_key())),
        asked_gate(gate),
        postfix(dovecot.socket, lines.main) as server,
    ):
        mark, message = newsletter()
        assert swaks(server.port, message).code == 0
        stored = dovecot.message("sanne", mark)
        trace(stored, cleaned(message))
        found = known(partial(dkim.judged, stored, int(time.time())), published(ORGANISATION))
        assert found[0].result is Result.PASS
