"""How much work a pattern from outside can make of a URL, found out before it is ever used.

Our own patterns are written to be linear; those of a list are what somebody sent. One is fit if no repeat can divide
the same text among its rounds in more than one way (from which exponential time comes), and if at most one of its
repeats may end at many places, or it begins at many. So a match takes at most the square of a URL's length, and lists
are held against short URLs only. Repeats that cannot leave the host are bounded by the length of a host, and do not
count. What is not understood here (look-around, back references) is unfit.
"""

import re
from collections.abc import Callable, Mapping
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

FLAGS = re.IGNORECASE | re.ASCII
_LONGEST = 2_000  # characters of a pattern
_WAYS = 64  # ways through branches and optional pieces that begin alike
_CONFINED = 2  # repeats within the host that may end at many places

Items = Any  # the parser's own tree: a sequence of pairs of operation and argument
Characters = frozenset[int]

_OTHER = 128  # stands for every character beyond ASCII
_ALL: Characters = frozenset(range(_OTHER + 1))
_NONE: Characters = frozenset()
_LEAVES_HOST = frozenset(map(ord, "/?#\\"))
_HOST_BEGINS = re.compile(r"\^https\?:(?:\\?/){2}")
_HEAD = 9  # items that `^https?://` is parsed into
_REPEATS = frozenset({_constants.MAX_REPEAT, _constants.MIN_REPEAT})


def _category(pattern: str) -> Characters:
    return frozenset(code for code in range(_OTHER) if re.match(pattern, chr(code), re.ASCII))


_CATEGORIES: Mapping[Any, Characters] = {
    _constants.CATEGORY_DIGIT: _category(r"\d"),
    _constants.CATEGORY_NOT_DIGIT: _ALL - _category(r"\d"),
    _constants.CATEGORY_WORD: _category(r"\w"),
    _constants.CATEGORY_NOT_WORD: _ALL - _category(r"\w"),
    _constants.CATEGORY_SPACE: _category(r"\s"),
    _constants.CATEGORY_NOT_SPACE: _ALL - _category(r"\s"),
}


class UnfitError(Exception):
    """The pattern may take too long, or cannot be read."""


def fault(pattern: str, *, anchored: bool = False) -> str | None:
    """What makes `pattern` unfit to be searched for in a URL (`anchored`: to be matched with a short text), or None."""
    try:
        _weigh(pattern, anchored=anchored)
    except UnfitError as unfit:
        return str(unfit)
    except (re.error, OverflowError, RecursionError) as error:
        return f"is no regular expression: {error}"
    return None


def _weigh(pattern: str, *, anchored: bool) -> None:
    if len(pattern) > _LONGEST:
        raise UnfitError("is too long")
    items = list(_parser.parse(pattern, FLAGS))
    anchored = anchored or items[:1] == [(_constants.AT, _constants.AT_BEGINNING)]
    host = bool(_HOST_BEGINS.match(pattern)) and items[:1] == [(_constants.AT, _constants.AT_BEGINNING)]
    weight = _Weight(in_host=host)
    weight.sequence(items[_HEAD:] if host else items, _NONE, _NONE, looped=False)
    if weight.endings + (not anchored) > 1 or weight.confined > _CONFINED or weight.ways > _WAYS:
        raise UnfitError("has too many repeats that may end anywhere")


class _Weight:
    """One walk through a pattern: how many repeats may end at many places, how many ways lead through branches."""

    def __init__(self, *, in_host: bool) -> None:
        self._in_host = in_host
        self.endings = 0
        self.confined = 0
        self.ways = 1

    def sequence(self, items: Items, again: Characters, out: Characters, *, looped: bool) -> None:
        """Walk `items`, behind which comes one of `again` in the same loop, or of `out` beyond it."""
        for index, (operation, argument) in enumerate(items):
            if not looped:
                self._in_host = self._in_host and _LEAVES_HOST.isdisjoint(_consumed([(operation, argument)]))
            following, empty = _first(items[index + 1 :])
            near, far = following | (again if empty else _NONE), out if empty else _NONE
            if operation in _REPEATS:
                self._repeat(argument, near, far, looped=looped)
            elif operation is _constants.BRANCH:
                self._branch(argument[1], near, far, looped=looped)
            elif operation is _constants.SUBPATTERN:
                self.sequence(argument[-1], near, far, looped=looped)
            else:
                _first_of(operation, argument)

    def _repeat(self, argument: Items, near: Characters, far: Characters, *, looped: bool) -> None:
        least, most, body = argument
        begins, empty = _first(body)
        if most == 1:
            self._choose(2, begins, near, far, looped=looped)
            self.sequence(body, near, far, looped=looped)
            return
        if empty:
            raise UnfitError("repeats what may be empty")
        if least != most and begins & (near | far):
            if looped and begins & near:
                raise UnfitError("has a repeat within a repeat that share a text in many ways")
            self._ends_anywhere()
        if looped:
            self.sequence(body, begins | near, far, looped=True)
        elif not _single(body):
            self.sequence(body, begins, near | far, looped=True)

    def _branch(self, branches: Items, near: Characters, far: Characters, *, looped: bool) -> None:
        seen: Characters = _NONE
        shared: Characters = _NONE
        for branch in branches:
            begins, empty = _first(branch)
            begins |= near if empty else _NONE
            shared |= begins & seen
            seen |= begins
            self.sequence(branch, near, far, looped=looped)
        self._choose(len(branches), shared, shared, _NONE, looped=looped)

    def _choose(self, ways: int, begins: Characters, near: Characters, far: Characters, *, looped: bool) -> None:
        """Count a choice that the next character does not make."""
        if looped and begins & near:
            raise UnfitError("has a choice within a repeat that shares a text in many ways")
        if begins & (near | far):
            self.ways = min(self.ways * ways, _WAYS + 1)

    def _ends_anywhere(self) -> None:
        if self._in_host:
            self.confined += 1
        else:
            self.endings += 1


def _single(body: Items) -> bool:
    """Whether a repeat's body is one character."""
    return len(body) == 1 and body[0][0] in _CHARACTERS


def _first(items: Items) -> tuple[Characters, bool]:
    """The characters that a match of `items` may begin with, and whether it may be empty."""
    begins: Characters = _NONE
    for operation, argument in items:
        more, empty = _first_of(operation, argument)
        begins |= more
        if not empty:
            return begins, False
    return begins, True


def _first_of(operation: Any, argument: Items) -> tuple[Characters, bool]:
    if operation in _CHARACTERS:
        return _CHARACTERS[operation](argument), False
    if operation in _REPEATS:
        begins, empty = _first(argument[2])
        return begins, empty or argument[0] == 0
    if operation is _constants.SUBPATTERN:
        return _first(argument[-1])
    if operation is _constants.BRANCH:
        each = [_first(branch) for branch in argument[1]]
        return frozenset().union(*(begins for begins, _ in each)), any(empty for _, empty in each)
    if operation is _constants.AT:
        return _NONE, True
    raise UnfitError(f"uses {str(operation).lower()}")


def _consumed(items: Items) -> Characters:
    """Every character that a match of `items` may hold."""
    held: Characters = _NONE
    for operation, argument in items:
        if operation in _CHARACTERS:
            held |= _CHARACTERS[operation](argument)
        elif operation in _REPEATS:
            held |= _consumed(argument[2])
        elif operation is _constants.SUBPATTERN:
            held |= _consumed(argument[-1])
        elif operation is _constants.BRANCH:
            held = held.union(*map(_consumed, argument[1]))
    return held


def _literal(code: int) -> Characters:
    if code >= _OTHER:
        return frozenset({_OTHER})
    return frozenset({code, ord(chr(code).lower()), ord(chr(code).upper())})


def _set(members: Items) -> Characters:
    held: Characters = _NONE
    negated = False
    for operation, argument in members:
        if operation is _constants.NEGATE:
            negated = True
        elif operation is _constants.LITERAL:
            held |= _literal(argument)
        elif operation is _constants.RANGE:
            codes = range(min(argument[0], _OTHER), min(argument[1], _OTHER) + 1)
            held = held.union(*map(_literal, codes))
        else:
            held |= _CATEGORIES[argument]
    return _ALL - (held - {_OTHER}) if negated else held


_CHARACTERS: Mapping[Any, Callable[[Any], Characters]] = {
    _constants.LITERAL: _literal,
    _constants.NOT_LITERAL: lambda code: _ALL - (_literal(code) - {_OTHER}),
    _constants.ANY: lambda _: _ALL,
    _constants.IN: _set,
}
