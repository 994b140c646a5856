"""Holding what came out against what people said.

An address is judged by what is left in the cleaned mail, read by the same independent eye, never by what the cleaner
says it did. An image is gone when its address stands there fewer times than before. Links keep their order, so the
n-th link of the cleaned mail is what became of the n-th.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from math import sqrt

from benchmarks.detection.labels import Label
from benchmarks.detection.read import Address, leads

_Z = 1.959964  # of 95 %


@dataclass
class Score:
    """Counts over all mails. `missed` and `wrong` hold the labels in question and the address, for a digest."""

    counts: Counter[str] = field(default_factory=Counter)
    missed: list[tuple[Label, Address]] = field(default_factory=list)
    wrong: list[tuple[Label, Address, str]] = field(default_factory=list)


def wilson(hits: int, of: int) -> tuple[float, float]:
    """The 95 % interval of a share (Wilson 1927); (0, 1) of nothing."""
    if not of:
        return 0.0, 1.0
    share, square = hits / of, _Z * _Z / of
    middle, spread = share + square / 2, _Z * sqrt(share * (1 - share) / of + square / of / 4)
    return max(0.0, (middle - spread) / (1 + square)), min(1.0, (middle + spread) / (1 + square))


def outcome(before: list[Address], after: list[Address]) -> dict[int, str | None]:
    """What became of every address, by index: the address there now, or None where it is gone.

    Both lists with the addresses of people, in place of which none can be counted.
    """
    left = Counter(address.url for address in after if address.kind != "link")
    now: dict[int, str | None] = {}
    for address in before:
        if address.kind != "link":
            now[address.index] = address.url if left[address.url] > 0 else None
            left[address.url] -= 1
    links = [address for address in before if address.kind == "link"]
    remaining = [address.url for address in after if address.kind == "link"]
    again = set(_again(links)[: max(0, len(links) - len(remaining))])
    links = [link for number, link in enumerate(links) if number not in again]
    if len(links) != len(remaining):
        raise ValueError("a link is missing")
    found = dict(zip((link.index for link in links), remaining, strict=True))
    for address in before:
        if address.kind == "link":
            now[address.index] = found.get(address.index, now.get(address.index - 1))
    return now


def _again(links: list[Address]) -> list[int]:
    """Which links are no others than those before them, the last first: the tree writes a link that is never closed
    again around what follows it, be it an image that goes (HTML §13.2.4.3)."""
    pairs = enumerate(pairwise(links), 1)
    return [number for number, (one, other) in pairs if one.url == other.url and not other.text][::-1]


def judge(score: Score, labels: Iterable[Label], before: list[Address], now: dict[int, str | None]) -> None:
    """Add one mail to the score."""
    for label in labels:
        address = before[label.place]
        if address.digest != label.url:
            raise ValueError(f"{label.message}: address {label.place} is not the one that was labelled")
        for count in _counts(score, label, address, now[label.place]):
            score.counts[count] += 1


def _counts(score: Score, label: Label, address: Address, now: str | None) -> Iterator[str]:
    yield label.label
    if label.kind != "link":
        if now is None:
            yield f"{label.label} gone"
        if (now is None) != (label.label == "open-pixel"):
            score.missed.append((label, address))
    elif label.leads:
        yield "decodable"
        right = now is not None and same(label.leads, leads(now))
        yield "decoded" if right else "left" if now == address.url else "wrong"
        if not right:
            score.wrong.append((label, address, now or ""))
    elif now != address.url:
        yield f"{label.label} changed"
        if label.label in {"unsubscribe", "click-redirect"}:
            score.wrong.append((label, address, now or ""))


def same(wanted: str, given: str) -> bool:
    """Whether an address is the wanted one, perhaps with fewer parameters, in their order."""
    bare, *parameters = wanted.split("+")
    other, *left = given.split("+")
    remaining = iter(parameters)
    return bare == other and all(parameter in remaining for parameter in left)


def by_message(labels: Iterable[Label]) -> dict[str, list[Label]]:
    """The labels of each mail."""
    groups: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        groups[label.message].append(label)
    return groups
