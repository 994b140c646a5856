"""Every address of whole corpora, without labels: which links carry their destination, and what images went that are
larger than a beacon.

    python -m benchmarks.detection.census [--left] [--gone] FOLDER …

Whether a link carries one is seen by trying every way of writing one (`inside.py`), not by the rules. `--left` tells
which of those stayed, `--gone` which images went: a person has to look at both, since a login's return address must
stay, and some beacons are large.
"""

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from benchmarks.detection.digest import form
from benchmarks.detection.inside import inside
from benchmarks.detection.read import Address, addresses, leads
from benchmarks.detection.score import outcome, same

from sluis.clean import clean
from sluis.policy import POLICIES
from sluis.rules.load import load

_SIDE = re.compile(r"(?:^|[;\s])(?:max-)?(?:width|height)\s*:\s*(\d+)", re.IGNORECASE)


def large(address: Address) -> bool:
    """Whether nothing says that an image is as small as a beacon."""
    sides = [address.traits.get(name, "").strip("px ") for name in ("width", "height")]
    sides += _SIDE.findall(address.traits.get("style", ""))
    return not any(side.isdigit() and int(side) <= 3 for side in sides)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", type=Path, nargs="+")
    parser.add_argument("--left", action="store_true")
    parser.add_argument("--gone", action="store_true")
    given = parser.parse_args()
    rules, policy, counts = load(), POLICIES["balanced"], Counter[str]()
    for path in (path for folder in given.folders for path in sorted(folder.rglob("*")) if path.is_file()):
        raw = path.read_bytes()
        done = clean(raw, policy, rules)
        before, after = addresses(raw, people=True), addresses(done.raw, people=True)
        try:
            now = outcome(before, after)
        except ValueError:
            counts["mails whose links cannot be paired"] += 1
            continue
        counts["mails"] += 1
        for address in before:
            for count in _counts(address, now[address.index]):
                counts[count] += 1
                if (given.left and count in {"links left", "links led elsewhere"}) or (given.gone and "large" in count):
                    print(f"{count}\t{path.name[:24]}\t{form(address.url)}\t{form(now[address.index] or '')}")
    for name, count in sorted(counts.items()):
        print(f"{count:7} {name}")


def _counts(address: Address, now: str | None) -> Iterator[str]:
    if address.kind != "link":
        yield f"{address.kind}s"
        if now is None:
            yield f"{address.kind}s gone"
            if address.kind == "image" and large(address):
                yield "large images gone"
    elif carried := inside(address.url):
        yield "links that carry an address"
        if now == address.url:
            yield "links left"
        elif same(leads(carried), leads(now or "")):
            yield "links unwrapped"
        else:
            yield "links led elsewhere"


if __name__ == "__main__":
    main()
