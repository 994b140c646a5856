"""The IMAP gate: any client connects to it as to its server, and what it fetches comes out clean."""
