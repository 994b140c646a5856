"""The ways in which a hostile message is cleaned: by which policy, for whom, with whose lists."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType
from typing import NamedTuple

from tests.invariants import rules

from sluis.clean import clean
from sluis.envelope import Envelope
from sluis.policy import POLICIES, Policy
from sluis.report import Cleaned
from sluis.rules.load import Kept, load
from sluis.rules.table import Rules

READERS = Envelope("", ("ann.example@shop.example", "b.c+d@gmail.com", "reader@home.example"))


@cache
def listed() -> Rules:
    """The rules with somebody's list of ten thousand hosts behind them."""
    with TemporaryDirectory(prefix="sluis-list-") as folder:
        path = Path(folder) / "list.txt"
        path.write_text("[Adblock Plus 2.0]\n" + "".join(f"||t{number}.example^$image\n" for number in range(10_000)))
        return load((), [Kept("list", "adblock", path)])


class Way(NamedTuple):
    """`only` names the messages that are worth the time, None all of them."""

    policy: Policy
    envelope: Envelope | None = None
    lists: bool = False
    only: tuple[str, ...] | None = None

    def cleaned(self, raw: bytes) -> Cleaned:
        """What comes out for `raw`."""
        return clean(raw, self.policy, listed() if self.lists else rules(), self.envelope)


WAYS: Mapping[str, Way] = MappingProxyType(
    {
        "free": Way(POLICIES["balanced"], READERS),
        "fit": Way(replace(POLICIES["strict"], fit=True)),
        "simple": Way(
            POLICIES["simple"],
            READERS,
            only=(
                *("open tags", "tags within values", "comments", "attributes of one tag", "references", "scripts"),
                *("images, no two alike", "redirects, no two alike", "tangles", "elements within each other"),
            ),
        ),
        "lists": Way(
            POLICIES["balanced"],
            lists=True,
            only=("urls", "images, no two alike", "redirects, no two alike", "addresses in text", "cards"),
        ),
    }
)
