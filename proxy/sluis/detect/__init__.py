"""Things with offsets to findings: what in a message would tell its sender something, and the edit that prevents it.

Everything here reads one *reading* of one part (`page.Page`) and proposes; nothing here edits, decodes MIME or does
I/O. Each detector is a function of the page that yields `Proposal`s, and `page.proposals` calls them all.
"""
