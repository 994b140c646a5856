"""What speaks for a redirect, and what against: the words of a page's host, path and parameters, weighed.

No word is a proof. One that is said of nothing but redirects weighs two, one that is said of other things too weighs
one, and so does a token that tells who clicks. What is good for something itself, as its words say, is no redirect.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sluis.urls import vocabulary
from sluis.urls.suffix import site

SURE = 2
_SOLE = 3  # of a name that is nothing else's
_ENOUGH = 2
_ENOUGH_AT_HOME = 3  # where a page leads to its own site: it may do anything on the way
_LONGEST_NAME = 64  # characters
_WORD = 24  # characters of a value that may tell what is done: type=click, responseType=redirect
# In place of a name: an address that is all of a query, one that is a segment of a path, and one that has none.
WHOLE, SEGMENT, UNNAMED = "?", "/", ""
_NAMES = (
    (_SOLE, vocabulary.ONLY),
    (SURE, vocabulary.MOSTLY),
    (1, vocabulary.AT_TIMES),
    (0, vocabulary.NOTHING),
)
_PLACES = {WHOLE: _SOLE, SEGMENT: 1, UNNAMED: 0}


class Page(NamedTuple):
    """A URL without what it carries, and what its signs weigh.

    `words` are its host and path in lower case, `named` what they weigh, `spoken` that with the labels of the host,
    `counted` and `token` what its parameters and path tell of who clicks. `own`: it does something else, unless it is
    surely a redirect. `keyed`: it opens doors.
    """

    words: str
    host: str
    named: int
    spoken: int
    counted: int
    token: int
    own: bool
    keyed: bool

    @property
    def useful(self) -> bool:
        """Whether it is good for something itself, whatever else it is called."""
        return bool(vocabulary.PERSONAL.search(self.words) or vocabulary.USEFUL.search(self.words))

    @property
    def guards(self) -> bool:
        """Whether it is there to warn of dangerous sites."""
        return bool(vocabulary.GUARD.search(self.words))


def page(host: str, segments: Iterable[str], given: Mapping[str, str]) -> Page:
    """What a page says of itself by its host, those segments of its path and parameters that carry no address."""
    own = site(host)
    path = "/".join((*segments, *(value.lower() for name, value in given.items() if name.lower() in vocabulary.DOES)))
    below = host.removesuffix(own)
    said = " ".join(value.lower() for name, value in given.items() if len(value) <= _WORD and name[:4] != "utm_")
    named = SURE if surely(said) else _weight(below + "/" + path)
    labels = (label.rstrip("-0123456789") for label in below.split("."))
    spoken = any(map(vocabulary.HOST.fullmatch, labels)) or bool(_weight(own))
    names = {name.lower() for name in given if len(name) <= _LONGEST_NAME}
    return Page(
        f"{host}/{path}",
        host,
        named,
        named + spoken,
        any(map(vocabulary.COUNTED.fullmatch, names)) or any(map(vocabulary.TOKEN.fullmatch, given.values())),
        any(map(vocabulary.TOKEN.fullmatch, path.split("/"))),
        bool(vocabulary.OWN.search(path)) or not names.isdisjoint(vocabulary.TOLD | vocabulary.DOORS),
        not names.isdisjoint(vocabulary.KEYS),
    )


def surely(words: str) -> bool:
    """Whether a host or path, in lower case, is called what nothing but redirects are."""
    return bool(vocabulary.REDIRECT.search(words))


def agree(page: Page, name: str, host: str, *, coded: bool) -> bool:
    """Whether all speaks for a redirect of `page` to an address on `host`, the value of `name`."""
    called = _called(name)
    if called is None:
        return False
    if site(host) == site(page.host):
        return not page.keyed and (page.named == SURE or (host != page.host and _leaves(page, called + 2 * coded)))
    if page.named == SURE or coded:
        return True
    return not page.own and (called == _SOLE or _enough(page, called))


def _weight(words: str) -> int:
    return SURE if surely(words) else int(bool(vocabulary.PERHAPS.search(words)))


def _called(name: str) -> int | None:
    """What the name of a parameter weighs; None where it is no destination's."""
    if name in _PLACES:
        return _PLACES[name]
    name = name.rstrip("]").rpartition("[")[2].lstrip("$")  # as forms, and links into apps, write them
    if len(name) > _LONGEST_NAME or vocabulary.BACK.search(name):
        return None
    return next((weight for weight, names in _NAMES if names.fullmatch(name)), None)


def _enough(page: Page, called: int) -> bool:
    """Whether signs of two kinds agree. Pages of all kinds have numbers, so those in a path speak only with others."""
    said = page.spoken + page.counted
    if not (called or page.named or said >= _ENOUGH) or not (said or called == SURE):  # a letter says nothing by itself
        return False
    return said + page.token > 0 and said + page.token + called >= _ENOUGH


def _leaves(page: Page, called: int) -> bool:
    said = page.spoken + page.counted + page.token
    return page.spoken > 0 and not page.own and said + called >= _ENOUGH_AT_HOME
