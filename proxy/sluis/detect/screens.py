"""Pictures for a narrow screen: their tags hide them, and a style sheet shows them there.

A mail that is laid out for two screens has its pictures twice. The second has no size, as a beacon has none, and
delivery services put a token into the addresses of all pictures alike. What tells it from a beacon is that somebody
sees it: rules for its class undo all that hides it, and then it has a size (CSS Cascade 4 §6.1, Media Queries 4 §2).

Only what is certain counts: a rule for a class alone, `!important`, on a width of screen there is. What a rule with a
longer selector makes of it is as unknown as it is of any picture.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from sluis.detect.box import Box, box, declarations
from sluis.scan.budget import Budget
from sluis.scan.html import Tag, enclosing

# By class and by width of screen, what sheets declare against styles in tags too: each with its place among all.
Sheets = Mapping[tuple[str, int], Mapping[str, tuple[int, str]]]

_WIDTHS = frozenset({320, 375, 414, 480, 600})  # CSS pixels of telephones, and of tablets held upright
_MEDIA = "@media"
_STYLE = re.compile(
    r"<!--(?:-?>|.*?(?:-->|\Z))|<style(?=[\s/>])([^<>]*+)>(.*?)(?:</style|\Z)", re.DOTALL | re.IGNORECASE
)
_ELSEWHERE = re.compile(r"media|type\s*+=\s*+[\"']?+(?!text/css)", re.IGNORECASE)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
_BRACE = re.compile(r"([^{}]*+)([{}])")
_CLASS = re.compile(r"\s*+\.([\w-]++)\s*+", re.ASCII)
_FEATURE = re.compile(r"\(\s*+(min|max)-(?:device-)?width\s*+:\s*+([0-9]{1,5}+)(?:\.[0-9]*+)?px\s*+\)")
_PLAIN = frozenset({"only", "all", "screen", "and"})
_IMPORTANT = "!important"
_MOST = 8192  # classes and widths that are kept: mail has a tenth of it
_NOT_HIDING = frozenset({"", "mso-hide:all"})  # which Word alone heeds, and it has no narrow screen


def sheets(text: str, lowered: str, budget: Budget) -> Sheets:
    """What the style sheets of a page, which stand in no tag and no comment, show and hide on narrow screens."""
    found: dict[tuple[str, int], dict[str, tuple[int, str]]] = defaultdict(dict)
    if _MEDIA in lowered:
        budget.spend(2 * len(text))
        rules = (rule for match in _STYLE.finditer(text) if _applies(text, match, budget) for rule in _rules(match[2]))
        for place, (classes, widths, declared) in enumerate(rules):
            for key in ((name, width) for name in classes for width in widths if len(found) < _MOST):
                found[key] |= {name: (place, value) for name, value in declared.items()}
    return found


def shown(tag: Tag, given: Sheets) -> bool:
    """Whether some narrow screen surely draws the image of `tag` large enough to be seen."""
    classes = tag.value("class").split()
    return any(_shown(box(tag, _declared(classes, width, given))) for width in _WIDTHS) if given else False


def _shown(size: Box) -> bool:
    return size.hidden in _NOT_HIDING and size._replace(hidden="").drawn


def _declared(classes: Iterable[str], width: int, given: Sheets) -> dict[str, str]:
    """What holds for an image of `classes`; of two declarations the one that stands last (CSS Cascade 4 §6.4)."""
    last: dict[str, tuple[int, str]] = {}
    for name in classes:
        for each, placed in given.get((name, width), {}).items():
            last[each] = max(placed, last.get(each, placed))
    return {name: value for name, (_, value) in last.items()}


def _applies(text: str, style: re.Match[str], budget: Budget) -> bool:
    """Whether it is a style sheet, for any screen, and none within a tag, with which it may go."""
    return style[2] is not None and not _ELSEWHERE.search(style[1]) and not enclosing(text, style.start(), budget)


def _rules(sheet: str) -> Iterator[tuple[list[str], frozenset[int], dict[str, str]]]:
    """What rules for a class alone say that no style in a tag overrules, and on which widths of screen."""
    blocks: list[tuple[list[str], frozenset[int]]] = [([], _WIDTHS)]
    for match in _BRACE.finditer(_COMMENT.sub("", sheet)):
        classes, widths = blocks[-1]
        if match[2] == "{":
            prelude = match[1].rpartition(";")[2].strip()
            inner = _widths(prelude.lower()) if prelude.startswith("@") else widths
            blocks.append((_classes(prelude), widths & inner if not classes else frozenset()))
        else:
            said = declarations(match[1]) if classes and widths else {}
            if declared := {name: value for name, value in said.items() if _IMPORTANT in value}:
                yield classes, widths, declared
            del blocks[max(1, len(blocks) - 1) :]


def _classes(selectors: str) -> list[str]:
    return [match[1] for selector in selectors.split(",") if (match := _CLASS.fullmatch(selector))]


def _widths(prelude: str) -> frozenset[int]:
    """The widths at which an at-rule holds; none for any that is no media rule, or asks for more than a width."""
    if not prelude.startswith(_MEDIA):
        return frozenset()
    queries = prelude.removeprefix(_MEDIA).split(",")
    return frozenset(width for query in queries for width in _WIDTHS if _holds(query, width))


def _holds(query: str, width: int) -> bool:
    bounds = _FEATURE.findall(query)
    within = all(width >= int(bound) if least == "min" else width <= int(bound) for least, bound in bounds)
    return within and _PLAIN.issuperset(_FEATURE.sub(" ", query).split())
