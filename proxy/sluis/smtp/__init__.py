"""The SMTP gate: mail comes in, is cleaned and goes on.

    server ─▶ relay ─▶ cleaning        the client's side, the 2xx rule, the cleaner
       │        └────▶ hop             where mail goes on to: upstream (SMTP), lmtp, maildir
       │               connector       ways to it, and those that are ready before a client comes: ready
    inbox, framing, path, reply        octets ⇄ values, without a socket

`run` opens a gate; nothing else is meant for other packages.
"""

from sluis.edge import GateError
from sluis.smtp.gate import Gate, run

__all__ = ["Gate", "GateError", "run"]
