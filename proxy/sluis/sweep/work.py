"""Messages replaced by their cleaned copies, one after the other, each act noted so that a kill loses nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sluis.account.folder import Brought, Folder, Held, Marks
from sluis.account.session import Session
from sluis.bulk import Unread, crew, each
from sluis.sweep.acts import located, matched, move, remove
from sluis.sweep.journal import Journal
from sluis.sweep.ledger import DELETED, Half, Step, step
from sluis.sweep.note import Begun, Copied, Done, End, Exact, Meant, Passed, Removing
from sluis.sweep.plan import Fate, Plan, Planning

SETTLING = 5.0
"""Seconds for the server to end what it was told by a sweep that was killed."""


def planned(session: Session, held: list[Held], planning: Planning) -> Iterator[tuple[Brought, Plan | Unread]]:
    """Every message with its plan, made on all cores while the next are fetched. Raises `AccountError`."""

    def make(_: Brought, raw: bytes) -> Plan:
        return planning.of(raw)

    return each(session.bodies(held), make, crew(sum(one.octets for one in held)))


@dataclass(frozen=True, slots=True)
class Sweep:
    """A folder open for changes, and its journal. `keep` is where originals go, or ''. Methods raise `AccountError`,
    and `OSError` where the journal cannot be written; either way the next sweep goes on where this one stood.
    """

    session: Session
    folder: Folder
    journal: Journal
    keep: str = ""
    settling: float = SETTLING

    def begin(self, token: str, made_by: str) -> None:
        """Note whose numbers follow, and see to what a stopped sweep has left."""
        begun = Begun(token, self.folder.validity, made_by)
        if self.journal.ledger.begun != begun:
            self.journal.keep(begun)
        if half := self.journal.ledger.half:
            time.sleep(max(0.0, self.settling - self.journal.age))
            self._resume(half)

    def unread(self, held: list[Held]) -> list[Held]:
        """Those that neither were read before nor are copies of ours."""
        ledger = self.journal.ledger
        return [each for each in held if each.uid not in ledger.passed and each.uid not in ledger.copies]

    def settle(self, uid: int, plan: Plan) -> None:
        """Do with the message as planned."""
        if plan.fate is not Fate.REPLACE:
            self.journal.note(Passed(uid))
            return
        marks = self.session.marks(uid)
        if marks is None or DELETED in marks.flags:  # on its way out by another hand
            return
        cleaned = Exact.of(plan.cleaned)
        self.journal.keep(Meant(uid, self.folder.following, plan.original, cleaned, plan.record))
        copy = self.session.append(plan.cleaned, marks) or self._copy(cleaned, self.folder.following)
        if copy is None:
            self.journal.keep(Done(End.WITHDRAWN, "the server took the copy and does not show it"))
            return
        self.journal.note(Copied(copy))
        self._finish(uid, copy, cleaned)

    def _resume(self, half: Half) -> None:
        fresh = half.validity == self.folder.validity
        cleaned, original = half.meant.cleaned, half.meant.original
        copy = half.copy if fresh and half.copy else self._copy(cleaned, half.meant.following if fresh else 1)
        if copy and self.session.marks(copy) is None:
            copy = None
        uid = half.meant.uid if fresh else next(iter(located(self.session, {original})[original]), 0)
        marks = self.session.marks(uid) if uid else None
        match step(marks, copied=copy is not None, removing=half.removing is not None):
            case Step.FINISH if copy:
                if half.copy != copy:
                    self.journal.note(Copied(copy))
                self._finish(uid, copy, cleaned)
            case Step.WITHDRAW if copy:
                self._withdraw(copy, _OTHERS)
            case Step.CLOSE:
                self.journal.keep(Done(End.KEPT if half.removing else End.REMOVED))
            case Step.FORGET:
                self.journal.keep(Done(End.GONE))
            case _:
                self.journal.keep(Done(End.WITHDRAWN, "it was stopped before there was a copy"))

    def _copy(self, cleaned: Exact, start: int) -> int | None:
        """A copy that no note tells the number of."""
        known = self.journal.ledger.copies
        return next((uid for uid in located(self.session, {cleaned}, start)[cleaned] if uid not in known), None)

    def _finish(self, uid: int, copy: int, cleaned: Exact) -> None:
        """Look at the copy, and let the original go."""
        ours = self.journal.ledger.half is not None and self.journal.ledger.half.removing is not None
        marks = self.session.marks(uid)
        if marks is None or (DELETED in marks.flags and not ours):
            self._withdraw(copy, _OTHERS)
            return
        if why := matched(self.session, copy, cleaned, _lasting(marks)):
            self._withdraw(copy, why)
            self.journal.note(Passed(uid))
            return
        self.journal.keep(Removing(self.keep))
        if self.keep:
            move(self.session, uid, marks, self.keep)
        else:
            remove(self.session, uid)
        self.journal.keep(Done(End.KEPT if self.keep else End.REMOVED))

    def _withdraw(self, copy: int, why: str) -> None:
        remove(self.session, copy)
        self.journal.keep(Done(End.WITHDRAWN, why))


_OTHERS = "another client has moved or deleted it meanwhile"


def _lasting(marks: Marks) -> Marks:
    return replace(marks, flags=marks.flags - {DELETED})
