"""What is found about who sent a message: a value for each mechanism, in the words of RFC 8601 §2.7."""

from dataclasses import dataclass
from enum import StrEnum


class Result(StrEnum):
    """What came of a mechanism; also the values of the metric."""

    PASS = "pass"  # noqa: S105 -- no password
    FAIL = "fail"
    SOFTFAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    POLICY = "policy"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


@dataclass(frozen=True, slots=True)
class Spf:
    """SPF (RFC 7208) of `domain`: that of the reverse-path, or with `helo` that of the client's greeting."""

    result: Result
    domain: str = ""
    helo: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """One DKIM signature (RFC 6376). `mark` are the first characters of it, by which two are told apart (RFC 6008)."""

    result: Result
    domain: str = ""
    selector: str = ""
    algorithm: str = ""
    mark: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Dmarc:
    """DMARC (RFC 7489) of the author's `domain`; `policy` is what its owner asks for: none, quarantine or reject."""

    result: Result
    domain: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """The ARC sets (RFC 8617) of a message and whether they hold; `ended`: the last seal says that they do not."""

    result: Result
    instances: int = 0
    ended: bool = False


@dataclass(frozen=True, slots=True)
class Verdicts:
    """All that was found of one message. `arc` is None where nobody asked."""

    spf: Spf
    dkim: tuple[Signature, ...]
    dmarc: Dmarc
    arc: Chain | None = None
