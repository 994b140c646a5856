"""What a server that the operator trusts has found about who sent a message (Authentication-Results, RFC 8601).

Anybody may write such a field, also in that server's name. So only the topmost are heard: a server adds its own above
all that came with the message. The run ends at the first Received field or at another server's results below it, and
of each method only the topmost field that reports it counts. That server has to remove what others wrote in its name
(RFC 8601 §5); nobody behind it can tell the two apart in every case.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sluis.message.fields import Field
from sluis.message.tokens import Token, Tokens

_TOKENS = Tokens(";=")
_MOST = 50  # fields that are read; the trusted server's are at the top
_SEMICOLON, _EQUALS = Token(";"), Token("=")

Finding = dict[str, str]  # "dkim": "pass", "header.d": "example.org"; the method comes first


@dataclass(frozen=True, slots=True)
class Authentication:
    """Domains whose DKIM signature held, author domains that passed DMARC, and those that failed it; in lower case."""

    signers: frozenset[str] = frozenset()
    passed: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


def authentication(fields: Sequence[Field], raw: bytes, trusted: frozenset[str]) -> Authentication:
    """What the servers called `trusted` (authserv-ids, in lower case) say of the message; nothing where none does."""
    heard: dict[str, list[Finding]] = {}
    for findings in _topmost(fields, raw, trusted):
        for method in {next(iter(finding)) for finding in findings} - heard.keys():
            heard[method] = [finding for finding in findings if next(iter(finding)) == method]
    dkim, dmarc = heard.get("dkim", ()), heard.get("dmarc", ())
    return Authentication(
        frozenset(domain for finding in dkim if finding["dkim"] == "pass" and (domain := _signer(finding))),
        frozenset(finding.get("header.from", "") for finding in dmarc if finding["dmarc"] == "pass") - {""},
        frozenset(finding.get("header.from", "") for finding in dmarc if finding["dmarc"] == "fail") - {""},
    )


def recorded_dkim(fields: Sequence[Field], raw: bytes, trusted: frozenset[str]) -> tuple[str, str]:
    """The verdict of the servers called `trusted` on the message's DKIM signature, and its signer; ("", "") where none
    of them says anything of one. Of several signatures, one that held comes first.
    """
    for findings in _topmost(fields, raw, trusted):
        if found := [finding for finding in findings if next(iter(finding)) == "dkim"]:
            best = next((finding for finding in found if finding["dkim"] == "pass"), found[0])
            return best["dkim"], _signer(best)
    return "", ""


def _topmost(fields: Sequence[Field], raw: bytes, trusted: frozenset[str]) -> Iterator[list[Finding]]:
    begun, read = False, 0
    for field in fields:
        if field.name == b"authentication-results":
            read += 1
            if read > _MOST:
                return
            server, findings = _read(raw[slice(*field.value)])
            if server in trusted:
                begun = True
                yield findings
            elif begun:
                return
        elif begun and field.name == b"received":
            return


def _read(value: bytes) -> tuple[str, list[Finding]]:
    """The authserv-id of a field's value and its findings, those that are malformed left out."""
    statements: list[list[Token]] = [[]]
    for token in _TOKENS(value):
        if token == _SEMICOLON:
            statements.append([])
        else:
            statements[-1].append(token)
    first, *rest = statements
    server = first[0].text.lower() if len(first) == 1 or (len(first) == 2 and first[1].text == "1") else ""
    return server, [finding for statement in rest if (finding := _finding(statement))]


def _finding(statement: list[Token]) -> Finding:
    """`method=result` and its properties, nothing else; nothing of a statement that holds more."""
    names, signs, values = statement[::3], statement[1::3], statement[2::3]
    sound = len(names) == len(signs) == len(values) and all(sign == _EQUALS for sign in signs)
    if not sound or any(name.quoted for name in names):
        return {}
    finding: Finding = {}
    for name, value in zip(names, values, strict=True):
        finding.setdefault(name.text.lower().removesuffix("/1"), value.text.lower())
    return finding


def _signer(finding: Finding) -> str:
    """The signing domain; where only the agent is named (`header.i`), the domain of its address."""
    return finding.get("header.d") or finding.get("header.i", "").rpartition("@")[2]
