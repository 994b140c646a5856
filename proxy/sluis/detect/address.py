"""What is known of an address that a person may follow, and the finding that comes of it.

Links stand in HTML, in plain text, in calendars and on visiting cards. Who hears of the click and where it leads is the
same in all of them; only how another address is written in its place is the caller's affair.
"""

import re
from collections.abc import Callable
from dataclasses import replace

from sluis.detect.page import Found, Page
from sluis.detect.proposal import Cut, Proposal
from sluis.report import Action, Kind
from sluis.rules.table import Hit
from sluis.rules.words import any_of
from sluis.urls.params import cut
from sluis.urls.resolve import LIKELY, Resolution, resolve

# The cut that writes another address in place of one.
Rewrite = Callable[[str], Cut]

WEB = re.compile(r"https?:|[/\\]{2}", re.IGNORECASE | re.ASCII)
# What a link says that acts on its own, and what one says whose parameters are likely to make it work, in the languages
# most mail here is in; for text whose ASCII letters are in lower case.
_ACTS = (
    *("unsubscri", "opt.?out", "preferenc", "confirm", "verif", "activat"),
    *("uitschrij", "afmeld", "voorkeur", "bevestig", "abmeld", "abbestell", "best(?:[äÄ]|&auml;|\xc3[\xa4\x84])tig"),
    *("d(?:[éÉ]|&eacute;|\xc3[\xa9\x89])sabonn", "d(?:[éÉ]|&eacute;|\xc3[\xa9\x89])sinscri"),
    *("darse de baja", "cancelar", "disiscri", "annulla"),
)
ACTING = any_of(_ACTS)
PERSONAL = any_of(
    (
        *_ACTS,
        *("reset", "password", "sign.?in", "log.?in", "download", "wachtwoord", "inlog", "passwor", "anmeld"),
        *("einstellung", "mot de passe", "connexion", "contrase"),
    )
)


def look_up(page: Page, address: str) -> Found | None:
    """Where `address` really leads, or who hears of the click, or how it names the recipient; None for none of it."""
    if not WEB.match(address):
        return None
    links = page.known.links
    if address not in links:
        links[address] = _look_up(page, address)
    return links[address]


def _look_up(page: Page, address: str) -> Found | None:
    if resolution := resolve(address, page.rules, security=page.policy.security_links):
        return replace(resolution, destination=_discreet(page, resolution.destination))
    url = page.url(address)
    return page.rules.click(url) or page.identity.leak(address) if url else None


def _discreet(page: Page, destination: str) -> str:
    """`destination`, which may report the click as well, without what names the recipient where that has to go."""
    url = page.url(destination) if page.policy.cut_recipients else None
    hit = page.rules.click(url) if url else None
    return cut(destination, hit.recipient)[0] if hit and hit.recipient else destination


def only_stripped(found: Found) -> bool:
    """Whether the address stays but for parameters, which go only where no person relies on them."""
    return isinstance(found, Resolution) and not found.steps


def clearing(found: Found) -> re.Pattern[str] | None:
    """The words of a link that have it stay, for what is known of it may not be all that its address is good for."""
    if only_stripped(found):
        return PERSONAL
    likely = isinstance(found, Resolution) and any(step.rule == LIKELY for step in found.steps)
    return ACTING if likely else None


def propose(page: Page, address: str, found: Found, place: Cut, rewrite: Rewrite) -> Proposal:
    """What to do about `address`, which stands at `place`."""
    if isinstance(found, str):
        return _leak(place, address, found)
    if isinstance(found, Hit):
        return _opaque(page, place, rewrite, address, found)
    if found.steps:
        return _unwrapped(rewrite, address, found)
    stripped = _stripped(rewrite, address, found.destination, found.stripped)
    return replace(stripped, vendor=found.vendor, rule=found.rule)


def _unwrapped(rewrite: Rewrite, address: str, resolution: Resolution) -> Proposal:
    first = resolution.steps[0]
    via = " and ".join(dict.fromkeys(step.vendor or "an unknown server" for step in resolution.steps))
    return Proposal(
        Kind.CLICK_REDIRECT,
        Action.UNWRAPPED,
        "security-redirect" if first.security else "redirect",
        rewrite(resolution.destination),
        f"it reports the click to {via} before it leads on; where it leads is written in it",
        url=address,
        destination=resolution.destination,
        vendor=first.vendor,
        rule=first.rule,
    )


def _stripped(rewrite: Rewrite, address: str, destination: str, names: tuple[str, ...]) -> Proposal:
    return Proposal(
        Kind.LINK_PARAMS,
        Action.STRIPPED,
        "parameter",
        rewrite(destination),
        f"{', '.join(names)} {'tells' if len(names) == 1 else 'tell'} the site which mailing or reader a click is from",
        url=address,
        destination=destination,
    )


def _opaque(page: Page, place: Cut, rewrite: Rewrite, address: str, hit: Hit) -> Proposal:
    """A redirect whose destination only its server knows stays, or the link would be dead."""
    if page.policy.cut_recipients and hit.recipient:
        destination, names = cut(address, hit.recipient)
        if names:
            return replace(
                _stripped(rewrite, address, destination, names),
                technique="recipient-parameter",
                vendor=hit.vendor,
                rule=hit.rule,
            )
    return Proposal(
        Kind.CLICK_REDIRECT,
        Action.KEPT,
        "redirect-opaque",
        place,
        f"it reports the click to {hit.vendor}, and only {hit.vendor} knows where it leads",
        url=address,
        vendor=hit.vendor,
        rule=hit.rule,
        confidence=hit.confidence,
    )


def _leak(place: Cut, address: str, leak: str) -> Proposal:
    why = f"the link carries the recipient's address {leak}"
    return Proposal(Kind.ADDRESS_LEAK, Action.KEPT, "link", place, why, url=address)
