"""The audit of a mailbox at rest: which senders track its reader, with what, and since when.

    files ─ clean under `audit` ─▶ report ─▶ record ─▶ tally ─▶ page, tables

A record is all that is kept of a message, and no part of it names the reader: `redact.py` sees to that before anything
is remembered, counted or written.
"""
