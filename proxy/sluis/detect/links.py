"""Links that report a click before they lead anywhere: unwrapped where that can be done offline, else reported.

What a person relies on keeps working: a link that unsubscribes, confirms, resets or signs in is only touched where its
true destination is written in it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from sluis.detect.page import Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import squeeze
from sluis.detect.rewrite import new_value
from sluis.report import Action, Kind
from sluis.rules.table import Hit
from sluis.scan.html import Attribute, ValueScanner, attribute_at, enclosing
from sluis.scan.references import unescape
from sluis.urls.params import cut
from sluis.urls.resolve import Resolution, resolve

_WEB = re.compile(r"https?:|[/\\]{2}", re.IGNORECASE | re.ASCII)
# What a link says when its parameters are likely to make it work, in the languages most mail here is in.
_PERSONAL = re.compile(
    r"unsubscri|opt.?out|preferenc|confirm|verif|activat|reset|password|sign.?in|log.?in|download|uitschrij|afmeld"
    r"|voorkeur|bevestig|wachtwoord|inlog|abmeld|abbestell|best(?:ä|&auml;|\xc3\xa4)tig|passwor|anmeld|einstellung"
    r"|d(?:é|&eacute;|\xc3\xa9)sabonn|d(?:é|&eacute;|\xc3\xa9)sinscri|confirmer|mot de passe|connexion|darse de baja"
    r"|cancelar|contrase|disiscri|annulla",
    re.IGNORECASE,
)
_LABEL = 400  # characters after a link's address in which its text is looked for
_HREF = ValueScanner("href")


def links(page: Page) -> Iterator[Proposal]:
    """Proposals for every `href`, on whatever element: most lead nowhere else, and each address is looked up once."""
    innocent: set[str] = set()
    for start, raw in _HREF.values(page.text, page.lowered, page.budget):
        if raw not in innocent:
            found = _look_up(page, raw)
            if found is None:
                innocent.add(raw)
            elif enclosing(page.text, start, page.budget):
                yield from _propose(page, attribute_at(page.text, start, page.budget), found)


def _look_up(page: Page, raw: str) -> Resolution | Hit | str | None:
    """Where an address really leads, or who hears of the click, or how it names the recipient; None for none of it."""
    address = _address(page, raw)
    if not _WEB.match(address):
        return None
    resolution = resolve(address, page.rules, security=page.policy.security_links)
    url = page.url(address) if resolution is None else None
    return resolution or (page.rules.click(url) or page.identity.leak(address) if url else None)


def _address(page: Page, raw: str) -> str:
    address = squeeze(unescape(raw))
    return address if address.isascii() else page.native(address)


def _propose(page: Page, attribute: Attribute, found: Resolution | Hit | str) -> Iterator[Proposal]:
    address = _address(page, attribute.raw)
    if isinstance(found, str):
        yield _leak(attribute, address, found)
    elif isinstance(found, Hit):
        yield _opaque(page, attribute, address, found)
    elif found.steps:
        yield _unwrapped(attribute, address, found)
    elif not _personal(page, attribute):
        parameter = next(page.rules.parameter(found.stripped[0]))
        yield replace(
            _stripped(attribute, address, found.destination, found.stripped),
            vendor=parameter.vendor,
            rule=parameter.rule,
        )


def _personal(page: Page, attribute: Attribute) -> bool:
    """Whether the link's text, or what else its tag says, is of something a person relies on."""
    end = page.text.find("</", attribute.end, attribute.end + _LABEL)
    return bool(_PERSONAL.search(page.text, attribute.end, end if end >= 0 else attribute.end + _LABEL))


def _unwrapped(attribute: Attribute, address: str, resolution: Resolution) -> Proposal:
    first = resolution.steps[0]
    via = " and ".join(dict.fromkeys(step.vendor for step in resolution.steps))
    return Proposal(
        Kind.CLICK_REDIRECT,
        Action.UNWRAPPED,
        "security-redirect" if first.security else "redirect",
        new_value(attribute, resolution.destination),
        f"it reports the click to {via} before it leads on; where it leads is written in it",
        url=address,
        destination=resolution.destination,
        vendor=first.vendor,
        rule=first.rule,
    )


def _stripped(attribute: Attribute, address: str, destination: str, names: tuple[str, ...]) -> Proposal:
    return Proposal(
        Kind.LINK_PARAMS,
        Action.STRIPPED,
        "parameter",
        new_value(attribute, destination),
        f"{', '.join(names)} {'tells' if len(names) == 1 else 'tell'} the site which mailing or reader a click is from",
        url=address,
        destination=destination,
    )


def _opaque(page: Page, attribute: Attribute, address: str, hit: Hit) -> Proposal:
    """A redirect whose destination only its server knows stays, or the link would be dead."""
    if page.policy.cut_recipients and hit.recipient:
        destination, names = cut(address, hit.recipient)
        if names:
            return replace(
                _stripped(attribute, address, destination, names),
                technique="recipient-parameter",
                vendor=hit.vendor,
                rule=hit.rule,
            )
    return Proposal(
        Kind.CLICK_REDIRECT,
        Action.KEPT,
        "redirect-opaque",
        Cut(attribute.start, attribute.end),
        f"it reports the click to {hit.vendor}, and only {hit.vendor} knows where it leads",
        url=address,
        vendor=hit.vendor,
        rule=hit.rule,
        confidence=hit.confidence,
    )


def _leak(attribute: Attribute, address: str, leak: str) -> Proposal:
    where = Cut(attribute.start, attribute.end)
    return Proposal(
        Kind.ADDRESS_LEAK, Action.KEPT, "link", where, f"the link carries the recipient's address {leak}", url=address
    )
