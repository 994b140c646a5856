"""A mail account on an IMAP server, as the commands for mailboxes at rest see it: where it is, what lies there.

It knows the protocol by way of IMAPClient, and nothing of what a message says.
"""
