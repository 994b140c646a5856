"""Which policy a message is cleaned by: the operator's table, asked with an envelope and a header.

The first row that fits decides, for each recipient by itself. A message goes on as one body, so where recipients differ
the strictest policy holds for all of them: nobody gets less than was chosen for them.

Recipients are a fact of the envelope. A sender or a list is a claim, and anybody may make it. A row that rests on one
holds as it stands only if a trusted server has found a valid signature of that domain; else it can only tighten what
the rest of the table says. So a forged newsletter is cleaned at least as it would be without its forgery.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase

from sluis.envelope import Envelope
from sluis.message.authentication import Authentication, authentication
from sluis.message.author import author, list_id
from sluis.message.fields import fields
from sluis.policy import Policy, strictest
from sluis.urls.suffix import site


@dataclass(frozen=True, slots=True)
class Row:
    """A policy and the messages it is for. All that is named must fit; patterns are in lower case.

    `*` stands for any characters, `?` for one. A pattern of `recipient` or `sender` that has an @ is held against the
    whole address, another one against its domain; `list_id` against the identifier of List-Id without its brackets.
    """

    policy: Policy
    recipient: str | None = None
    sender: str | None = None
    list_id: str | None = None

    @property
    def claimed(self) -> bool:
        """Whether it rests on what the sender says."""
        return self.sender is not None or self.list_id is not None


@dataclass(frozen=True, slots=True)
class Claims:
    """What a message says of its origin, and what of it is proven."""

    author: str | None = None
    list_id: str | None = None
    author_proven: bool = False
    list_proven: bool = False


@dataclass(frozen=True, slots=True)
class Choice:
    """The table. `trusted` are the authserv-ids (RFC 8601) whose word on signatures is taken, in lower case."""

    default: Policy
    rows: tuple[Row, ...] = ()
    trusted: frozenset[str] = frozenset()

    def of(self, raw: bytes, envelope: Envelope | None = None) -> Policy:
        """The policy for the message `raw` to the recipients of `envelope`. Never raises."""
        if not self.rows:
            return self.default
        claimed = any(row.claimed for row in self.rows)
        claims = _claims(raw, self.trusted) if claimed else Claims()
        recipients = (envelope.recipients if envelope else ()) or ("",)
        return strictest(self._chosen(recipient, claims) for recipient in dict.fromkeys(map(str.lower, recipients)))

    def fitted(self) -> "Choice":
        """The same table, each policy of it with `fit`."""
        rows = tuple(replace(row, policy=replace(row.policy, fit=True)) for row in self.rows)
        return replace(self, default=replace(self.default, fit=True), rows=rows)

    def trusting(self, server: str | None) -> "Choice":
        """The same table where the word of `server` (an authserv-id in lower case) is taken too."""
        return self if server is None else replace(self, trusted=self.trusted | {server})

    def _chosen(self, recipient: str, claims: Claims) -> Policy:
        """The policy for one recipient: that of the first row that fits, or of a claim before it that tightens."""
        return strictest(self._fitting(recipient, claims))

    def _fitting(self, recipient: str, claims: Claims) -> Iterator[Policy]:
        for row in self.rows:
            if _fits(row, recipient, claims):
                yield row.policy
                if _proven(row, claims):
                    return
        yield self.default


def _fits(row: Row, recipient: str, claims: Claims) -> bool:
    return (
        (row.recipient is None or _address_fits(row.recipient, recipient))
        and (row.sender is None or (claims.author is not None and _address_fits(row.sender, claims.author)))
        and (row.list_id is None or (claims.list_id is not None and _like(claims.list_id, row.list_id)))
    )


def _proven(row: Row, claims: Claims) -> bool:
    return (row.sender is None or claims.author_proven) and (row.list_id is None or claims.list_proven)


def _address_fits(pattern: str, address: str) -> bool:
    return _like(address if "@" in pattern else address.rpartition("@")[2], pattern)


def _like(text: str, pattern: str) -> bool:
    return fnmatchcase(text, pattern.replace("[", "[[]"))  # brackets mean themselves


def _claims(raw: bytes, trusted: frozenset[str]) -> Claims:
    header, _, _ = fields(raw, 0, len(raw))
    who, which = author(header, raw), list_id(header, raw)
    if not trusted or (who is None and which is None):
        return Claims(who, which)
    found = authentication(header, raw, trusted)
    return Claims(who, which, _author_proven(who, found), which is not None and _signed(which, found))


def _author_proven(who: str | None, found: Authentication) -> bool:
    """Whether the author's domain passed DMARC, or a domain of the same owner signed and DMARC did not fail."""
    if who is None:
        return False
    domain = who.rpartition("@")[2]
    return domain in found.passed or (domain not in found.failed and _signed(domain, found))


def _signed(domain: str, found: Authentication) -> bool:
    """Whether a signer has the registrable domain of `domain` (relaxed alignment, RFC 7489 §3.1.1)."""
    return any(site(signer) == site(domain) for signer in found.signers)
