"""The Authentication-Results field (RFC 8601): ours on top of a message, and what others wrote in our name cut out.

Anybody may put such a field into a message. Whoever reads it behind us believes our name, so no other field may bear
it (§5): not one that is malformed, and not one below a line that is no field, since some readers read on there.
"""

import re
from collections.abc import Iterator

from sluis.authentication.verdict import Result, Verdicts
from sluis.message.fields import fields
from sluis.message.tokens import Tokens

_FIELD = re.compile(
    rb"^authentication-results[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)(?:\n|\Z)", re.IGNORECASE | re.MULTILINE
)
_BLANK = (b" ", b"\t")
NO_FIELD = (*_BLANK, b"From ", b">From ")
_EMPTY = re.compile(rb"(?:\A|(?<=\n))\r?\n")
_TOKENS = Tokens(";=")
_PLAIN = re.compile(r"[A-Za-z0-9._+/-]{1,255}", re.ASCII)


def marked(raw: bytes, name: str, verdicts: Verdicts) -> bytes:
    """`raw` with a field on top in which the server `name` says what it found, and without others of that name.

    Where `raw` begins with one of `NO_FIELD` it gets none. What follows would be read as more of our field and say what
    it likes in our name, or as a body, though whoever read it alone would have found a header there.
    """
    kept = b"".join(_without(raw, name))
    if raw.startswith(NO_FIELD):
        return kept
    return b"Authentication-Results: %s\r\n%s" % (findings(name, verdicts), kept)


def findings(name: str, verdicts: Verdicts) -> bytes:
    """The value of the field, folded; without a blank before it or a line end behind."""
    return ";\r\n\t".join((name, *_statements(verdicts))).encode("ascii")


def _statements(verdicts: Verdicts) -> Iterator[str]:
    spf, dmarc, arc = verdicts.spf, verdicts.dmarc, verdicts.arc
    yield f"spf={spf.result}" + _property("smtp.helo" if spf.helo else "smtp.mailfrom", spf.domain)
    for each in verdicts.dkim:
        reason = f' reason="{each.reason}"' if each.reason else ""
        shown = (("d", each.domain), ("s", each.selector), ("a", each.algorithm), ("b", each.mark))
        yield f"dkim={each.result}{reason}" + "".join(_property(f"header.{tag}", value) for tag, value in shown)
    if not verdicts.dkim:
        yield f"dkim={Result.NONE}"
    yield f"dmarc={dmarc.result}" + _property("policy.dmarc", dmarc.policy) + _property("header.from", dmarc.domain)
    if arc:
        yield f"arc={arc.result}"


def _property(name: str, value: str) -> str:
    """A property, where its value can be written as it is."""
    return f" {name}={value}" if _PLAIN.fullmatch(value) else ""


def _without(raw: bytes, name: str) -> Iterator[bytes]:
    """The pieces of `raw` around the fields that bear `name`."""
    own = re.compile(rf"{re.escape(name)}(?![\w-]|\.\w)", re.IGNORECASE | re.ASCII)
    kept = 0
    for field in _FIELD.finditer(raw, 0, _header_end(raw)):
        value = field[1]
        tokens = _TOKENS(value)
        if own.match(tokens[0].text) if tokens else own.search(value.decode("latin-1")):
            yield raw[kept : field.start()]
            kept = field.end()
    yield raw[kept:]


def _header_end(raw: bytes) -> int:
    """Where the header ends for whoever reads on behind lines that are no fields: at the first empty one.

    Of a message that begins with a blank nobody can say where its header begins, so all of it may be one.
    """
    found, _, _ = fields(raw, 0, len(raw))
    empty = None if raw.startswith(_BLANK) else _EMPTY.search(raw, found[0].start if found else 0)
    return empty.end() if empty else len(raw)
