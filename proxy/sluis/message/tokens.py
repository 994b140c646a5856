"""Structured field values as lexical tokens, so that nothing within quotes or a comment is taken for the word itself.

What is decided by a field (who a message is from, whether that was proven) must not be decided by a field that two
readers read differently. So whoever reads these tokens gets none at all from a value with an open quote or comment.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

_LONGEST = 16_384  # octets of one value that are read; a longer one has no tokens
_COMMENT = re.compile(r"\\.|[()]", re.DOTALL)


class Token(NamedTuple):
    """An atom, one special character, or the content of a quoted string (RFC 5322 §3.2)."""

    text: str
    quoted: bool = False


class Tokens:
    """A reader that takes each character of `specials` for a token of its own."""

    def __init__(self, specials: str) -> None:
        within = re.escape(specials)
        self._piece = re.compile(
            rf'(?P<blank>\s++)|(?P<comment>\()|"(?P<quoted>(?:[^"\\]|\\.)*+)"|(?P<word>[{within}]|[^\s"(){within}]++)',
            re.DOTALL,
        )

    def __call__(self, value: bytes) -> tuple[Token, ...]:
        """The tokens of `value` without comments and folding; none of a malformed one."""
        if len(value) > _LONGEST:
            return ()
        try:
            return tuple(self._tokens(value.decode("utf-8", "surrogateescape")))
        except ValueError:
            return ()

    def _tokens(self, text: str) -> Iterator[Token]:
        at = 0
        while at < len(text):
            piece = self._piece.match(text, at)
            if piece is None:
                raise ValueError(text[at])
            at = piece.end()
            if piece.lastgroup == "comment":
                at = _behind_comment(text, at)
            elif piece.lastgroup == "quoted":
                yield Token(re.sub(r"\\(.)", r"\1", piece["quoted"], flags=re.DOTALL), quoted=True)
            elif piece.lastgroup == "word":
                yield Token(piece["word"])


def _behind_comment(text: str, at: int) -> int:
    """Where the comment ends whose parenthesis stands before `at`; comments nest. Raises ValueError if it does not."""
    depth = 1
    for mark in _COMMENT.finditer(text, at):
        depth += {"(": 1, ")": -1}.get(mark[0], 0)
        if depth == 0:
            return mark.end()
    raise ValueError("open comment")
