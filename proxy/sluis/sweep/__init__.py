"""The sweep: mail that lies on a server, cleaned for good, and brought back where the originals were kept.

    folder ─ read ─▶ plan ─▶ note ─▶ append ─▶ read back ─▶ note ─▶ remove or move the original ─▶ note

Two things have to hold whatever is killed when: at each moment the original or its verified copy is there, and a
message that was half done is finished and not done twice. So every step that cannot be undone is noted before it is
taken, on disk (`journal.py`), and what a stopped sweep left is decided from its notes and from what lies in the folder
(`ledger.py`).
"""
