"""What is remembered of messages: the same octets as were cleaned, in little room, and of findings only their sorts."""

from hypothesis import given
from tests.imap.test_overlay import pairs

from sluis.envelope import Envelope
from sluis.imap.results import Results, digest
from sluis.report import Action, Cleaned, Finding, Kind, Report, Verdict

NOBODY = Envelope()
FINDING = Finding(
    Kind.OPEN_PIXEL, Action.REMOVED, "size", "acme", "rule", "https://t.example/u=ann", "", "1", (3, 9), 1.0, "small"
)


def cleaned(raw: bytes, findings: tuple[Finding, ...] = ()) -> Cleaned:
    return Cleaned(raw, Report(Verdict.CLEANED, None, len(raw), len(raw), findings))


def key(number: int) -> bytes:
    return digest(b"%d" % number, NOBODY)


@given(pairs())
def test_a_message_comes_out_as_it_was_cleaned(pair: tuple[bytes, bytes]) -> None:
    raw, clean = pair
    results = Results(100_000)
    results.put(digest(raw, NOBODY), raw, cleaned(clean))
    found = results.get(digest(raw, NOBODY), raw)
    assert found
    assert found.raw == clean
    assert found.report == cleaned(clean).report


def test_findings_are_counted_and_not_kept() -> None:
    results = Results(100_000)
    results.put(key(1), b"x", cleaned(b"y", (FINDING, FINDING)))
    found = results.get(key(1), b"x")
    assert found
    assert [(each.kind, each.action, each.technique, each.vendor) for each in found.report.findings] == [
        (Kind.OPEN_PIXEL, Action.REMOVED, "size", "acme")
    ] * 2
    assert "ann" not in repr(found)


def test_a_newsletter_takes_little_more_than_its_links() -> None:
    """Fifty of 100 octets: a thousand such messages take less than a quarter of the default."""
    results, raw, clean = Results(8 << 20), bytes(60_000), bytearray(60_000)
    for start in range(0, 45_000, 900):
        clean[start : start + 100] = b"x" * 100
    for number in range(1000):
        results.put(key(number), raw, cleaned(bytes(clean), (FINDING,) * 50))
    assert all(results.get(key(number), raw) for number in range(1000))


def test_what_was_asked_for_longest_ago_is_forgotten() -> None:
    results = Results(1400)
    for number in (1, 2, 1, 3):
        if not results.get(key(number), b"x"):
            results.put(key(number), b"x", cleaned(b"y"))
    assert [bool(results.get(key(number), b"x")) for number in (1, 2, 3)] == [True, False, True]
