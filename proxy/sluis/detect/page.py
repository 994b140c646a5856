"""One reading of one HTML part, and what every detector needs beside its text."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sluis.detect.elements import ELEMENTS
from sluis.detect.identity import NOBODY, Identity
from sluis.detect.remote import squeeze
from sluis.policy import Policy
from sluis.rules.table import Hit, Rules
from sluis.scan.budget import Budget
from sluis.scan.html import Tag, TagScanner, lower
from sluis.urls.parse import Url, parse

_TELLING = 16_384  # characters of an address that loads; clients ask for longer ones too
_SCANNER = TagScanner(ELEMENTS)


@dataclass(frozen=True)
class Page:
    """A text to search and the rules to search it by. `native` gives a fragment its true characters."""

    text: str
    rules: Rules
    policy: Policy
    budget: Budget
    identity: Identity = NOBODY
    native: Callable[[str], str] = str
    _urls: dict[str, Url | None] = field(default_factory=dict)

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """Every tag that may lead off the message, by start. Raises `Overrun`."""
        return tuple(_SCANNER.tags(self.text, self.lowered, self.budget))

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, offset by offset."""
        return lower(self.text)

    def url(self, value: str) -> Url | None:
        """`value`, an attribute's, as an http or https URL; None if it is none."""
        if value not in self._urls:
            self._urls[value] = parse(value if value.isascii() else self.native(value))
        return self._urls[value]

    def opens(self, value: str) -> tuple[Url | None, Hit | None]:
        """`value` as a URL, and the rule that knows it as a vendor's open beacon. What makes it one stands early."""
        url = self.url(squeeze(value)[:_TELLING] if len(value) > _TELLING else value)
        return url, self.rules.open(url) if url else None
