"""The argument of MAIL and RCPT: a path and parameters, passed on as they were written.

aiosmtpd puts parameters into capitals (which breaks ENVID and ORCPT) and rewrites paths; aiosmtplib quotes them anew.
So both are read here as octets, just enough to know whose domain a mail is for and which extension a parameter needs,
and go on untouched. What does not read the same to every server is refused: an open relay begins with two readings.
"""

import re
from dataclasses import dataclass

_ATOM = rb"""[^\x00-\x20\x7f<>@"\\]"""
_QUOTED = rb'"(?:[^\x00-\x1f\x7f"\\]|\\[^\x00-\x1f\x7f])*+"'
_ROUTE = rb"@[^\x00-\x20\x7f<>@\"\\,:]++(?:,@[^\x00-\x20\x7f<>@\"\\,:]++)*+:"  # RFC 5321 §4.1.2, A-d-l
_PATH = re.compile(rb"<(?:%b)?(?P<mailbox>(?:%b|%b)++(?:@(?P<domain>%b++))?)?>" % (_ROUTE, _ATOM, _QUOTED, _ATOM))
_PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*+)(?:=([^\x00-\x20\x7f]++))?")

# Which extension must have been offered for a parameter (RFC 1870, 4954, 6152, 6531, 3461).
EXTENSION_OF = {
    b"SIZE": b"SIZE",
    b"AUTH": b"AUTH",
    b"BODY": b"8BITMIME",
    b"SMTPUTF8": b"SMTPUTF8",
    **dict.fromkeys((b"RET", b"ENVID", b"ORCPT", b"NOTIFY"), b"DSN"),
}


@dataclass(frozen=True, slots=True)
class Path:
    """A path: `wire` as written; `mailbox` without angle brackets and source route; `domain` in lower case.

    The null sender has no mailbox and no domain, a bare `postmaster` no domain.
    """

    wire: bytes
    mailbox: str
    domain: str


@dataclass(frozen=True, slots=True)
class Parameter:
    """One ESMTP parameter as written, `wire`; `name` in capitals."""

    wire: bytes
    name: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Argument:
    """What follows `MAIL FROM:` or `RCPT TO:`."""

    path: Path
    parameters: tuple[Parameter, ...] = ()

    def value(self, name: bytes) -> bytes | None:
        """The value of the first parameter of that name; None also where it has none."""
        return next((parameter.value for parameter in self.parameters if parameter.name == name), None)

    @property
    def extensions(self) -> frozenset[bytes | None]:
        """The extensions that the parameters are of; None stands for one that is not known here."""
        return frozenset(EXTENSION_OF.get(parameter.name) for parameter in self.parameters)

    def wire(self, *, without: bytes | None = None) -> bytes:
        """The argument as written, less the parameters named `without`."""
        kept = (parameter.wire for parameter in self.parameters if parameter.name != without)
        return b" ".join((self.path.wire, *kept))


def argument(keyword: bytes, text: bytes) -> Argument | None:
    """Read `text`, which must begin with `keyword` (`FROM:` or `TO:`); None where it is not RFC 5321 §4.1.2.

    Blanks before the path are let pass, as many clients write them, and not passed on.
    """
    if text[: len(keyword)].upper() != keyword:
        return None
    text = text[len(keyword) :].lstrip(b" ")
    path = _PATH.match(text)
    if not path or text[path.end() : path.end() + 1] not in (b"", b" "):
        return None
    parameters = [_PARAMETER.fullmatch(word) for word in text[path.end() :].split()]
    read = tuple(Parameter(word[0], word[1].upper(), word[2]) for word in parameters if word)
    return Argument(_path(path), read) if len(read) == len(parameters) else None


def _path(matched: re.Match[bytes]) -> Path:
    mailbox, domain = ((matched[name] or b"").decode("utf-8", "replace") for name in ("mailbox", "domain"))
    return Path(matched[0], mailbox, domain.lower().rstrip("."))


def to_ascii(domain: str) -> str:
    """A domain as the DNS has it; itself where it cannot be one."""
    try:
        return domain.encode("idna").decode("ascii") if len(domain) < 256 else domain
    except UnicodeError:
        return domain
