"""One reading of one HTML part, and what every detector needs beside its text."""

import re
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from sluis.detect.elements import ELEMENTS
from sluis.detect.identity import NOBODY, Identity
from sluis.detect.remote import squeeze
from sluis.detect.screens import Sheets, sheets
from sluis.policy import Policy
from sluis.rules.table import Hit, Rules
from sluis.scan.budget import Budget
from sluis.scan.html import Tag, TagScanner, lower
from sluis.urls.base import Base
from sluis.urls.parse import Url, parse
from sluis.urls.resolve import Resolution

_TELLING = 16_384  # characters of an address that loads; clients ask for longer ones too
_BLANK = frozenset(" \t\n\r\f\xa0")
_SPACES = ("&nbsp;", "&zwnj;", "&#160;", "&#xa0;", "&#8203;")
_TAG = re.compile("<")
_OPENING, _CLOSING = re.compile("<!--"), re.compile("-->")
_BOX = re.compile("<(/?)(div|t(?:able|d)|center|blockquote|fieldset|section|article|main)(?=[\\s/>])", re.ASCII)
_BOXLESS = re.compile("</?(?:html|body|p|br|a|img|image|span|font|b|i|u|em|strong|small)[\\s/>]|<!", re.ASCII)
# A body, or a rule for one, whose background or place depends on where the page ends. Each begins with a word of its
# own, which the engine finds at once.
_TALL = tuple(
    re.compile(
        rf"{begin}[^{{}}<>]{{0,999}}?"
        r"(?:gradient\(|url\(|[\s\"'/]background=|border|outline|shadow|flex|grid|[0-9]vh)",
        re.ASCII,
    )
    for begin in (r"<body(?=[\s/])", *(rf"{name}(?<![\w.#-]{name})[^{{}}<>]{{0,80}}\{{" for name in ("body", "html")))
)
# A rule by which images are drawn that say of themselves that they are not; it begins with a word, too.
_DRAWN = re.compile(
    r"img(?<![\w.#-]img)(?![\w-])[^{}<>]{0,80}\{[^{}<>]{0,999}?display[ \t\n\r\f]*+:[^;{}<>]{0,80}?!", re.ASCII
)
_SCANNER = TagScanner(ELEMENTS)


Found = Resolution | Hit | str
"""Where an address leads, the vendor that hears of the click, or how it names the recipient."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the addresses of a message were found to be: its HTML and its plain text have most of them in common."""

    urls: dict[str, Url | None] = field(default_factory=dict)
    links: dict[str, Found | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """A text to search and the rules to search it by. `native` gives a fragment its true characters; `known` is of
    pages that are searched by the same rules, under the same policy and for the same recipients. `sole`: no client
    shows other markup of the message with it. `base` is what relative addresses lead by, where that stays.
    """

    text: str
    rules: Rules
    policy: Policy
    budget: Budget
    identity: Identity = NOBODY
    native: Callable[[str], str] = str
    known: Known = field(default_factory=Known)
    sole: bool = False
    base: Base | None = None

    @cached_property
    def tags(self) -> tuple[Tag, ...]:
        """Every tag that may lead off the message, by start. Raises `Overrun`."""
        return tuple(_SCANNER.tags(self.text, self.lowered, self.budget))

    @cached_property
    def last_word(self) -> int:
        """Where the last word ends: behind it stand tags and blanks alone."""
        return self._trailing(_TAG)

    @cached_property
    def last_line(self) -> int:
        """Where the blanks behind the last word end."""
        return len(self.text) - len(self.text[self.last_word :].lstrip())

    @cached_property
    def last_box(self) -> int:
        """Where the last box ends that may have a colour or a border: behind it stand tags without one alone.

        One that is never closed ends with the page, and so does a body that shows how tall it is.
        """
        counts = Counter(_BOX.findall(self.lowered))
        unclosed = any(count > counts["/", name] for (slash, name), count in counts.items() if not slash)
        return (
            len(self.text) if unclosed or any(tall.search(self.lowered) for tall in _TALL) else self._trailing(_BOXLESS)
        )

    @cached_property
    def draws_all(self) -> bool:
        """Whether a style sheet has the last word on how images are drawn, whatever their tags say."""
        return _DRAWN.search(self.lowered) is not None

    def _trailing(self, tag: re.Pattern[str]) -> int:
        """Where what ends the page begins: blanks, and tags that begin as `tag` does."""
        end = len(self.text)
        while end:
            if self.text[end - 1] in _BLANK:
                end -= 1
            elif self.text[end - 1] == ">" and (start := self.text.rfind("<", 0, end)) >= 0:
                if not tag.match(self.lowered, start) or self.text.find(">", start, end - 1) >= 0:
                    break
                end = start
            elif space := next((each for each in _SPACES if self.lowered.endswith(each, 0, end)), None):
                end -= len(space)
            else:
                break
        return end

    @cached_property
    def lowered(self) -> str:
        """The text in lower case, offset by offset."""
        return lower(self.text)

    def absolute(self, value: str) -> str:
        """`value`, an attribute's, as what it leads to: itself, unless it is relative and a base stays."""
        return value if self.base is None else self.base.join(value) or value

    @cached_property
    def sheets(self) -> Sheets:
        """What its style sheets show and hide on narrow screens. Raises `Overrun`."""
        return sheets(self.text, self.lowered, self.budget)

    def in_comment(self, position: int) -> bool:
        """Whether a comment that opened before `position` has not closed by then."""
        opened, closed = self._comments
        index = bisect_right(opened, position - 4) - 1
        if index < 0:
            return False
        end = bisect_left(closed, opened[index] + 4)
        return end == len(closed) or closed[end] > position - 3

    @cached_property
    def _comments(self) -> tuple[list[int], list[int]]:
        """Where comments open and where they close."""
        opened = [each.start() for each in _OPENING.finditer(self.text)]
        return opened, [each.start() for each in _CLOSING.finditer(self.text)]

    def url(self, value: str) -> Url | None:
        """`value`, an attribute's, as an http or https URL; None if it is none."""
        if self.base is not None:
            value = self.absolute(value)
        if not value.isascii():
            return parse(self.native(value))
        if value not in self.known.urls:
            self.known.urls[value] = parse(value)
        return self.known.urls[value]

    def opens(self, value: str) -> tuple[Url | None, Hit | None]:
        """`value` as a URL, and the rule that knows it as a vendor's open beacon. What makes it one stands early."""
        url = self.url(squeeze(value)[:_TELLING] if len(value) > _TELLING else value)
        return url, self.rules.open(url) if url else None
