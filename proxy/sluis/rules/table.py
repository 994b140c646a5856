"""The rules as one value: vendors' shapes, redirectors, parameters, and what must never be touched."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sluis.rules.shape import Index, Shape
from sluis.urls.parse import Url


@dataclass(frozen=True, slots=True)
class Hit:
    """A vendor's shape that a URL has.

    `generic`: the shape holds on any host. `recipient`: parameters that name who clicked.
    """

    vendor: str
    rule: str
    generic: bool
    confidence: float
    recipient: tuple[str, ...] = ()


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
    """Everything that is known, compiled. `words` and `signatures` mark URLs whose parameters all stay."""

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

    def open(self, url: Url) -> Hit | None:
        """The vendor that counts opens by `url`."""
        return next((hit for _, hit in self.opens.find(url)), None)

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
