"""Links that report a click before they lead anywhere: unwrapped where that can be done offline, else reported.

What a person relies on keeps working: a link that unsubscribes, confirms, resets or signs in is only touched where its
true destination is written in it.
"""

import re
from collections.abc import Iterator
from dataclasses import replace

from sluis.detect.elements import LINKS, TARGETS
from sluis.detect.page import Page
from sluis.detect.proposal import Cut, Proposal
from sluis.detect.remote import squeeze
from sluis.detect.rewrite import new_value
from sluis.report import Action, Kind
from sluis.rules.table import Hit
from sluis.scan.html import Attribute, Tag
from sluis.urls.params import cut
from sluis.urls.parse import Url
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
_LABEL = 300  # characters of a link's text that are read


def links(page: Page) -> Iterator[Proposal]:
    """Proposals for the targets of links, an element's repeated ones included."""
    for tag in page.tags:
        if tag.name in LINKS:
            for attribute in tag.attributes:
                if attribute.name in TARGETS:
                    yield from _propose(page, tag, attribute)


def _propose(page: Page, tag: Tag, attribute: Attribute) -> Iterator[Proposal]:
    address = squeeze(attribute.value)
    if not _WEB.match(address):
        return
    if not address.isascii():
        address = page.native(address)
    resolution = resolve(address, page.rules, security=page.policy.security_links)
    if resolution is not None:
        if resolution.steps:
            yield _unwrapped(attribute, address, resolution)
        elif not _personal(page, tag):
            yield _stripped(attribute, address, resolution.destination, resolution.stripped)
        return
    url = page.url(address)
    hit = page.rules.click(url) if url else None
    if url and hit:
        yield _opaque(page, attribute, url, hit)
    elif url and (leak := page.identity.leak(address)):
        yield _leak(attribute, address, leak)


def _personal(page: Page, tag: Tag) -> bool:
    return bool(_PERSONAL.search(page.text, tag.end, _label_end(page.text, tag.end)))


def _label_end(text: str, start: int) -> int:
    end = text.find("</", start, start + _LABEL)
    return end if end >= 0 else min(len(text), start + _LABEL)


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


def _opaque(page: Page, attribute: Attribute, url: Url, hit: Hit) -> Proposal:
    """A redirect whose destination only its server knows stays, or the link would be dead."""
    if page.policy.cut_recipients and hit.recipient:
        destination, names = cut(url.text, hit.recipient)
        if names:
            return replace(
                _stripped(attribute, url.text, destination, names),
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
        url=url.text,
        vendor=hit.vendor,
        rule=hit.rule,
        confidence=hit.confidence,
    )


def _leak(attribute: Attribute, address: str, leak: str) -> Proposal:
    where = Cut(attribute.start, attribute.end)
    return Proposal(
        Kind.ADDRESS_LEAK, Action.KEPT, "link", where, f"the link carries the recipient's address {leak}", url=address
    )
