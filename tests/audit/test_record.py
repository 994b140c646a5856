"""What is kept of a message: facts of its header and of its report, and nobody's name."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.fixtures.catalogue import FIXTURES

from sluis.audit.record import WAYS, Aim, Record, State, Way, recipients, record
from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES
from sluis.report import Action, Finding, Kind, Report, Verdict
from sluis.rules.load import load

RULES = load()
TRUSTED = frozenset({"mx.example"})
READER = "sanne@lezer.example"
PIXEL = b'<img src="https://t.shop.example/open?id=%s" width=1 height=1>'


def of(header: bytes, *findings: Finding, readers: tuple[str, ...] = ()) -> Record:
    raw = header + b"\r\nbody"
    return record(raw, Report(Verdict.CLEAN, None, len(raw), len(raw), findings), RULES, readers, TRUSTED)


def found(kind: Kind, url: str | None = None, technique: str = "size", vendor: str | None = None) -> Finding:
    return Finding(kind, Action.KEPT, technique, vendor, None, url, None, "1", (0, 1), 1.0, "")


def audited(raw: bytes) -> Record:
    who = recipients(raw)
    return record(raw, clean(raw, POLICIES["audit"], RULES, Envelope(recipients=who)).report, RULES, who)


@pytest.mark.parametrize(
    ("header", "sender"),
    [
        (b"From: Shop <news@e.shop.co.uk>\r\n", "shop.co.uk"),
        (b"From: a@Shop.Example\r\n", "shop.example"),
        (b"From: a@a.example, b@b.example\r\n", ""),
        (b"Subject: none\r\n", ""),
    ],
)
def test_the_sender_is_the_owner_of_the_authors_domain(header: bytes, sender: str) -> None:
    assert of(header).sender == sender


@pytest.mark.parametrize(
    ("header", "date"),
    [
        (b"Date: Mon, 23 Nov 2026 23:59:59 -0500\r\n", "2026-11-23"),
        (
            b"Received: from a by b; Tue, 24 Nov 2026 00:01:02 +0000 (UTC)\r\nDate: Mon, 1 Jan 2001 00:00:00 +0000\r\n",
            "2026-11-24",
        ),
        (
            b"Received: by b; Tue, 2 Feb 2021 0:0:0 +0000\r\nReceived: by a; Mon, 1 Feb 2021 0:0:0 +0000\r\n",
            "2021-02-02",
        ),
        (b"Received: from a by b\r\nDate: Mon, 23 Nov 2026 10:00:00 +0000\r\n", "2026-11-23"),
        (b"Date: Mon, 23 Nov 4026 10:00:00 +0000\r\n", ""),
        (b"Date: Mon, 99 Nov 2026 10:00:00 +0000\r\n", ""),
        (b"Date: yesterday\r\n", ""),
        (b"Date:\r\n", ""),
        (b"", ""),
    ],
)
def test_the_day_is_the_last_servers_or_else_the_senders(header: bytes, date: str) -> None:
    assert of(header).date == date


@pytest.mark.parametrize(
    ("results", "dkim"),
    [
        (b"mx.example; dkim=pass header.d=shop.example", ("pass", "shop.example")),
        (b"mx.example; dkim=fail header.d=x.example; dkim=pass header.d=mail.shop.example", ("pass", "shop.example")),
        (b"mx.example; dkim=none", ("none", "")),
        (b"mx.example; spf=pass", ("", "")),
        (b"mx.example; dkim=jansen header.d=shop.example", ("", "")),
        (b"mx.example; dkim=pass header.d=<b>", ("pass", "")),
        (b"my.example; dkim=pass header.d=shop.example", ("", "")),
    ],
)
def test_dkim_as_a_trusted_server_records_it(results: bytes, dkim: tuple[str, str]) -> None:
    made = of(b"Authentication-Results: " + results + b"\r\n")
    assert (made.dkim, made.signer) == dkim


def test_ways_are_counted_and_redacted() -> None:
    links = [found(Kind.CLICK_REDIRECT, f"https://t.shop.example/c/{number}", "redirect") for number in (11, 22)]
    pixel = found(Kind.OPEN_PIXEL, "https://u.vendor.example/open?id=x7", vendor="vendor")
    assert of(b"", *links, pixel, found(Kind.READ_RECEIPT, technique="return-receipt-to")).ways == (
        (Way(Kind.CLICK_REDIRECT, "redirect", "shop.example", "https://t.shop.example/c/‹2 digits›"), 2),
        (Way(Kind.OPEN_PIXEL, "size", "vendor", "https://u.vendor.example/open?id=‹2 characters›"), 1),
        (Way(Kind.READ_RECEIPT, "return-receipt-to", "", ""), 1),
    )


@pytest.mark.parametrize(("technique", "kept"), [("x-janjansen-property", "property"), ("a7f3", "other")])
def test_a_technique_named_by_a_sender_is_not_repeated(technique: str, kept: str) -> None:
    assert of(b"", found(Kind.OPEN_PIXEL, technique=technique)).ways[0][0].technique == kept


def test_what_many_wrote_for_themselves_is_told_to_whose_server_it_is() -> None:
    """A rule for a kind of script names no vendor."""
    url = "http://go.shop.example/clicktrack.asp?url=http%3A%2F%2Fshop.example%2Fsale"
    ((way, _),) = of(b"", found(Kind.CLICK_REDIRECT, url, "redirect", "click-script")).ways
    assert way.vendor == "shop.example"


def test_an_address_in_any_url_names_the_reader() -> None:
    image = found(Kind.OPEN_PIXEL, f"https://shop.example/open?e={READER}")
    assert of(b"", image, readers=(READER,)).aims == {Aim.OPEN, Aim.NAME}
    assert of(b"", image).aims == {Aim.OPEN}


def test_what_is_told_apart_is_bounded_and_all_is_counted() -> None:
    many = [found(Kind.OPEN_PIXEL, f"https://shop{number}.example/") for number in range(3 * WAYS)]
    ways = of(b"", *many).ways
    assert (len(ways), sum(count for _, count in ways)) == (WAYS, 3 * WAYS)


def test_what_was_not_looked_into_says_so() -> None:
    states = {fixture.name: audited(fixture.raw).state for fixture in FIXTURES}
    assert {name for name, state in states.items() if state is State.PROTECTED} == {"signed"}


@pytest.mark.parametrize(
    ("header", "addresses"),
    [
        (
            b"Delivered-To: Sanne@lezer.example\r\nX-Original-To: <news@lezer.example>\r\n",
            ("Sanne@lezer.example", "news@lezer.example"),
        ),
        (b"Delivered-To: a@lezer.example\r\nDelivered-To: b@lezer.example\r\n", ("a@lezer.example",)),
        (b"Delivered-To: nobody\r\nTo: c@lezer.example\r\n", ()),
    ],
)
def test_recipients_are_those_a_server_wrote_down(header: bytes, addresses: tuple[str, ...]) -> None:
    assert recipients(header + b"\r\n") == addresses


@pytest.mark.parametrize("fixture", FIXTURES, ids=lambda fixture: fixture.name)
def test_a_record_comes_back_from_its_line(fixture) -> None:
    made = audited(fixture.raw)
    assert Record.of_json(json.loads(json.dumps(made.to_json()))) == made


@given(st.binary(max_size=400))
def test_no_message_stops_it(raw: bytes) -> None:
    audited(b"From: a@b.example\r\nReceived: x; " + raw + b"\r\nDate: " + raw + b"\r\nAuthentication-Results: " + raw)
