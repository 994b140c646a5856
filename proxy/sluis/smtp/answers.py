"""Everything Sluis itself says to a client. All else a client hears is the upstream server's own words.

Enhanced codes are those of RFC 3463 and RFC 5248. No answer repeats what the client wrote, so none can carry it on.
"""

from collections.abc import Mapping, Set
from types import MappingProxyType

from sluis.edge.admission import Full
from sluis.smtp.framing import Flaw
from sluis.smtp.path import Argument
from sluis.smtp.reply import Reply

OK = Reply.of("250 2.0.0 Ok")
BYE = Reply.of("221 2.0.0 Bye")
HELP = Reply.of("214 2.0.0 See RFC 5321")
NO_VERIFYING = Reply.of("252 2.1.5 Send some mail, I will try my best")
GO_AHEAD = Reply.of("354 End data with <CR><LF>.<CR><LF>")

# This time: the client tries again later, and the message is still its own.
UNAVAILABLE = Reply.of("451 4.4.1 The mail server behind this one is not available, try again later")
LOST = Reply.of("451 4.4.2 The mail server behind this one was lost, try again later")
UNCLEANED = Reply.of("451 4.3.0 The message could not be cleaned, try again later")
NOT_STORED = Reply.of("451 4.3.0 The message could not be stored, try again later")
OFFER_CHANGED = Reply.of("451 4.3.5 What was offered is no longer, try again later")
INTERNAL = Reply.of("451 4.3.0 Something went wrong here, try again later")
NO_MEMORY = Reply.of("452 4.3.1 Too much mail is under way here, try again later")
TOO_MANY_RECIPIENTS = Reply.of("452 4.5.3 Too many recipients")

NO_LOGIN_NOW = Reply.of("454 4.7.0 The mail server behind this one cannot be asked, try again later")

# This time, and the connection is closed.
FULL = Reply.of("421 4.7.0 Too many connections, try again later")
FULL_FOR_YOU = Reply.of("421 4.7.0 Too many connections from your address, try again later")
TOO_SLOW = Reply.of("421 4.4.2 Timeout, closing")
TOO_LONG = Reply.of("421 4.4.2 The session has lasted long enough, come again")
TOO_MANY_ERRORS = Reply.of("421 4.7.0 Too many errors, closing")
LOGIN_LOST = Reply.of("421 4.4.2 The mail server behind was lost, and the login with it, come again")
GOING_DOWN = Reply.of("421 4.3.2 Going down, try again later")

# For good.
LINE_TOO_LONG = Reply.of("500 5.5.2 Line too long")
UNKNOWN_COMMAND = Reply.of("500 5.5.2 Command not recognised")
BAD_OCTETS = Reply.of("500 5.5.2 Control octets in a command")
BAD_ARGUMENT = Reply.of("501 5.5.4 Bad argument")
BAD_SENDER = Reply.of("501 5.1.7 Bad reverse-path")
BAD_RECIPIENT = Reply.of("501 5.1.3 Bad forward-path")
HELLO_FIRST = Reply.of("503 5.5.1 Send EHLO or HELO first")
MAIL_FIRST = Reply.of("503 5.5.1 Send MAIL first")
NESTED_MAIL = Reply.of("503 5.5.1 A transaction is open, RSET ends it")
LOGGED_IN = Reply.of("503 5.5.1 Logged in already")
NO_MECHANISM = Reply.of("504 5.5.4 This way to log in is not offered")
TLS_ACTIVE = Reply.of("503 5.5.1 TLS is active")
TLS_REQUIRED = Reply.of("530 5.7.0 Issue STARTTLS first")
LOGIN_REQUIRED = Reply.of("530 5.7.0 Log in first")
TLS_FOR_LOGIN = Reply.of("538 5.7.11 Issue STARTTLS before you log in")
BARE_NEWLINE = Reply.of("550 5.5.2 Bare CR or LF in the message")
NUL_OCTET = Reply.of("550 5.5.2 NUL in the message")
NOT_OURS = Reply.of("550 5.7.1 Mail for this domain is not taken here")
TOO_BIG = Reply.of("552 5.3.4 Message too big")
LOOP = Reply.of("554 5.4.6 Too many hops")
NO_RECIPIENTS = Reply.of("554 5.5.1 No valid recipients")
NOT_SMTP = Reply.of("554 5.5.1 This is a mail server")
UNKNOWN_PARAMETER = Reply.of("555 5.5.4 Parameter not offered")

FULL_UP: Mapping[Full, Reply] = MappingProxyType({Full.IN_ALL: FULL, Full.FOR_ADDRESS: FULL_FOR_YOU})
FLAWED: Mapping[Flaw, Reply] = MappingProxyType(
    {Flaw.BARE_NEWLINE: BARE_NEWLINE, Flaw.NUL: NUL_OCTET, Flaw.SIZE: TOO_BIG, Flaw.MEMORY: NO_MEMORY}
)


def unfit(given: Argument, offered: Set[bytes], limit: int) -> Reply | None:
    """What to say to parameters that cannot be passed on; None where all can. `limit`: octets that SIZE may tell."""
    if not given.extensions <= offered:
        return UNKNOWN_PARAMETER
    body, size = given.value(b"BODY"), given.value(b"SIZE")
    if body is not None and body.upper() not in {b"7BIT", b"8BITMIME"}:
        return BAD_ARGUMENT
    if size is not None and not (size.isdigit() and len(size) <= 20):
        return BAD_ARGUMENT
    return TOO_BIG if size is not None and int(size) > limit else None
