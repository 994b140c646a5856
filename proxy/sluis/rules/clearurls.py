"""A ClearURLs catalogue (docs.clearurls.xyz, "data.min.json"): which sites hang what on links, and wrap them how.

Its patterns come from outside. One that could take long is left out and counted; an exception, without which more would
be cut than its authors meant, is widened to the word that its host begins with. Long URLs are not held against any.
What only brings somebody a commission (`referralMarketing`) stays, as it does in ClearURLs unless one asks for more.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from sluis.rules.effort import FLAGS, UnfitError, alternatives, compiled
from sluis.urls.parse import Url

LONGEST = 2_048  # characters of a URL, and so a bound for the square of it
_LONGEST_HOST = 253
_SEEN = 4096  # hosts
_LONGEST_NAME = 128  # characters of a parameter's name
_QUERY = re.compile(r"([^?#]*+)(?:\?([^#]*+))?(#.*+)?", re.DOTALL)
_HOST = re.compile(r"\^https\?:(?:\\?/){2}(?:\(\?:\[a-z0-9-\]\+\\\.\)\*\??)?([a-z0-9-]{3,})(?![?*+{])")
_TEXTS = ("rules", "rawRules", "exceptions", "redirections")

Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True, slots=True)
class Provider:
    """A site's part of the catalogue. `word` stands in each of its hosts; `names` matches the parameters that go."""

    rule: str
    word: str
    pattern: re.Pattern[str]
    names: re.Pattern[str]
    raw: Patterns
    exceptions: Patterns
    redirections: Patterns
    complete: bool

    def fits(self, text: str) -> bool:
        """Whether the URL `text` is of this provider, and no exception."""
        return self.pattern.search(text) is not None and not any(each.search(text) for each in self.exceptions)


@dataclass(frozen=True, slots=True)
class Stripped:
    """A URL without what a provider lists, and the names of what went."""

    text: str
    names: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class Catalogue:
    """A ClearURLs list. `count` is of the patterns in use, `skipped` of those left out."""

    name: str
    providers: tuple[Provider, ...]
    count: int
    skipped: int
    _hosts: dict[str, tuple[Provider, ...]] = field(default_factory=dict, repr=False, compare=False)

    def destination(self, url: Url) -> tuple[str, str] | None:
        """The rule that knows `url` as a redirect, and what stands in it as the destination; None for none."""
        for provider in self._providers(url):
            for pattern in provider.redirections:
                found = pattern.search(url.text)
                if found and found[1]:
                    inner = unquote(found[1])
                    return provider.rule, inner if "://" in inner else unquote(inner)
        return None

    def strip(self, url: Url) -> Stripped | None:
        """`url` without the parameters and pieces that its providers list; None where it has none."""
        for provider in self._providers(url):
            stripped = _strip(url.text, provider)
            if stripped is not None:
                return stripped
        return None

    def blocks(self, url: Url) -> str | None:
        """The rule of a provider that does nothing but track, if `url` is one's."""
        return next((provider.rule for provider in self._providers(url) if provider.complete), None)

    def _providers(self, url: Url) -> Iterator[Provider]:
        if len(url.text) <= LONGEST and len(url.host) <= _LONGEST_HOST and _begins_with_host(url):
            yield from (provider for provider in self._on(url.host) if provider.fits(url.text))

    def _on(self, host: str) -> tuple[Provider, ...]:
        """Those that `host` may be of. A mailing names few hosts many times, so some thousands are remembered."""
        found = self._hosts.get(host)
        if found is None:
            if len(self._hosts) >= _SEEN:
                self._hosts.clear()
            found = self._hosts[host] = tuple(provider for provider in self.providers if provider.word in host)
        return found


def read(text: str, name: str) -> Catalogue:
    """The catalogue in `text`. Raises ValueError, in a few words, if it is none."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError("is no JSON") from error
    entries = document.get("providers") if isinstance(document, dict) else None
    if not isinstance(entries, dict):
        raise ValueError('is no ClearURLs list: it has no mapping "providers"')
    tally = _Tally()
    found = [_provider(f"{name}/{entry}", values, tally) for entry, values in entries.items()]
    providers = tuple(provider for provider in found if provider)
    if tally.skipped > tally.used:
        raise ValueError(f"has {tally.skipped} patterns that cannot be used, and {tally.used} that can")
    if not providers:
        raise ValueError("holds no rule")
    return Catalogue(name, providers, tally.used, tally.skipped)


class _Tally:
    """How many patterns are used and how many skipped."""

    def __init__(self) -> None:
        self.used = self.skipped = 0

    def fit(self, pattern: str, *, anchored: bool = False) -> re.Pattern[str] | None:
        """`pattern` compiled if it may be used, and counted either way."""
        try:
            found = compiled(pattern, anchored=anchored)
        except UnfitError:
            self.skipped += 1
            return None
        self.used += 1
        return found

    def all(self, patterns: list[str]) -> Patterns:
        """Those of `patterns` that may be used."""
        return tuple(found for each in patterns if (found := self.fit(each)))


def _provider(rule: str, values: object, tally: _Tally) -> Provider | None:
    if not isinstance(values, dict) or not isinstance(text := values.get("urlPattern"), str):
        tally.skipped += 1
        return None
    rules, raw, exceptions, redirections = (_texts(values, key) for key in _TEXTS)
    pattern = tally.fit(text)
    spared = [tally.fit(each) or _widened(each) for each in exceptions]
    if not pattern or not all(spared):
        return None
    names = [each for each in rules if tally.fit(each, anchored=True)]
    return Provider(
        rule,
        _word(text),
        pattern,
        re.compile("|".join(f"(?:{each})\\Z" for each in names) or r"(?!)", FLAGS),
        tally.all(raw),
        tuple(filter(None, spared)),
        tuple(each for each in tally.all(redirections) if each.groups),
        values.get("completeProvider") is True,
    )


def _texts(values: Mapping[str, object], key: str) -> list[str]:
    given = values.get(key)
    return [each for each in given if isinstance(each, str) and each] if isinstance(given, list) else []


def _widened(exception: str) -> re.Pattern[str] | None:
    """A pattern that spares at least what `exception` does; None where its host is not plain to see."""
    word = _word(exception)
    return re.compile(re.escape(word), FLAGS) if word else None


def _word(pattern: str) -> str:
    """Letters that stand in the host of every URL `pattern` finds; none where that is not plain to see."""
    found = _HOST.match(pattern)
    return found[1] if found and not alternatives(pattern) else ""


def _begins_with_host(url: Url) -> bool:
    """Whether the host stands where a pattern looks for it, with no name of a user before it."""
    return url.text.lower().startswith(f"{url.scheme}://{url.host}")


def _strip(text: str, provider: Provider) -> Stripped | None:
    parts = _QUERY.fullmatch(text)
    if parts is None:
        return None
    pairs = parts[2].split("&") if parts[2] else []
    gone = [name for pair in pairs if _listed(name := pair.partition("=")[0], provider)]
    if gone:
        kept = [pair for pair in pairs if not _listed(pair.partition("=")[0], provider)]
        query = "&".join(kept)
        text = parts[1] + ("?" + query if query else "") + (parts[3] or "")
    for pattern in provider.raw:
        gone += [piece[0] for piece in pattern.finditer(text) if piece[0]]
        text = pattern.sub("", text)
    return Stripped(text, tuple(dict.fromkeys(gone)), provider.rule) if gone else None


def _listed(name: str, provider: Provider) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and provider.names.match(name) is not None
