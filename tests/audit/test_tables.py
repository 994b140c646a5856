"""The tally as data: the same numbers in JSON and CSV, and no cell that a spreadsheet would compute."""

import csv
import io
import json

from sluis.audit.record import Record, State, Way
from sluis.audit.tables import document, files
from sluis.audit.tally import Tally
from sluis.report import Kind

PIXEL = Way(Kind.OPEN_PIXEL, "size", "vendor", "https://vendor.example/open?id=‹7 characters›", "in base64")
MADE = {"made": "2026-11-23", "version": "0"}


def tally() -> Tally:
    made = Tally()
    made.add(Record("shop.example", "2024-05-06", "pass", "shop.example", State.READ, ((PIXEL, 2),)))
    made.add(Record("shop.example", "2024-05-07", "neutral", "", State.READ))
    made.add(Record("-x", "", "", "", State.PROTECTED))
    return made


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(files(tally())[name])))


def test_senders() -> None:
    shop, other = rows("senders.csv")
    assert list(shop.values()) == (
        "shop.example 2 2024-05-06 2024-05-07 1 2024-05-06 2024-05-06 1 0 1 0 1 0 1 0".split()  # noqa: SIM905
    )
    assert (other["sender"], other["tracking_first"], other["dkim_not_recorded"]) == ("'-x", "", "1")


def test_evidence() -> None:
    (way,) = rows("evidence.csv")
    assert way == {
        "sender": "shop.example",
        "kind": "open-pixel",
        "technique": "size",
        "vendor": "vendor",
        "address": "in base64",
        "messages": "1",
        "times": "2",
        "first": "2024-05-06",
        "last": "2024-05-06",
        "example_date": "2024-05-06",
        "example_dkim": "pass",
        "example_signer": "shop.example",
        "example_url": "https://vendor.example/open?id=‹7 characters›",
    }


def test_vendors_and_months() -> None:
    (vendor,), (month,) = rows("vendors.csv"), rows("months.csv")
    assert (vendor["vendor"], vendor["messages"], vendor["senders"], vendor["open-pixel"]) == ("vendor", "1", "1", "1")
    assert (month["month"], month["messages"], month["open-pixel"], month["media"]) == ("2024-05", "2", "1", "0")


def test_the_document_holds_all_of_it() -> None:
    made = json.loads(json.dumps(document(tally(), 4, MADE)))
    assert (made["made"], made["messages"], made["tracking_messages"]) == ("2026-11-23", 3, 1)
    assert made["states"] == {"read": 2, "protected": 1, "failed": 0, "unread": 4, "left": 0}
    assert made["aims"] == {"open": 1, "click": 0, "name": 1, "load": 0}
    assert [(sender["sender"], len(sender["ways"])) for sender in made["senders"]] == [("shop.example", 1), ("-x", 0)]
    assert made["senders"][0]["ways"][0]["example_url"] == PIXEL.url
    assert [vendor["vendor"] for vendor in made["vendors"]] == ["vendor"]
    assert [month["messages"] for month in made["months"]] == [2]
