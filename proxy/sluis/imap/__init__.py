"""The IMAP gate: any client connects to it as to its server, and what it fetches comes out clean.

    session ─▶ requests ─▶ ahead         commands, and what must be asked before them
       │       replies ──▶ telling       responses; those that tell of messages, item by item or as they flow by,
       │                   items, passage    and out in order, though several are under way (gathered, outbox)
       │       exchange                  what both directions must agree on
       └─────▶ link, upstream            connections: the client's, and the one to the server behind
    wire, command, fetch, section       octets ⇄ values, without a socket; oneline has a command as one
    overlay, places, structure, capability
    cleaning, results, known, login     what was made of messages, and remembered for whoever asks again

Cleaning keeps every length, so sizes, structures and partial fetches stay true, and all but the text of messages is the
server's own. `run` opens a gate; nothing else is meant for other packages.
"""

from sluis.edge import GateError
from sluis.imap.gate import Gate, run

__all__ = ["Gate", "GateError", "run"]
