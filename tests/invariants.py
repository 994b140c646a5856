"""What holds for every message whatsoever, checked from outside: the oracle of generated tests and of fuzzers."""

import re
from collections.abc import Iterator
from functools import cache
from urllib.parse import urljoin

import html5lib
from sluis.clean import clean
from sluis.detect.elements import LOADS, SOURCES
from sluis.envelope import Envelope
from sluis.message.mime import parse
from sluis.policy import Policy
from sluis.report import UNREAD, Cleaned, Verdict
from sluis.rules.load import load
from sluis.rules.table import Rules
from sluis.urls.parse import parse as url

BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n|\0")


@cache
def rules() -> Rules:
    return load()


def outside(raw: bytes, done: Cleaned) -> None:
    """Assert that the output is the input with nothing replaced but the reported spans of the edited findings."""
    spans = sorted({finding.span for finding in done.report.edited})
    position = found = 0
    for start, end in spans:
        assert position <= start <= end <= len(raw), spans
        piece = raw[position:start]
        found = done.raw.find(piece, found) if position else (0 if done.raw.startswith(piece) else -1)
        assert found >= 0, (position, start)
        found += len(piece)
        position = end
    tail = raw[position:]
    assert done.raw.endswith(tail)
    assert len(done.raw) - len(tail) >= found


def check(raw: bytes, policy: Policy, envelope: Envelope | None = None) -> Cleaned:
    """Clean `raw` and assert what holds for every message whatsoever."""
    done = clean(raw, policy, rules(), envelope)
    report = done.report
    assert (report.bytes_in, report.bytes_out) == (len(raw), len(done.raw))
    assert report.verdict is not Verdict.FAILED or report.reason in UNREAD
    assert report.verdict is Verdict.FAILED or (report.verdict is Verdict.CLEANED) == bool(report.edited)
    if not report.edited:
        assert done.raw == raw
    assert BARE.search(raw) or not BARE.search(done.raw)  # the relay takes no such message and sends none
    outside(raw, done)
    again = clean(done.raw, policy, rules(), envelope)
    assert again.report.edited == ()
    assert again.raw == done.raw
    if policy.fit:
        assert sizes(done.raw) == sizes(raw)
    return done


def sizes(raw: bytes) -> list[tuple[int, int]]:
    """The octets and the lines of the message and of each of its parts."""
    bodies = (raw[slice(*part.body)] for part in parse(raw).parts)
    return [(len(octets), octets.count(b"\n")) for octets in (raw, *bodies)]


def beacons(page: str) -> Iterator[str]:
    """The known beacons that a browser would load from `page`, by the tree that the standard makes of it."""
    tree = list(html5lib.parse(page, namespaceHTMLElements=False).iter())
    base = next((each.attrib["href"] for each in tree if each.tag == "base" and "href" in each.attrib), "")
    for element in tree:
        name = str(element.tag).rpartition("}")[2]
        loading = {*SOURCES.get(name, ()), *(LOADS[name].attributes if name in LOADS else ())} - {"srcset"}
        for attribute, value in element.attrib.items():
            address = url(urljoin(base, value)) if str(attribute).rpartition("}")[2] in loading else None
            if address and rules().open(address):
                yield value
