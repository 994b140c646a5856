"""How much work a pattern from outside can make of a URL, found out before it is ever used.

Our own patterns are written to be linear; those of a list are what somebody sent. One is fit if no repeat can divide
the same text among its rounds in more than one way (from which exponential time comes), and if no more than two of
these meet: that it may begin at many places, that a repeat may end at many, that another then runs on. So a match
takes at most the square of a URL's length, and lists are held against short URLs only. Repeats within the host do not
count: it is short, and matched once. What is not understood here (look-around, back references) is unfit.
"""

import re
from collections.abc import Callable, Mapping
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

FLAGS = re.IGNORECASE | re.ASCII
_LONGEST = 2_000  # characters of a pattern
_WAYS = 16  # ways through branches and optional pieces that begin alike
_SQUARE = 2
_CONFINED = 2  # repeats within the host that may end at many places

Items = Any  # the parser's own tree: a sequence of pairs of operation and argument
Characters = frozenset[int]

_OTHER = 128  # stands for every character beyond ASCII
_ALL: Characters = frozenset(range(_OTHER + 1))
_NONE: Characters = frozenset()
_LEAVES_HOST = frozenset(map(ord, "/?#\\"))
_HOST_BEGINS = re.compile(r"\^https\?:(?:\\?/){2}")
_PIECE = re.compile(r"\\.|\[\^?\]?(?:[^\]\\]|\\.)*+\]|.", re.DOTALL)
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


class UnfitError(ValueError):
    """The pattern may take too long, or cannot be read."""


def compiled(pattern: str, *, anchored: bool = False) -> re.Pattern[str]:
    """`pattern`, to be searched for in a URL of bounded length, or (`anchored`) matched with one short text.

    Raises UnfitError, in a few words, if it may take long or is none.
    """
    if len(pattern) > _LONGEST:
        raise UnfitError("is too long")
    if "(?>" in pattern:
        raise UnfitError("uses atomic_group")  # no word of JavaScript's, in which lists are written
    try:
        prepared = _host_once(_from_beginning(pattern))
        _weigh(_items(prepared), anchored=anchored)
        return re.compile(prepared, FLAGS)
    except (re.error, OverflowError, RecursionError) as error:
        raise UnfitError(f"is no regular expression: {error}") from error


def _items(pattern: str) -> Items:
    return list(_parser.parse(pattern, FLAGS))


def _from_beginning(pattern: str) -> str:
    """The same pattern, tried at the beginning only where nothing is gained by trying it elsewhere."""
    return "^" + pattern if pattern.startswith(".*") else pattern


def _host_once(pattern: str) -> str:
    """The same pattern, its host in an atomic group where that changes nothing.

    What is to match the host ends at the first slash, in whatever way it gets there, so one way is as good as all.
    """
    begun = _HOST_BEGINS.match(pattern)
    ends = _slash(pattern, begun.end()) if begun else None
    if (
        begun is None
        or ends is None
        or alternatives(pattern)
        or not _LEAVES_HOST.isdisjoint(_consumed(_items(pattern[begun.end() : ends[0]])))
    ):
        return pattern
    return f"{begun[0]}(?>{pattern[begun.end() : ends[1]]}){pattern[ends[1] :]}"


def alternatives(pattern: str) -> bool:
    """Whether `pattern` is several, any of which will do."""
    depth = 0
    for piece in _PIECE.finditer(pattern):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if depth == 0 and piece[0] == "|":
            return True
    return False


def _slash(pattern: str, start: int) -> tuple[int, int] | None:
    """The span of the first slash from `start` that stands in no group or set and is not repeated."""
    depth = 0
    for piece in _PIECE.finditer(pattern, start):
        depth += {"(": 1, ")": -1}.get(piece[0], 0)
        if depth == 0 and piece[0] in {"/", r"\/"}:
            return None if pattern[piece.end() : piece.end() + 1] in set("?*+{") else piece.span()
    return None


def _weigh(items: Items, *, anchored: bool) -> None:
    begins = 0 if anchored or items[:1] == [(_constants.AT, _constants.AT_BEGINNING)] else 1
    weight = _Weight(begins)
    weight.sequence(items, _NONE, _NONE, looped=False)
    if weight.places + weight.runs > _SQUARE or weight.confined > _CONFINED or weight.ways > _WAYS:
        raise UnfitError("has too many repeats that may end anywhere")


class _Weight:
    """One walk through a pattern.

    `places`: how often a match goes on from many places; `runs`: whether it then runs over text that it may have to
    leave again; `confined`: places within the host; `ways`: how many lead through branches.
    """

    def __init__(self, places: int) -> None:
        self._in_host = False
        self.places = places
        self.runs = False
        self.confined = 0
        self.ways = 1

    def sequence(self, items: Items, again: Characters, out: Characters, *, looped: bool) -> None:
        """Walk `items`, behind which comes one of `again` in the same loop, or of `out` beyond it."""
        for index, (operation, argument) in enumerate(items):
            following, empty = _first(items[index + 1 :])
            near, far = following | (again if empty else _NONE), out if empty else _NONE
            if operation in _REPEATS:
                self._repeat(argument, near, far, looped=looped)
            elif operation is _constants.BRANCH:
                self._branch(argument[1], near, far, looped=looped)
            elif operation is _constants.SUBPATTERN:
                self.sequence(argument[-1], near, far, looped=looped)
            elif operation is _constants.ATOMIC_GROUP:
                self._in_host = True
                self.sequence(argument, near, far, looped=looped)
                self._in_host = False
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
        elif (near | far) and not looped and not self._in_host:
            self.runs = self.runs or self.places > 0
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
            self.places += 1


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
    if operation is _constants.ATOMIC_GROUP:
        return _first(argument)
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
