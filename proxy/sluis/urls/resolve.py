"""Where a link really leads: wrappers undone one by one and parameters cut, until nothing is left to do.

The result is a fixed point: resolving it again yields None. Without that, a message cleaned twice would change twice.
"""

from dataclasses import dataclass

from sluis.rules.table import Redirector, Rules
from sluis.urls.params import strip
from sluis.urls.parse import Url, parse
from sluis.urls.unwrap import unwrap

DEPTH = 6  # wrappers within each other; real mail has up to three


@dataclass(frozen=True, slots=True)
class Step:
    """One wrapper that was undone."""

    vendor: str
    rule: str
    security: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    """The destination, the wrappers around it from the outside in, and the names of the parameters that went."""

    destination: str
    steps: tuple[Step, ...]
    stripped: tuple[str, ...]


def resolve(text: str, rules: Rules, *, security: bool) -> Resolution | None:
    """Where `text`, a URL, leads; None where it leads nowhere else or is wrapped too deeply to say.

    Wrappers that exist to warn of dangerous sites are undone only with `security`.
    """
    url = parse(text)
    steps: list[Step] = []
    stripped: list[str] = []
    while url and len(steps) <= DEPTH:
        inner = _unwrapped(url, rules, security=security)
        if inner:
            redirector, destination = inner
            steps.append(Step(redirector.vendor, redirector.rule, redirector.security))
            url = parse(destination)
            continue
        destination, names = strip(url, rules)
        if not names:
            return Resolution(url.text, tuple(steps), tuple(stripped)) if steps or stripped else None
        stripped += names
        url = parse(destination)
    return None


def _unwrapped(url: Url, rules: Rules, *, security: bool) -> tuple[Redirector, str] | None:
    for _, redirector in rules.redirectors.find(url):
        if (security or not redirector.security) and (destination := unwrap(url, redirector)):
            return redirector, destination
    return None
