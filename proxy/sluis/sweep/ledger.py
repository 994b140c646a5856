"""What the notes come to: what is done, what is half done, and what is to be done about that. Pure.

A half-done message is recognised by what lies in the folder, not by what was noted last, for a kill may fall between an
act and its note. Notes say only what cannot be seen: which copy is ours, and that an original went by our own hand.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

from sluis.account.folder import DELETED, Marks
from sluis.sweep.note import Begun, Copied, Done, End, Exact, Meant, Note, Passed, Removing, Restored, Restoring


@dataclass(slots=True)
class Half:
    """A message that was meant to be replaced. `validity` is that of its numbers; `removing` is None until the copy was
    found good, and then the folder that the original goes to, or ''.
    """

    meant: Meant
    validity: int
    copy: int | None = None
    removing: str | None = None


@dataclass(frozen=True, slots=True)
class Swept:
    """A message that is done with; `keep` is the folder that has its original, or ''."""

    meant: Meant
    end: End
    why: str
    keep: str


@dataclass(slots=True)
class Ledger:
    """The journal so far. `passed` and `copies` are numbers that hold in the folder as it is now."""

    begun: Begun | None = None
    passed: set[int] = field(default_factory=set)
    copies: set[int] = field(default_factory=set)
    half: Half | None = None
    swept: list[Swept] = field(default_factory=list)
    restoring: set[int] = field(default_factory=set)
    restored: set[int] = field(default_factory=set)

    def add(self, note: Note) -> None:
        """Take account of one note. Raises `ValueError` for one that cannot follow those before it."""
        match note:
            case Begun():
                self._begin(note)
            case Passed(uid):
                self.passed.add(uid)
            case Meant() if self.begun and not self.half:
                self.half = Half(note, self.begun.validity)
            case Copied(uid) if self.half and not self.half.meant.may_be(uid):
                pass  # written before a sweep made sure of that
            case Copied(uid) if self.half:
                self.half.copy = uid
                self.copies.add(uid)
            case Removing(keep) if self.half:
                self.half.removing = keep
            case Done() if self.half:
                self._end(self.half, note)
            case Restoring(index) if index < len(self.swept):
                self.restoring.add(index)
            case Restored(index) if index < len(self.swept):
                self.restored.add(index)
            case _:
                raise ValueError("a note that does not follow")

    def standing(self, cleaned: Exact) -> int:
        """How many messages of these octets are copies that were put in an original's place."""
        ended = (each for index, each in enumerate(self.swept) if index not in self.restored)
        return sum(each.meant.cleaned == cleaned and each.end in {End.REMOVED, End.KEPT} for each in ended)

    def _begin(self, begun: Begun) -> None:
        before = self.begun
        if before and before.validity != begun.validity:
            self.passed, self.copies = set(), set()
        elif before and before.made_by != begun.made_by:
            self.passed = set()
        self.begun = begun

    def _end(self, half: Half, done: Done) -> None:
        keep = (half.removing or "") if done.end is End.KEPT else ""
        self.swept.append(Swept(half.meant, done.end, done.why, keep))
        self.half = None


class Step(Enum):
    """What is to be done about a half-done message."""

    AGAIN = auto()  # nothing has happened: as if it had never been meant
    FINISH = auto()  # both are there: look at the copy, and let the original go
    WITHDRAW = auto()  # another client has moved or deleted the original: a copy would bring it back
    CLOSE = auto()  # the original has gone by our hand: it is done
    FORGET = auto()  # both have gone


def step(original: Marks | None, *, copied: bool, removing: bool) -> Step:
    """What to do: `original` are its marks where it is still there, `copied` whether the copy is; `removing`, that the
    copy was found good and the original was about to go.
    """
    if original is None:
        return (Step.CLOSE if removing else Step.WITHDRAW) if copied else Step.FORGET
    if not copied:
        return Step.AGAIN
    return Step.WITHDRAW if DELETED in original.flags and not removing else Step.FINISH


def unlike(raw: bytes | None, marks: Marks | None, cleaned: Exact, wanted: Marks) -> str:
    """In what a copy, as it was read back, is not what it should be; '' where it is. More flags are no fault."""
    if raw is None or marks is None:
        return "the copy is not there"
    if Exact.of(raw) != cleaned:
        return "the server has changed its octets"
    if marks.arrived != wanted.arrived:
        return "the server has not kept its date of arrival"
    if not marks.flags >= wanted.flags:
        return "the server has not kept its flags"
    return ""
