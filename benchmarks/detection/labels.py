"""What people said of addresses: a table that names no address, only its place in the mail and its fingerprint."""

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Label(NamedTuple):
    """One judgement.

    `place` counts the addresses of the mail; `url` is the fingerprint of this one, `leads` that of what it carries.
    """

    message: str
    place: int
    kind: str
    label: str
    url: str
    leads: str = ""


LABELS = (
    "open-pixel",
    "content-image",
    "click-redirect",
    "tracking-params-only",
    "plain-link",
    "unsubscribe",
)


def read(path: Path) -> list[Label]:
    """The labels of a CSV file. Raises `ValueError` for a label there is no such."""
    with path.open(newline="", encoding="ascii") as file:
        labels = [Label(row[0], int(row[1]), *row[2:]) for row in list(csv.reader(file))[1:]]
    if strange := {label.label for label in labels} - set(LABELS):
        raise ValueError(f"{path}: no such labels: {', '.join(sorted(strange))}")
    return labels


def write(path: Path, labels: Iterable[Label]) -> None:
    """Write `labels` as CSV."""
    with path.open("w", newline="", encoding="ascii") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(Label._fields)
        table.writerows(labels)
