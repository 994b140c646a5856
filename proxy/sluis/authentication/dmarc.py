"""DMARC: whether the author's domain stands behind a message, by SPF or DKIM in its name (RFC 7489).

Whose a domain is, is read from the Public Suffix List (§3.2), not found by a walk up the tree (RFC 9989 §4.10): there
a registry that publishes a policy and does not say what it is owns all below it, and each of its customers speaks for
every other. Where a proof makes a policy weaker, that is too much.

A failure that an answer from DNS might have mended is a `temperror`.
"""

from collections.abc import Sequence

from sluis.authentication.question import Known, Question, need
from sluis.authentication.tags import tags
from sluis.authentication.verdict import Dmarc, Result, Signature, Spf
from sluis.urls.suffix import site

_POLICIES = frozenset({"none", "quarantine", "reject"})


def published(domain: str | None, known: Known) -> tuple[dict[str, str], str] | None:
    """The policy record for the author's `domain` and the policy that it has for it; ({}, "") where there is none,
    None where no answer could be had. Raises Wanting.
    """
    if domain is None:
        return {}, ""
    own, owners = Question(f"_dmarc.{domain}"), Question(f"_dmarc.{site(domain)}")
    need(known, (own, owners))
    for question in dict.fromkeys((own, owners)):
        answer = known[question]
        if answer is None:
            return None
        if record := _record(answer):
            stated = record.get("p", "").lower()
            below = record.get("sp", stated).lower() if question != own else stated
            return record, below if below in _POLICIES else "none"
    return {}, ""


def judged(author: str | None, policy: tuple[dict[str, str], str] | None, spf: Spf, dkim: Sequence[Signature]) -> Dmarc:
    """The verdict on a message of the domain `author` (None: it has not just one author), from what was found."""
    if author is None:
        return Dmarc(Result.PERMERROR)
    if policy is None:
        return Dmarc(Result.TEMPERROR, author)
    record, wanted = policy
    if not record:
        return Dmarc(Result.NONE, author)
    strict_spf, strict_dkim = (record.get(name, "r").lower() == "s" for name in ("aspf", "adkim"))
    aligned = [spf.result] if spf.domain and _aligned(author, spf.domain, strict=strict_spf) else []
    aligned += [each.result for each in dkim if each.domain and _aligned(author, each.domain, strict=strict_dkim)]
    for result in (Result.PASS, Result.TEMPERROR):
        if result in aligned:
            return Dmarc(result, author, wanted)
    return Dmarc(Result.FAIL, author, wanted)


def _aligned(author: str, domain: str, *, strict: bool) -> bool:
    """Whether `domain` speaks for `author` (§3.1)."""
    return domain == author if strict else site(domain) == site(author)


def _record(answer: tuple[bytes, ...]) -> dict[str, str]:
    """The one policy record among the texts (§6.6.3); nothing where there are none or several, or it is malformed."""
    found = [text for text in answer if text.lstrip()[:8].lower() == b"v=dmarc1"]
    if len(found) != 1:
        return {}
    try:
        record = tags(found[0])
    except ValueError:
        return {}
    return record if record.get("p", "").lower() in _POLICIES or "rua" in record else {}
