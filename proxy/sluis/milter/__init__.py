"""The milter edge: a mail server shows each message it takes, and hears what to change in it.

    session ─▶ packet, collected, changes      octets ⇄ values, without a socket
       └─────▶ service                         the cleaner, and what all sessions share

The protocol is Sendmail's, version 6, as Postfix speaks it. It is small, and written here: the one library for asyncio
(purepythonmilter 0.0.1) loses octets that are no UTF-8, takes changes for the first message of a connection only, and
queues packets without bound. `run` opens a gate; nothing else is meant for other packages.
"""

from sluis.edge import GateError
from sluis.milter.gate import Gate, run

__all__ = ["Gate", "GateError", "run"]
