"""What is told of a sweep, for people and for programs."""

import csv
import json

from sluis.audit.record import Record, State, Way
from sluis.report import Kind
from sluis.sweep.ledger import Ledger
from sluis.sweep.note import Begun, Copied, Done, End, Exact, Meant, Removing, Restored
from sluis.sweep.plan import Fate
from sluis.sweep.tables import document, lines, ranking, table

WAYS = ((Way(Kind.OPEN_PIXEL, "size", "vendor", "u"), 2), (Way(Kind.READ_RECEIPT, "size", "", ""), 1))
RECORD = Record("shop.example", "2024-05-06", "", "", State.READ, WAYS)


def ledger() -> Ledger:
    made = Ledger()
    for number, done in enumerate([Done(End.KEPT), Done(End.REMOVED), Done(End.WITHDRAWN, "=why"), Done(End.KEPT)], 1):
        meant = Meant(number, 9, Exact(100, "a"), Exact(60, "b"), RECORD)
        for note in (Begun("f", 1, "r"), meant, Copied(10 + number), Removing("Kept"), done):
            made.add(note)
    made.add(Restored(3))
    return made


def test_a_line_for_each_message() -> None:
    listed = lines(ledger())
    assert [(each.uid, each.outcome, each.why, each.originals) for each in listed] == [
        (1, "kept", "", "Kept"),
        (2, "removed", "", ""),
        (3, "withdrawn", "=why", ""),
        (4, "restored", "", "Kept"),
    ]
    assert [each.replaced for each in listed] == [True, True, False, False]
    rows = list(csv.DictReader(table(listed).splitlines()))
    assert [row["uid"] for row in rows] == ["1", "2", "3", "4"]
    assert rows[2]["why"] == "'=why"
    assert (rows[0]["octets_before"], rows[0]["octets_after"], rows[0]["vendors"]) == ("100", "60", "vendor")
    assert (rows[0]["open-pixel"], rows[0]["read-receipt"], rows[0]["media"]) == ("2", "1", "0")


def test_the_document() -> None:
    made = json.loads(json.dumps(document(lines(ledger()), {Fate.CLEAN: 3}, {"applied": True})))
    assert made["applied"] is True
    assert made["read"] == {"replace": 0, "clean": 3, "protected": 0, "failed": 0, "deleted": 0}
    assert made["senders"] == {"shop.example": 4}
    assert made["vendors"] == {"vendor": 4}
    assert [message["uid"] for message in made["messages"]] == [1, 2, 3, 4]


def test_the_most_frequent_come_first() -> None:
    assert ranking(["b", "a", "c", "c"]) == [("c", 2), ("a", 1), ("b", 1)]
