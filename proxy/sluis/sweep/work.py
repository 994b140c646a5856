"""Messages replaced by their cleaned copies, one after the other, each act noted so that a kill loses nothing."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from sluis.account.folder import DELETED, Brought, Folder, Held, Marks
from sluis.account.session import AccountError, Session
from sluis.bulk import Unread, crew, each
from sluis.sweep.acts import located, matched, move, remove
from sluis.sweep.journal import Journal
from sluis.sweep.ledger import Half, Step, step
from sluis.sweep.note import Begun, Copied, Done, End, Exact, Meant, Passed, Removing
from sluis.sweep.plan import Fate, Plan, Planning

_OTHERS = "another client has moved or deleted it meanwhile"
_STOPPED = "it was stopped before there was a copy"
_TWINS = "the server gives for a copy a message that was there before, so what is replaced there might be lost"
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
        """Those that were not read before, are no copies of ours, and are not marked for deletion."""
        known = self.journal.ledger.passed | self.journal.ledger.copies
        return [each for each in held if each.uid not in known and not each.deleted]

    def settle(self, uid: int, plan: Plan) -> None:
        """Do with the message as planned."""
        if plan.fate is not Fate.REPLACE:
            self.journal.note(Passed(uid))
            return
        marks = self.session.marks(uid)
        if marks is None or DELETED in marks.flags:  # on its way out by another hand
            return
        cleaned = Exact.of(plan.cleaned)
        meant = Meant(uid, self.session.following(), plan.original, cleaned, plan.record)
        self.journal.keep(meant)
        copy = self.session.append(plan.cleaned, marks) or self._copy(cleaned, meant.following)
        if copy is None:
            raise AccountError("the server took a copy and does not show it")
        if not meant.may_be(copy) or copy in self.journal.ledger.copies:
            raise AccountError(_TWINS)
        self.journal.note(Copied(copy))
        self._finish(uid, copy, cleaned)

    def _resume(self, half: Half) -> None:
        if half.validity != self.folder.validity:
            self._resume_anew(half)
            return
        cleaned = half.meant.cleaned
        copy = half.copy or self._copy(cleaned, half.meant.following)
        if copy and self.session.marks(copy) is None:
            copy = None
        marks = self.session.marks(half.meant.uid)
        match step(marks, copied=copy is not None, removing=half.removing is not None):
            case Step.FINISH if copy:
                if half.copy is None:
                    self.journal.note(Copied(copy))
                self._finish(half.meant.uid, copy, cleaned)
            case Step.WITHDRAW if copy:
                self._withdraw(copy, _OTHERS)
            case Step.CLOSE:
                self.journal.keep(Done(End.KEPT if half.removing else End.REMOVED))
            case Step.FORGET:
                self.journal.keep(Done(End.GONE))
            case _:
                self.journal.keep(Done(End.WITHDRAWN, _STOPPED))

    def _resume_anew(self, half: Half) -> None:
        """The same in a folder with new numbers. No copy can be told from mail that is like it, so none is removed; one
        that is more than the copies that are known will do, if it arrived when the original did.
        """
        cleaned, original = half.meant.cleaned, half.meant.original
        places = located(self.session, {cleaned, original})
        spare = len(places[cleaned]) > self.journal.ledger.standing(cleaned)
        alike = {marks.arrived: uid for uid in places[cleaned] if spare and (marks := self.session.marks(uid))}
        for uid in places[original]:
            marks = self.session.marks(uid)
            copy = alike.get(marks.arrived) if marks and self._wanted(marks) else None
            if marks and copy and not matched(self.session, copy, cleaned, marks.lasting):
                self.journal.note(Copied(copy))
                self._let_go(uid, marks)
                return
        gone = half.removing is not None and not places[original]
        end = End.WITHDRAWN if not gone else End.KEPT if half.removing else End.REMOVED
        self.journal.keep(Done(end, "" if gone else _STOPPED))

    def _copy(self, cleaned: Exact, start: int) -> int | None:
        """A copy that no note tells the number of."""
        known = self.journal.ledger.copies
        return next((uid for uid in located(self.session, {cleaned}, start)[cleaned] if uid not in known), None)

    def _finish(self, uid: int, copy: int, cleaned: Exact) -> None:
        """Look at the copy, and let the original go."""
        marks = self.session.marks(uid)
        if marks is None or not self._wanted(marks):
            self._withdraw(copy, _OTHERS)
        elif why := matched(self.session, copy, cleaned, marks.lasting):
            self._withdraw(copy, why)
            self.journal.note(Passed(uid))
        else:
            self._let_go(uid, marks)

    def _wanted(self, marks: Marks) -> bool:
        """Whether no other client has marked the half-done message for deletion."""
        half = self.journal.ledger.half
        return DELETED not in marks.flags or (half is not None and half.removing is not None)

    def _let_go(self, uid: int, marks: Marks) -> None:
        """Move the original to where it is kept, or remove it: its copy was found good."""
        self.journal.keep(Removing(self.keep))
        if self.keep:
            move(self.session, uid, marks, self.keep)
        else:
            remove(self.session, uid)
        self.journal.keep(Done(End.KEPT if self.keep else End.REMOVED))

    def _withdraw(self, copy: int, why: str) -> None:
        """Take the copy back, and be sure that it is one."""
        half = self.journal.ledger.half
        if half is None or not half.meant.may_be(copy):
            raise AccountError(_TWINS)
        remove(self.session, copy)
        self.journal.keep(Done(End.WITHDRAWN, why))
