"""What a sweep does in an open folder: find a message by its octets, look at it, let it go."""

from collections.abc import Collection, Container, Mapping

from sluis.account.folder import DELETED, Marks
from sluis.account.session import AccountError, Session
from sluis.sweep.ledger import unlike
from sluis.sweep.note import Exact


def refusal(able: Container[str], keep: str) -> str:
    """Why mail cannot be swept on a server that is `able` to do these things; '' where it can. Pure."""
    if "X-GM-EXT-1" in able:
        return "Gmail may take a copy for its original and forget its labels: read it through the IMAP gate instead"
    return lacking(able, keep)


def lacking(able: Container[str], keep: str) -> str:
    """What the server cannot do of all that it takes to let a message go, or to bring it back; '' for nothing. Pure."""
    if "UIDPLUS" not in able:
        return "the server cannot remove single messages (UIDPLUS), and what others marked for deletion is not ours"
    if keep and "MOVE" not in able:
        return "the server cannot move a message at once (MOVE), so originals cannot be kept"
    return ""


def located(session: Session, wanted: Collection[Exact], start: int = 1) -> Mapping[Exact, list[int]]:
    """Where messages of exactly these octets lie in the open folder, among those numbered `start` or more.

    From the first on, only messages of the right size are read. Raises `AccountError`, as all that follow.
    """
    sizes = {each.octets for each in wanted}
    found: dict[Exact, list[int]] = {each: [] for each in wanted}
    for brought in session.bodies([held for held in session.listed(start) if start > 1 or held.octets in sizes]):
        if brought.raw is not None and (exact := Exact.of(brought.raw)) in found:
            found[exact].append(brought.held.uid)
    return found


def matched(session: Session, copy: int, cleaned: Exact, wanted: Marks) -> str:
    """Give the copy the flags that are wanted besides its own, and say in what it still differs; '' for nothing."""
    marks = session.marks(copy)
    if marks and not marks.flags >= wanted.flags:
        session.flag(copy, marks.flags | wanted.flags)
        marks = session.marks(copy)
    return unlike(session.body(copy), marks, cleaned, wanted)


def remove(session: Session, uid: int) -> None:
    """Remove one message, and be sure that it has gone."""
    session.mark_deleted(uid)
    session.expunge(uid)
    if session.marks(uid):
        raise AccountError(f"the server has not removed message {uid}")


def move(session: Session, uid: int, marks: Marks, folder: str) -> None:
    """Move one message, and be sure that it has gone; a `\\Deleted` of ours stays behind."""
    if DELETED in marks.flags:
        session.flag(uid, marks.flags - {DELETED})
    session.move(uid, folder)
    if session.marks(uid):
        raise AccountError(f"the server has not moved message {uid}")
