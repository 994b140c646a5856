"""Which small images are a page's layout: rulers and dots that stand here again and again, or lie with its pictures.

A beacon is asked for once, from a place of its own, by an address that says who opened the mail. An image that tells
its server no more than the pictures around it do is no loss to anybody's privacy, and its going may move the rest.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from sluis.detect.box import Box
from sluis.urls.parse import Url
from sluis.urls.suffix import site

_PICTURES = 2  # that make a folder one of pictures, or a form of addresses theirs
_HASHED = re.compile(r"/(?=[A-Za-z_-]*+[0-9])[\w-]{12,}+(?=/)", re.ASCII)  # a folder called by a hash, or nearly
_DIGIT = re.compile(r"[0-9]")


@dataclass(frozen=True, slots=True)
class Use:
    """What a page does with one address: it asks for it, or for its name at any host of its site, `count` times; it
    draws it `stretched` to more than a dot somewhere. Pictures that a reader sees come from `beside` it, or by
    addresses so `akin` that but for a folder's hash and a time they are the same, or the hashes of its folders are
    `common` to them; or none come from its host, so that it is `alone` there."""

    count: int = 1
    stretched: bool = False
    beside: bool = False
    akin: bool = False
    common: bool = False
    alone: bool = True


ONCE = Use()


class Layout:
    """What a page does with its images: `drawn` is every one of them with its box, `seen` the pictures among them."""

    def __init__(self, drawn: Iterable[tuple[Url, Box]], seen: Iterable[Url]) -> None:
        drawn = list(drawn)
        self._counts = Counter(url.text for url, _ in drawn)
        self._names = Counter(name(url) for url, _ in drawn)
        self._stretched = {url.text for url, box in drawn if not (box.within(3) or box.hidden)}
        self._pictures = {url.text: url for url in seen}.values()
        self._folders = Counter(map(folder, self._pictures))
        self._hosts = {url.host for url in self._pictures}

    def use(self, url: Url) -> Use:
        """How the page uses `url`."""
        hashes = _HASHED.findall(url.path)
        return Use(
            max(self._counts[url.text], self._names[name(url)]),
            stretched=url.text in self._stretched,
            beside=not url.query and self._folders[folder(url)] >= _PICTURES,
            akin=bool(hashes) and self._forms[_form(url, url.query)] >= _PICTURES,
            common=bool(hashes) and all(self._hashes[url.host, each] >= _PICTURES for each in hashes),
            alone=url.host not in self._hosts,
        )

    @cached_property
    def _forms(self) -> Counter[tuple[str, str, str]]:
        """The forms of the pictures' addresses, and those without their queries."""
        return Counter(form for url in self._pictures for form in {_form(url, url.query), _form(url, "")})

    @cached_property
    def _hashes(self) -> Counter[tuple[str, str]]:
        """The hashes in the pictures' folders, by host."""
        return Counter((url.host, each) for url in self._pictures for each in _HASHED.findall(url.path))


def name(url: Url) -> tuple[str, str]:
    """Whose an image is and what it is called, wherever it lies; one with a query is like no other."""
    return (site(url.host), url.path.rpartition("/")[2]) if not url.query else (url.text, "")


def _form(url: Url, query: str) -> tuple[str, str, str]:
    """An address without its folders' hashes, its ending, and the digits of a `query` that is nothing else."""
    path = _HASHED.sub("/*", url.path)
    return url.host, path.rpartition(".")[0] or path, _DIGIT.sub("0", query) if query.isdecimal() else query


def folder(url: Url) -> tuple[str, str]:
    """The host of an address and the folder in which its file lies."""
    return url.host, url.path.rpartition("/")[0]
