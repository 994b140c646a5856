"""A list in Adblock syntax (EasyPrivacy and its kin), asked about one thing: is this remote image a tracker's?

The engine is Brave's, in the optional package `adblock`: MIT or Apache-2.0, typed, wheels for glibc on x86-64, ARM64
and ARMv7, in the stable ABI, so that its release of 2022 runs on every later Python. On musl it is built with Rust.
Its regular expressions are linear. A mail has no site of its own, so each request is a third party's.
"""

from importlib import import_module
from typing import Any

from sluis.urls.parse import Url, parse

_MAIL = "https://mail.invalid/"  # RFC 2606: nobody's, so that no filter for one site holds
_PICTURES = ("https://www.example.org/images/photo.jpg", "https://img.example.com/logo.png")
_COSMETIC = ("##", "#@#", "#?#", "#$#", "#%#")


class Blocklist:
    """An Adblock list; `count` is of its filters for requests. Pickled as its text, since the engine cannot be."""

    def __init__(self, text: str, name: str) -> None:
        self.name = name
        self.count = sum(map(_is_filter, text.splitlines()))
        self.skipped = 0
        self._text = text
        self._engine = _engine(text)

    def __reduce__(self) -> tuple[type["Blocklist"], tuple[str, str]]:
        return Blocklist, (self._text, self.name)

    def blocks(self, url: Url) -> str | None:
        """The filter that stops the image at `url`; None where none does, or an exception lets it through."""
        found = self._engine.check_network_urls(url.text, _MAIL, "image")
        return f"{self.name}/{found.filter}" if found.matched else None


def read(text: str, name: str) -> Blocklist:
    """The list in `text`. Raises ValueError, in a few words, if it is none or the engine is not there."""
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        raise ValueError("is a web page, no Adblock list")
    filters = [line.strip() for line in text.splitlines() if _is_filter(line)]
    if not filters:
        raise ValueError("holds no filter for requests")
    if "\0" in text or sum(" " in line for line in filters) > len(filters) / 2:
        raise ValueError("is no Adblock list")
    blocklist = Blocklist(text, name)
    if stopped := next(filter(None, map(blocklist.blocks, filter(None, map(parse, _PICTURES)))), None):
        raise ValueError(f"would stop every picture: {stopped}")
    return blocklist


def _is_filter(line: str) -> bool:
    """Whether a line filters requests; others are comments, headings, or hide parts of a page."""
    line = line.strip()
    return bool(line) and line[0] not in "![#" and not any(mark in line for mark in _COSMETIC)


def _engine(text: str) -> Any:
    try:
        adblock = import_module("adblock")
    except ImportError as error:
        raise ValueError("needs the package adblock: pip install 'sluis[adblock]'") from error
    filters = adblock.FilterSet(debug=True)  # so that a hit names its filter
    filters.add_filter_list(text)
    return adblock.Engine(filters)
