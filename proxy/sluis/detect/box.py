"""How large an image is drawn and whether it is drawn at all, as far as its tag says.

Widths and heights are CSS pixels. A `style` wins over an attribute, as in every client; what a style sheet elsewhere
adds is known only as far as it is given.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from sluis.scan.fold import fold
from sluis.scan.html import Tag

_DECLARATION = re.compile(
    r"(?:^|[;{\s])(width|height|max-width|max-height|display|visibility|opacity|font-size|line-height|mso-hide)"
    r"\s*+:\s*+([^;}]*+)",
    re.IGNORECASE | re.ASCII,
)
_NUMBER = re.compile(r"\s*+\+?([0-9]*+(?:\.[0-9]*+)?)\s*+([a-z%]*+)", re.IGNORECASE | re.ASCII)
_TINY_UNITS = {
    "em": 16.0,
    "rem": 16.0,
    "ex": 8.0,
    "pt": 4 / 3,
    "in": 96.0,
    "cm": 37.8,
    "mm": 3.78,
    "pc": 16.0,
}


_SAYING = frozenset({"width", "height", "style", "hidden"})
_NAMES = frozenset({"class", "id"})


_TAKING_NO_ROOM = frozenset({"display:none", "hidden attribute"})
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Box(NamedTuple):
    """`width` and `height` in CSS pixels, None where unknown; `hidden` names the style that hides it, or is ''.

    Of one that is not drawn, `styled` says that it has a name by which a style sheet may draw it after all, and `shown`
    that one surely does, on a narrow screen.
    """

    width: float | None
    height: float | None
    hidden: str = ""
    styled: bool = False
    shown: bool = False

    @property
    def empty(self) -> bool:
        """Whether a side is zero, so that nothing is drawn."""
        return self.width == 0 or self.height == 0

    def within(self, side: float) -> bool:
        """Whether both sides are known and at most `side`; an unknown side next to an empty one counts as empty."""
        if self.empty:
            return (self.width or 0) <= side and (self.height or 0) <= side
        return self.width is not None and self.height is not None and self.width <= side >= self.height

    @property
    def thin(self) -> bool:
        """Whether one side is at most 3 and the other larger or unknown, as with rules and spacers."""
        return any(side is not None and side <= 3 for side in (self.width, self.height))

    @property
    def visible(self) -> bool:
        """Whether it is surely drawn as something a reader sees."""
        return not self.hidden and all(side is not None and side >= 12 for side in (self.width, self.height))

    @property
    def drawn(self) -> bool:
        """Whether it is drawn as something a reader sees, for all that is known of its sides."""
        sides = [side for side in (self.width, self.height) if side is not None]
        return bool(sides) and not self.hidden and min(sides) >= 12

    @property
    def absent(self) -> bool:
        """Whether it takes no room at all."""
        return self.hidden in _TAKING_NO_ROOM

    @property
    def unremarkable(self) -> bool:
        """Whether nothing about it speaks for a beacon: it is visible, or says nothing of its size."""
        return self.visible or (self.width is self.height is None and not self.hidden)


UNSIZED = Box(None, None)


def box(tag: Tag, overruling: Mapping[str, str] = _NOTHING) -> Box:
    """The box of an `img` or of any other element that says its size.

    `overruling` is what a style sheet declares `!important`; what a style declares so wins all the same.
    """
    if tag.values.keys().isdisjoint(_SAYING):
        return UNSIZED
    width, height = pixels(tag.value("width")), pixels(tag.value("height"))
    hidden = "hidden attribute" if "hidden" in tag.values else ""
    styled = not tag.values.keys().isdisjoint(_NAMES)
    if not (style := tag.value("style")) and not overruling:
        return Box(width, height, hidden, styled and (bool(hidden) or 0 in {width, height}))
    declared = declarations(style)
    for name, value in overruling.items():
        if "!important" not in declared.get(name, ""):
            declared[name] = value
    width = pixels(declared.get("width", ""), width)
    height = pixels(declared.get("height", ""), height)
    width = _least(width, pixels(declared.get("max-width", "")))
    height = _least(height, pixels(declared.get("max-height", "")))
    hidden = hidden or _hiding(declared)
    return Box(width, height, hidden, styled and (bool(hidden) or 0 in {width, height}))


def declarations(style: str) -> dict[str, str]:
    """The declarations of a `style` attribute that bear on size or visibility; the last of a name wins."""
    folded = fold(style)
    return {
        name.lower(): value.strip().lower() for name, value in _DECLARATION.findall(folded.text if folded else style)
    }


def pixels(value: str, default: float | None = None) -> float | None:
    """A length as CSS pixels; `default` where it is missing, relative or no number (WHATWG HTML §2.3.4.4)."""
    match = _NUMBER.match(value)
    if match is None or match[1] in {"", "."}:
        return default
    number, unit = float(match[1]), match[2].lower()
    if number == 0 or unit in {"", "px"}:
        return number
    return number * _TINY_UNITS[unit] if unit in _TINY_UNITS else default


def _least(side: float | None, limit: float | None) -> float | None:
    """A maximum bounds a side. One that could be the natural size of a photograph says nothing about an unknown one."""
    if limit is None or (side is None and limit > 3):
        return side
    return limit if side is None else min(side, limit)


def _hiding(declared: dict[str, str]) -> str:
    if declared.get("display", "").startswith("none"):
        return "display:none"
    if declared.get("visibility", "").startswith(("hidden", "collapse")):
        return "visibility:hidden"
    opacity = declared.get("opacity", "")
    if opacity and pixels(opacity.rstrip("%"), 1.0) == 0:
        return "opacity:0"
    return "mso-hide:all" if declared.get("mso-hide", "").startswith("all") else ""
