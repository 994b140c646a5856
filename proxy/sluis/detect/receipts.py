"""Header fields that ask the reader's client to report that the message was read (RFC 8098, and its forerunners)."""

from collections.abc import Iterator

from sluis.message.fields import Field
from sluis.report import Action, Edit, Finding, Kind

RECEIPTS = frozenset(
    {
        b"disposition-notification-to",  # RFC 8098 §2.1
        b"disposition-notification-options",  # RFC 8098 §2.2
        b"return-receipt-to",  # sendmail; still honoured by Outlook and Lotus Notes
        b"return-receipt-requested",
        b"x-confirm-reading-to",  # Pegasus Mail
        b"x-ms-exchange-organization-messagereadreceiptrequested",
        b"read-receipt-to",
        b"x-pmrqc",  # Novell GroupWise
    }
)
_NAME = b"X-Sluis-Cut"


def receipts(fields: tuple[Field, ...], raw: bytes, *, fit: bool) -> Iterator[tuple[Finding, Edit]]:
    """Each field that asks for a receipt, with the edit that takes it out; with `fit`, one that only renames it."""
    for field in fields:
        if field.name in RECEIPTS:
            name = field.name.decode()
            finding = Finding(
                Kind.READ_RECEIPT,
                Action.BLANKED if fit else Action.REMOVED,
                name,
                None,
                None,
                None,
                None,
                "",
                (field.start, field.end),
                1.0,
                f"{name} asks your mail program to tell the sender that you read this",
            )
            yield finding, Edit(field.start, field.end, renamed(field, raw) if fit else b"")


def renamed(field: Field, raw: bytes) -> bytes:
    """The field under a name nothing acts on, as long as the old one."""
    length = len(field.name)
    return _NAME.ljust(length, b"-")[:length] + raw[field.start + length : field.end]
