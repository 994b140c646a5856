"""What the gate offers of what the server offers: all but the ways around it (RFC 9051 §7.2.2).

Capabilities stand in three places: an untagged response, and a response code in a greeting or in the end of a command.
"""

import re

_LISTED = re.compile(rb"(\* |\[)(CAPABILITY)((?: [^\s\]]++)*+)", re.IGNORECASE)
_BARE = re.compile(rb"\* CAPABILITY ", re.IGNORECASE)
_STATUS = re.compile(rb"[^ ]++ (?:OK|NO|BAD|PREAUTH|BYE) \[CAPABILITY ", re.IGNORECASE)
_HIDDEN = re.compile(
    # Octets we could not read; messages under other names or in other forms; other servers to turn to (RFC 2221), or
    # another protocol (RFC 9698); TLS, which is ours to speak of; logins that are bound to the TLS session, of which
    # there are two here (RFC 5929).
    rb"COMPRESS=.*+|BINARY|CATENATE|URLAUTH(?:=.*+)?|URL-PARTIAL|CONVERT|(?:LOGIN|MAILBOX)-REFERRALS|JMAPACCESS|STARTTLS"
    rb"|AUTH=.*-PLUS",
    re.IGNORECASE,
)

BEFORE_TLS = (b"STARTTLS", b"LOGINDISABLED")
"""What the gate adds while a client has to begin TLS; no login is offered then."""


def offered(line: bytes, ours: tuple[bytes, ...] = ()) -> bytes:
    """`line` with the capabilities it lists as they are offered here, `ours` added; as it came if it lists none."""
    if not (_BARE.match(line) or _STATUS.match(line)):
        return line
    match = _LISTED.search(line)
    if not match:
        return line
    kept = [word for word in match[3].split() if not _HIDDEN.fullmatch(word)]
    if ours == BEFORE_TLS:
        kept = [word for word in kept if not word.upper().startswith(b"AUTH=")]
    words = [match[2], *kept, *(word for word in ours if word not in kept)]
    return line[: match.start()] + match[1] + b" ".join(words) + line[match.end() :]
