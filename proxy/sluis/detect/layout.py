"""Which small images are a page's layout: rulers and dots that stand here again and again, or lie with its pictures.

A beacon is asked for once, from a place of its own, by an address that says who opened the mail. An image that tells
its server no more than the pictures around it do is no loss to anybody's privacy, and its going may move the rest.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from sluis.detect.box import Box
from sluis.urls.parse import Url
from sluis.urls.suffix import site

_PICTURES = 2  # that make a folder one of pictures


@dataclass(frozen=True, slots=True)
class Use:
    """What a page does with one address: it asks for it, or for its name at any host of its site, `count` times; it
    draws it `stretched` to more than a dot somewhere; pictures that a reader sees come from `beside` it, or none from
    its host, so that it is `alone` there."""

    count: int = 1
    stretched: bool = False
    beside: bool = False
    alone: bool = True


ONCE = Use()


class Layout:
    """What a page does with its images: `drawn` is every one of them with its box, `seen` the pictures among them."""

    def __init__(self, drawn: Iterable[tuple[Url, Box]], seen: Iterable[Url]) -> None:
        drawn = list(drawn)
        self._counts = Counter(url.text for url, _ in drawn)
        self._names = Counter(name(url) for url, _ in drawn)
        self._stretched = {url.text for url, box in drawn if not (box.within(3) or box.hidden)}
        pictures = {url.text: url for url in seen}.values()
        self._folders = Counter(map(_folder, pictures))
        self._hosts = {url.host for url in pictures}

    def use(self, url: Url) -> Use:
        """How the page uses `url`."""
        return Use(
            max(self._counts[url.text], self._names[name(url)]),
            stretched=url.text in self._stretched,
            beside=not url.query and self._folders[_folder(url)] >= _PICTURES,
            alone=url.host not in self._hosts,
        )


def name(url: Url) -> tuple[str, str]:
    """Whose an image is and what it is called, wherever it lies; one with a query is like no other."""
    return (site(url.host), url.path.rpartition("/")[2]) if not url.query else (url.text, "")


def _folder(url: Url) -> tuple[str, str]:
    return url.host, url.path.rpartition("/")[0]
