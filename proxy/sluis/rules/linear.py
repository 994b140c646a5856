"""Patterns that cannot be made to backtrack: rules are data, and a slow one would hold up the mail.

Refused are repeats within unbounded repeats, the shape from which exponential time comes. Two unbounded repeats side by
side cost at most the square of a URL's length, which is bounded.
"""

from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

_REPEATS = frozenset({_constants.MAX_REPEAT, _constants.MIN_REPEAT})
_ENDLESS = 64  # a bound from which a repeat counts as unbounded


def fault(pattern: str) -> str | None:
    """What makes `pattern` unfit, or None."""
    return "has a repeat within an unbounded repeat" if _nested(_parser.parse(pattern), within=False) else None


def _nested(items: Any, *, within: bool) -> bool:
    for operation, argument in items:
        if operation in _REPEATS:
            least, most, inner = argument
            if (within and least != most) or _nested(inner, within=within or most > _ENDLESS):
                return True
        elif any(_nested(inner, within=within) for inner in _inner(operation, argument)):
            return True
    return False


def _inner(operation: Any, argument: Any) -> list[Any]:
    """The patterns within one item."""
    if operation is _constants.SUBPATTERN:
        return [argument[-1]]
    if operation is _constants.BRANCH:
        return list(argument[1])
    if operation in {_constants.ASSERT, _constants.ASSERT_NOT}:
        return [argument[1]]
    if operation is _constants.POSSESSIVE_REPEAT:
        return [argument[2]]
    return [argument] if operation is _constants.ATOMIC_GROUP else []
