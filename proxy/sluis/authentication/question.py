"""What is wanted from DNS and what came of it, as values; so what judges needs no network, and waits for nothing.

A mechanism looks its questions up in what is known. One that is not there it raises as `Wanting`, and whoever called it
finds the answer and calls it again. Each is a function of its arguments, so that asking again costs little and changes
nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

Kind = Literal["TXT", "A", "AAAA", "MX", "PTR"]
Answer = tuple[bytes, ...] | None  # a text, an address or a name for each record; None where no answer could be had


class Question(NamedTuple):
    """Records of a kind at a name, which is in lower case and without its last dot. An MX is asked for its host."""

    name: str
    kind: Kind = "TXT"


Known = Mapping[Question, Answer]


class Wanting(Exception):  # noqa: N818 -- not an error
    """The `questions` that have to be answered first."""

    def __init__(self, questions: Iterable[Question]) -> None:
        super().__init__()
        self.questions = frozenset(questions)


def need(known: Known, questions: Iterable[Question]) -> None:
    """Raise Wanting for those of `questions` that are not `known`."""
    if missing := frozenset(questions) - known.keys():
        raise Wanting(missing)
