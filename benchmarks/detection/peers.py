"""What else decides on images, run on the same addresses: the rule by size, Adblock lists, lists of expressions."""

import re
from collections.abc import Callable
from pathlib import Path

import adblock
from benchmarks.detection.read import Address

Peer = Callable[[Address], bool]

_SIDE = re.compile(r"(?:^|;)\s*(?:max-)?(width|height)\s*:\s*(\d+)(?:px)?\s*(?:!important\s*)?(?=;|$)", re.IGNORECASE)
_PAGE = "https://mail.invalid/"
_NARROW = re.compile(r"[01](?:px)?")


def by_size(address: Address) -> bool:
    """Both sides said and at most 3 pixels, by attribute or style: the most common rule there is."""
    sides = {name: address.traits.get(name, "").strip().removesuffix("px") for name in ("width", "height")}
    sides |= {name.lower(): side for name, side in _SIDE.findall(address.traits.get("style", ""))}
    return all(side.isdigit() and int(side) <= 3 for side in sides.values())


def by_list(path: Path) -> Peer:
    """What the filters of a file block as an image of another site's."""
    filters = adblock.FilterSet()
    filters.add_filter_list(path.read_text(encoding="utf-8"))
    engine = adblock.Engine(filters)

    def blocks(address: Address) -> bool:
        url = address.url if not address.url.startswith("//") else "https:" + address.url
        return bool(engine.check_network_urls(url, _PAGE, "image").matched)

    return blocks


def by_patterns(path: Path) -> Peer:
    """What a file of regular expressions, one a line, finds in an address, or what is drawn no pixel wide or one.

    That is how MailTrackerBlocker has both: its vendors' patterns, and a rule on the width that a tag says.
    """
    patterns = re.compile("|".join(f"(?:{line})" for line in path.read_text(encoding="utf-8").split()), re.IGNORECASE)

    def blocks(address: Address) -> bool:
        widths = [address.traits.get("width", "").strip()]
        widths += [side for name, side in _SIDE.findall(address.traits.get("style", "")) if name.lower() == "width"]
        return bool(patterns.search(address.url)) or any(map(_NARROW.fullmatch, widths))

    return blocks
