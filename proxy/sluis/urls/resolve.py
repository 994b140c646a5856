"""Where a link really leads: wrappers undone one by one and parameters cut, until nothing is left to do.

The result is a fixed point: resolving it again yields None. Without that, a message cleaned twice would change twice.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sluis.rules.table import Rules
from sluis.urls.carried import carried, redirecting
from sluis.urls.params import protected, strip
from sluis.urls.parse import Url, parse
from sluis.urls.unwrap import destination, unwrap
from sluis.urls.within import WEB

LIKELY = "likely"  # the rule of a redirect by signs of which none is sure
DEPTH = 6  # wrappers within each other; real mail has up to three


@dataclass(frozen=True, slots=True)
class Step:
    """One wrapper that was undone. `vendor` is None for one that no rule names, and `rule` says how sure it is."""

    vendor: str | None
    rule: str
    security: bool


@dataclass(frozen=True, slots=True)
class Resolution:
    """The destination, the wrappers around it from the outside in, and the names of the parameters that went.

    `vendor` and `rule` are those of the first parameter; None where none went.
    """

    destination: str
    steps: tuple[Step, ...]
    stripped: tuple[str, ...]
    vendor: str | None = None
    rule: str | None = None


def resolve(text: str, rules: Rules, *, security: bool) -> Resolution | None:
    """Where `text`, a URL, leads; None where it leads nowhere else or is wrapped too deeply to say.

    Wrappers that exist to warn of dangerous sites are undone only with `security`.
    """
    url = parse(text)
    steps: list[Step] = []
    cuts: list[Cut] = []
    while url and len(steps) <= DEPTH and len(cuts) <= 2 * DEPTH:
        if inner := _unwrapped(url, rules, security=security):
            step, leads = inner
            steps.append(step)
            if (url := parse(leads)) is None:
                return _resolution(leads, steps, cuts)  # to a person
        elif cut := _cut(url, rules):
            cuts.append(cut)
            url = parse(cut.text)
        else:
            return _resolution(url.text, steps, cuts) if steps or cuts else None
    return None


class Cut(NamedTuple):
    """A URL with parameters cut from it, their names, and who knows the first of them by which rule."""

    text: str
    names: tuple[str, ...]
    vendor: str
    rule: str


def _resolution(leads: str, steps: list[Step], cuts: list[Cut]) -> Resolution:
    names = tuple(name for cut in cuts for name in cut.names)
    vendor, rule = (cuts[0].vendor, cuts[0].rule) if cuts else (None, None)
    return Resolution(leads, tuple(steps), names, vendor, rule)


def _unwrapped(url: Url, rules: Rules, *, security: bool) -> tuple[Step, str] | None:
    guarded = False
    for _, redirector in rules.redirectors.find(url):
        guarded |= redirector.security
        if (security or not redirector.security) and (found := unwrap(url, redirector)):
            inherited = found if redirector.take == "fragment" else _inherited(url, found)
            return Step(redirector.vendor, redirector.rule, redirector.security), inherited
    for catalogue in rules.catalogues:
        if (listed := catalogue.destination(url)) and (found := destination(listed[1])):
            return Step(catalogue.name, listed[0], security=False), _inherited(url, found)
    if (inner := carried(url)) and (security or not (guarded or inner.security)):
        return Step(None, "carried" if inner.sure else LIKELY, inner.security), _inherited(url, inner.destination)
    return None


def _inherited(url: Url, found: str) -> str:
    """What a browser makes of a redirect to `found`, which without a fragment has that of `url` (RFC 9110 §10.2.2)."""
    if "#" in found or not url.fragment or not WEB.match(found):
        return found
    return destination(f"{found}#{url.fragment}") or found


def _cut(url: Url, rules: Rules) -> Cut | None:
    text, names = strip(url, rules)
    if names and (redirecting(url) or rules.click(url)):  # they may be what makes it work
        return None
    if names:
        parameter = next(rules.parameter(names[0]))
        return Cut(text, names, parameter.vendor, parameter.rule)
    for catalogue in rules.catalogues:
        stripped = catalogue.strip(url)
        if stripped and not protected(url, rules) and _same_host(url, stripped.text):
            return Cut(stripped.text, stripped.names, catalogue.name, stripped.rule)
    return None


def _same_host(url: Url, text: str) -> bool:
    """Whether a pattern that cut anywhere has left the URL one of the same host."""
    shorter = parse(text)
    return shorter is not None and shorter.host == url.host
