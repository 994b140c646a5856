"""Originals brought back from the folder that keeps them, in the place of their cleaned copies.

The original comes first and the copy goes last, so a kill leaves at worst both; what is done is seen from what lies in
the two folders. Where somebody has deleted or moved a copy since, the mail is not wanted here: its original stays where
it is kept.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluis.account.folder import DELETED
from sluis.account.session import Session
from sluis.sweep.acts import located, move, remove
from sluis.sweep.journal import Journal
from sluis.sweep.ledger import Ledger, Swept
from sluis.sweep.note import Exact, Restored, Restoring

Places = Mapping[Exact, list[int]]


@dataclass(frozen=True, slots=True)
class Return:
    """A message to be restored: the number of its entry, its copy, and its kept original, or None if that is back."""

    index: int
    swept: Swept
    copy: int
    kept: int | None


def kept(ledger: Ledger) -> Mapping[int, Swept]:
    """What was swept with its original kept, and not restored since, by its number."""
    return {index: each for index, each in enumerate(ledger.swept) if each.keep and index not in ledger.restored}


def pairs(entries: Mapping[int, Swept], here: Places, there: Mapping[str, Places]) -> Iterator[Return]:
    """What can be restored: `here` are the places of copies and originals in the swept folder, `there` those of
    originals in each folder that keeps them. Pure; each message is used once.
    """
    used: set[tuple[str, int]] = set()

    def one(folder: str, places: Places, wanted: Exact) -> int | None:
        found = next((uid for uid in places.get(wanted, ()) if (folder, uid) not in used), None)
        if found is not None:
            used.add((folder, found))
        return found

    for index, swept in entries.items():
        copy = one("", here, swept.meant.cleaned)
        if copy is None:
            continue
        original = one(swept.keep, there.get(swept.keep, {}), swept.meant.original)
        if original is not None or one("", here, swept.meant.original) is not None:
            yield Return(index, swept, copy, original)


def returns(session: Session, folder: str, ledger: Ledger) -> list[Return]:
    """What can be restored to `folder`, which is open at the end. Raises `AccountError`."""
    entries = kept(ledger)
    there = {}
    for name in {swept.keep for swept in entries.values()}:
        session.examine(name)
        there[name] = located(session, {each.meant.original for each in entries.values() if each.keep == name})
    validity = session.examine(folder).validity
    here = located(session, {exact for each in entries.values() for exact in (each.meant.original, each.meant.cleaned)})
    if ledger.begun and ledger.begun.validity == validity:  # of messages that are alike, those that are ours come first
        here = {exact: sorted(uids, key=lambda uid: (uid not in ledger.copies, uid)) for exact, uids in here.items()}
    return list(pairs(entries, here, there))


def restore(session: Session, folder: str, journal: Journal, wanted: list[Return]) -> Iterator[Return]:
    """Bring them back, with the flags that their copies have now; each that is done is given. Raises `AccountError`."""
    session.select(folder)
    ours = {each.copy for each in wanted if each.index in journal.ledger.restoring}
    marked = ((each.copy, session.marks(each.copy)) for each in wanted)
    flags = {copy: marks.lasting for copy, marks in marked if marks and (DELETED not in marks.flags or copy in ours)}
    for name in {each.swept.keep for each in wanted if each.kept is not None}:
        session.select(name)
        for each in wanted:
            if each.kept is not None and each.swept.keep == name and each.copy in flags:
                session.flag(each.kept, flags[each.copy].flags)
                move(session, each.kept, flags[each.copy], folder)
    session.select(folder)
    back = located(session, {each.swept.meant.original for each in wanted})
    for each in wanted:
        if each.copy in flags and back[each.swept.meant.original]:
            back[each.swept.meant.original].pop()
            journal.keep(Restoring(each.index))
            remove(session, each.copy)
            journal.keep(Restored(each.index))
            yield each
