"""What a person who labels is shown: one line for all addresses of a mail that look alike.

    python -m benchmarks.detection.digest MAIL …

These mails are hostile and their tokens are somebody's: an address is printed as its host and the *form* of its path
and query, link text is cut short, and every octet that could steer a terminal is dropped.
"""

import math
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

from benchmarks.detection.inside import inside
from benchmarks.detection.read import Address, addresses, split

_HEX = re.compile(r"[0-9a-fA-F-]{8,}")
_STYLES = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0|(?:max-)?(?:width|height)\s*:\s*\d+\w*", re.IGNORECASE
)


def lines(found: Iterable[Address]) -> Iterator[tuple[str, list[Address]]]:
    """The groups of addresses that look alike, each with the line that describes it."""
    groups: dict[tuple[str, ...], list[Address]] = {}
    for address in found:
        groups.setdefault((address.kind, address.element, form(address.url), _size(address)), []).append(address)
    for group in groups.values():
        yield _line(group), group


def _line(group: list[Address]) -> str:
    first = group[0]
    text = "|".join(dict.fromkeys(_printable(each.text)[:24] for each in group if each.text))[:60]
    image = f"{_size(first)} alt={_printable(first.traits.get('alt', ''))[:16]}" if first.kind == "image" else ""
    where = f"@{first.place:.2f}"
    carried = inside(first.url)
    leads = f" → {form(carried, 60)}" if carried else ""
    kind = {"image": "IMG", "background": "BG", "link": "A"}[first.kind]
    return f"{kind} ×{len(group)} {form(first.url)} {image or repr(text)} {where}{leads}"


def form(url: str, longest: int = 95) -> str:
    """The host of an address and the form of the rest, every token replaced by its kind, length and entropy."""
    parts = split(_printable(url))
    path = "/".join(map(_token, parts.path.split("/")))
    query = "&".join(f"{_token(name)}={_token(value)}" for name, _, value in _pairs(parts.query))
    whole = (
        parts.netloc[-40:]
        + path[:60]
        + ("?" + query if query else "")
        + ("#" + _token(parts.fragment) if parts.fragment else "")
    )
    return whole[:longest]


def _pairs(query: str) -> list[tuple[str, str, str]]:
    return [pair.partition("=") for pair in query.split("&")] if query else []


def _token(text: str) -> str:
    if len(text) <= 8 or (len(text) <= 24 and not any(mark.isdigit() for mark in text)):
        return text
    if _HEX.fullmatch(text):
        return f"<hex{len(text)}>"
    counts = Counter(text)
    entropy = -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())
    return f"<{text[:6]}…{len(text)} {entropy:.1f}>{text[-4:] if text[-4:-3] == '.' else ''}"


def _size(address: Address) -> str:
    if address.kind != "image":
        return ""
    style = address.traits.get("style", "")
    said = [f"{address.traits.get('width', '_')}x{address.traits.get('height', '_')}"]
    return " ".join(said + [part.replace(" ", "") for part in _STYLES.findall(style)])


def _printable(text: str) -> str:
    return "".join(mark if mark.isascii() and mark.isprintable() else "·" for mark in text)


def main() -> None:
    for name in sys.argv[1:]:
        print(Path(name).name)
        for number, (line, _) in enumerate(lines(addresses(Path(name).read_bytes()))):
            print(f"  {number:2} {line}")


if __name__ == "__main__":
    main()
