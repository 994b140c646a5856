"""What a URL looks like without what it says of its reader.

Nothing a sender chose for one reader may come out. So no guess is made at what a token is: the registrable domain, the
words of a closed vocabulary and the parameter names of the rules stand as they are, and all else is told by its shape.
Whoever reads `https://‹6 characters›.sendgrid.net/wf/open?upn=‹213 characters›` knows how it works, and not for whom.
"""

import re
from collections.abc import Callable, Container, Iterator

from sluis.detect.identity import Identity
from sluis.urls.parse import Url
from sluis.urls.suffix import site

_MOST = 8
"""Segments of a path, parameters of a query and labels of a host that are told one by one."""
_BETWEEN = re.compile(r"[-_.~]")
_ADDRESS = re.compile(r"@|%40", re.IGNORECASE)
# The first that fits the whole of a value says what it is.
_SHAPES = (
    (re.compile(r"[0-9]+", re.ASCII), "{} digits"),
    (re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE | re.ASCII), "UUID"),
    (re.compile(r"[0-9a-f]{16,}", re.IGNORECASE | re.ASCII), "{} hexadecimal digits"),
)
_NUMBER = re.compile(r"\[.*\]|[0-9]++(?:\.[0-9]++){3}", re.ASCII)
_WORDY = 4
"""Words of which a segment that stands as it is may be made: more of them could be a token spelt in words."""

# What paths, hosts and parameters of mailing software are made of. No word here can tell one reader from another.
_WORDS = frozenset(
    """
    a b c d e f g h i j k l m n o p q r s t u v w x y z
    aff affiliate api app apps asp aspx asset assets banner bin beacon bits blank bounce campaign campaigns cdn cgi cid
    cl clear click clicked clicks clicktrack clk cloud collect com common confirmation content count counter country ct
    data date delivery dest destination digest display dot dr ea ecm edm ee email emails emailopen em en event events
    eid ext external file files footer forward from ftp gif go goto header home hit hits href htm html http https id
    ids image images imageserver img imgs imp impression impressions in index info ip item jpeg jpg js json jump key
    lang link links list lists lg live log logo logs ls mail mailer mailing mailings mails main manage media member
    message messages mid mg mkt ml more mobile msg net new news newsletter newsletters nl no oc off offer offers on op
    open opened opens openrate opentrack org out page pages partner php pic pics picture pictures pixel pixels png ping
    post press product products promo promotion promotions public pub px qs query read reader receipt receipts redir
    redirect redirects ref referral refer report reports resource resources rd rid root rss sale sales script scripts
    section secure send sender sent serve server servlet session shop sid sig site source spacer special sponsor src
    ss static stat stats store style styles sub subscribe subscriber subscription svg tag tags target test text th thumb
    tid title to top tr track tracked tracker trackers tracking transparent trk ts type uid uk unsub unsubscribe up
    update updates upload uploads upn url urls us user users utm version vid video view viewed views visit visitor web
    webbug wf wp www xml
    """.split()  # noqa: SIM905 - words, to be read as such
)


def redacted(url: Url, names: Container[str], who: Identity) -> str:
    """`url` as its form alone: no character of it that could tell one reader from another. Bounded in length.

    `names` are the parameters that the rules know, and so are told; `who` tells which values are the reader's address.
    """
    path = "".join(f"/{each}" for each in _some(url.path.split("/")[1:], lambda part: _word(part, who)))
    query = "&".join(_some(url.query.split("&"), lambda pair: _pair(pair, names, who))) if url.query else ""
    fragment = f"#{_shape(url.fragment, who)}" if url.fragment else ""
    return f"{url.scheme}://{_host(url.host, who)}{path}{'?' if query else ''}{query}{fragment}"


def _some(parts: list[str], told: Callable[[str], str]) -> Iterator[str]:
    yield from map(told, parts[:_MOST])
    if len(parts) > _MOST:
        yield f"‹{len(parts) - _MOST} more›"


def _host(host: str, who: Identity) -> str:
    owner = site(host)
    if host == owner or _NUMBER.fullmatch(host):
        return host
    labels = host.removesuffix(f".{owner}").split(".")
    return ".".join([*_some(labels, lambda label: _word(label, who)), owner])


def _pair(pair: str, names: Container[str], who: Identity) -> str:
    name, sign, value = pair.partition("=")
    known = name.lower() in _WORDS or name in names
    if not sign or not value.strip("="):  # what stands alone may be the token itself, or its base64 with the padding
        return name if known else _shape(pair, who)
    return f"{name if known else _shape(name, who)}={_shape(value, who)}"


def _word(part: str, who: Identity) -> str:
    """A segment or a label: itself, where all its words are known ones."""
    words = [word for word in _BETWEEN.split(part) if word]
    if len(words) <= _WORDY and all(word.lower() in _WORDS for word in words):
        return part
    stem, dot, kind = part.rpartition(".")
    return f"{_shape(stem, who)}.{kind}" if dot and stem and kind.lower() in _WORDS else _shape(part, who)


def _shape(value: str, who: Identity) -> str:
    if not value:
        return ""
    if leak := who.leak(value):
        return f"‹the address {leak}›"
    if _ADDRESS.search(value):
        return "‹an address›"
    told = next((told for shape, told in _SHAPES if shape.fullmatch(value)), "{} characters")
    return f"‹{told.format(len(value)) if len(value) > 1 else 'one character'}›"
