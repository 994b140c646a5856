"""The rules as one value: vendors' shapes, redirectors, parameters, and what must never be touched."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from sluis.rules.clearurls import Catalogue
from sluis.rules.shape import Index, Shape
from sluis.urls.parse import Url
from sluis.urls.proxied import proxied

_LISTED = 0.9  # confidence of a list's entry; of mail pixels they name, nine in ten are


@dataclass(frozen=True, slots=True)
class Hit:
    """A vendor's shape that a URL has.

    `generic`: the shape holds on any host. `recipient`: parameters that name who clicked. `listed`: it is no vendor's
    shape but a list's entry, and the vendor is the list.
    """

    vendor: str
    rule: str
    generic: bool
    confidence: float
    recipient: tuple[str, ...] = ()
    listed: bool = False


class List(Protocol):
    """What somebody else keeps of trackers, asked after our own rules."""

    @property
    def name(self) -> str:
        """What its finds are said to be by."""

    @property
    def count(self) -> int:
        """How many of its entries are in use."""

    @property
    def skipped(self) -> int:
        """How many are not, since they are unfit."""

    def blocks(self, url: Url) -> str | None:
        """The entry that calls the image at `url` a tracker's."""


@dataclass(frozen=True, slots=True)
class Redirector:
    """A redirect that carries its destination: `take` says where, `steps` how it is written there."""

    rule: str
    vendor: str
    security: bool
    take: str
    steps: tuple[str, ...]
    shape: Shape


@dataclass(frozen=True, slots=True)
class Parameter:
    """A query parameter that tells the destination about the mailing or the reader.

    It goes only on `hosts` (none: on any), with a value that fully matches `value`, and not where `unless` is found in
    the URL.
    """

    rule: str
    vendor: str
    name: re.Pattern[str]
    hosts: tuple[str, ...] = ()
    value: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None


@dataclass(frozen=True, slots=True)
class Example:
    """A URL in a rule file and what the rule must make of it; `destination` None for what it must leave alone."""

    rule: str
    kind: str
    url: str
    destination: str | None
    place: str


@dataclass(frozen=True)
class Rules:
    """Everything that is known, compiled. `words` and `signatures` mark URLs whose parameters all stay.

    `lists` are other people's, `catalogues` those of them that know links.
    """

    opens: Index[Hit]
    clicks: Index[Hit]
    redirectors: Index[Redirector]
    parameters: Mapping[str, tuple[Parameter, ...]]
    patterns: tuple[Parameter, ...]
    globs: re.Pattern[str]
    words: re.Pattern[str]
    signatures: frozenset[str]
    styles: frozenset[str]
    examples: tuple[Example, ...]
    lists: tuple[List, ...] = ()
    catalogues: tuple[Catalogue, ...] = ()

    def open(self, url: Url) -> Hit | None:
        """The vendor that counts opens by `url`, or by what stands behind it where it is a webmail's proxy."""
        for each in (url, proxied(url)):
            if each and (found := next(self.opens.find(each), None)):
                return found[1]
        return None

    def listed_image(self, url: Url) -> Hit | None:
        """The first list that calls the image at `url` a tracker's."""
        for each in self.lists:
            if rule := each.blocks(url):
                return Hit(each.name, rule, False, _LISTED, listed=True)
        return None

    def click(self, url: Url) -> Hit | None:
        """The vendor that counts clicks by `url`."""
        return next((hit for _, hit in self.clicks.find(url)), None)

    def listed(self, name: str) -> bool:
        """Whether any rule names the parameter `name`, whatever its conditions."""
        return name in self.parameters or bool(self.globs.match(name))

    def parameter(self, name: str) -> Iterator[Parameter]:
        """The rules that name the parameter `name`."""
        yield from self.parameters.get(name, ())
        yield from (parameter for parameter in self.patterns if parameter.name.fullmatch(name))

    def shared_style_host(self, host: str) -> bool:
        """Whether `host` serves the same fonts and styles to everybody, and so learns little of anybody."""
        return host in self.styles
