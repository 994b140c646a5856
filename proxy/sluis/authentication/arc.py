"""ARC: what servers before this one found, sealed by each, and a seal of our own (RFC 8617).

Cleaning a body breaks its DKIM signature. Whoever comes behind and believes this gate can read in its seal that the
signature held before. The RFC is an experiment, so a chain decides nothing here.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from sluis.authentication import canonical
from sluis.authentication.dkim import Claim, Header, claimed, signed
from sluis.authentication.key import key
from sluis.authentication.question import Known, need
from sluis.authentication.tags import tags
from sluis.authentication.verdict import Chain, Result
from sluis.message.fields import Field

if TYPE_CHECKING:
    from hashlib import _Hash

MOST = 50  # sets in a chain (§4.2.1)
_SET = (b"arc-authentication-results", b"arc-message-signature", b"arc-seal")
_INSTANCE = re.compile(rb"(?:\A|;)[ \t\r\n]*+i[ \t\r\n]*+=[ \t\r\n]*+([1-9][0-9]?)[ \t\r\n]*+(?:;|\Z)")
_SIGNED = frozenset(
    b"from reply-to subject date to cc message-id in-reply-to references mime-version content-type "
    b"content-transfer-encoding list-id list-unsubscribe list-unsubscribe-post dkim-signature".split()
)
_LINE = 72  # characters of a signature in one line


@dataclass(frozen=True, slots=True)
class Sealer:
    """By whom is sealed: the public key stands at `selector` of `domain`."""

    domain: str
    selector: str
    key: RSAPrivateKey


@dataclass(frozen=True, slots=True)
class _Set:
    """The three fields of one instance, in the order in which they are sealed (§5.1.1)."""

    results: Field
    message: Field
    seal: Field


def judged(raw: bytes, known: Known) -> Chain:
    """What becomes of the chain in the message `raw` (§5.2). Raises Wanting."""
    try:
        header = Header.of(raw)
        sets = _sets(header)
    except ValueError:
        return Chain(Result.FAIL, ended=True)
    if not sets:
        return Chain(Result.NONE)
    try:
        return _judged(header, sets, known)
    except (KeyError, ValueError):
        return Chain(Result.FAIL, len(sets))


def seal(message: bytes, chain: Chain, findings: bytes, sealer: Sealer, now: int) -> bytes:
    """The ARC set to be put on top of `message` as it goes on, sealed at `now` in Unix time (§5.1).

    `findings` is the value of its Authentication-Results field. Nothing where the chain has ended or is full, or where
    it is not known whether it holds.
    """
    instance = chain.instances + 1
    if chain.ended or instance > MOST or chain.result is Result.TEMPERROR:
        return b""
    header, hasher = Header.of(message), sha256()
    results = b"ARC-Authentication-Results: i=%d; %s\r\n" % (instance, findings)
    top = _message_signature(header, instance, sealer, now) + results
    state = chain.result if chain.result is not Result.NONE else "none"
    if chain.result is not Result.FAIL:
        for each in _sets(header):
            _feed(hasher, header, (each.results, each.message, each.seal))
    own = Header.of(top)
    _feed(hasher, own, own.fields[::-1])
    claim = f"ARC-Seal: i={instance}; a=rsa-sha256; cv={state}; d={sealer.domain}; s={sealer.selector}; t={now};"
    return _signed(claim, hasher, sealer) + top


def _judged(header: Header, sets: Sequence[_Set], known: Known) -> Chain:
    seals = [_seal(header.raw, each.seal) for each in sets]
    if seals[-1][1] == "fail":
        return Chain(Result.FAIL, len(sets), ended=True)
    listed = tags(header.raw[slice(*sets[-1].message.value)])
    newest = claimed(sets[-1].message, listed, listed.get("c", "relaxed/relaxed").lower())
    claims = [newest, *(claim for claim, _ in seals)]
    need(known, (claim.question for claim in claims))
    if any(known[claim.question] is None for claim in claims):
        return Chain(Result.TEMPERROR, len(sets))
    body = canonical.body_hash(header.raw, header.body, relaxed=newest.relaxed[1])
    holds = (
        [state for _, state in seals] == ["none"] + ["pass"] * (len(sets) - 1)
        and "arc-seal" not in newest.names
        and body.digest == newest.body
        and signed(header, newest, key(known[newest.question] or ()))
        and _sealed(header, sets, [claim for claim, _ in seals], known)
    )
    return Chain(Result.PASS if holds else Result.FAIL, len(sets))


def _sealed(header: Header, sets: Sequence[_Set], claims: Sequence[Claim], known: Known) -> bool:
    """Whether every seal holds: each is over all sets up to its own."""
    hasher = sha256()
    for each, claim in zip(sets, claims, strict=True):
        _feed(hasher, header, (each.results, each.message))
        sealed = hasher.copy()
        sealed.update(canonical.unsigned(header.raw, each.seal, relaxed=True))
        if not key(known[claim.question] or ()).signed(claim.signature, sealed.digest()):
            return False
        _feed(hasher, header, (each.seal,))
    return True


def _sets(header: Header) -> tuple[_Set, ...]:
    """The sets from the first to the last. Raises ValueError where there is not one field of each kind in each."""
    found: dict[int, dict[bytes, Field]] = {}
    for field in header.fields:
        if field.name in _SET:
            instance = _INSTANCE.search(header.raw[slice(*field.value)])
            if instance is None or field.name in found.setdefault(int(instance[1]), {}):
                raise ValueError("instances")
            found[int(instance[1])][field.name] = field
    if len(found) > MOST or any(len(found.get(number, {})) != len(_SET) for number in range(1, len(found) + 1)):
        raise ValueError("sets")
    return tuple(_Set(*(found[number][name] for name in _SET)) for number in sorted(found))


def _seal(raw: bytes, field: Field) -> tuple[Claim, str]:
    """What a seal claims, and how the chain was found by who sealed it. Raises ValueError or KeyError."""
    listed = tags(raw[slice(*field.value)])
    if "h" in listed:
        raise ValueError("fields")
    return claimed(field, listed | {"h": "", "bh": ""}, "relaxed/relaxed"), listed["cv"].lower()


def _message_signature(header: Header, instance: int, sealer: Sealer, now: int) -> bytes:
    chosen = [field for field in reversed(header.fields) if field.name in _SIGNED]
    hasher = sha256()
    _feed(hasher, header, chosen)
    body = b64encode(canonical.body_hash(header.raw, header.body, relaxed=True).digest).decode()
    names = ":\r\n\t ".join(field.name.decode() for field in chosen)
    claim = f"ARC-Message-Signature: i={instance}; a=rsa-sha256; c=relaxed/relaxed; d={sealer.domain};"
    return _signed(f"{claim}\r\n\ts={sealer.selector}; t={now}; bh={body};\r\n\th={names};", hasher, sealer)


def _feed(hasher: "_Hash", header: Header, chosen: Sequence[Field]) -> None:
    for field in chosen:
        hasher.update(canonical.field(header.raw, field, relaxed=True))


def _signed(claim: str, hasher: "_Hash", sealer: Sealer) -> bytes:
    """A field that ends with its signature, over what `hasher` has seen and the field itself."""
    field = Header.of(f"{claim}\r\n\tb=".encode())
    hasher.update(canonical.unsigned(field.raw, field.fields[0], relaxed=True))
    signature = b64encode(sealer.key.sign(hasher.digest(), PKCS1v15(), Prehashed(SHA256())))
    lines = (signature[at : at + _LINE] for at in range(0, len(signature), _LINE))
    return field.raw + b"\r\n\t ".join(lines) + b"\r\n"
