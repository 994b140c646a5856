"""Parameters cut from the text of a URL, with every other character of it left as written."""

import re
from collections.abc import Callable, Collection

from sluis.rules.shape import parameters
from sluis.rules.table import Parameter, Rules
from sluis.urls.parse import Url

_PARTS = re.compile(r"([^?#]*+)(?:\?([^#]*+))?(#.*+)?", re.DOTALL)


def strip(url: Url, rules: Rules) -> tuple[str, tuple[str, ...]]:
    """The text of `url` without the parameters the rules list, and their names; those of protected URLs all stay."""
    if "?" not in url.text or not any(map(rules.listed, _names(url.text))) or protected(url, rules):
        return url.text, ()
    return _without(url.text, lambda name, value: _goes(name, value, url, rules))


def cut(text: str, names: Collection[str]) -> tuple[str, tuple[str, ...]]:
    """`text`, a URL, without the parameters called `names`, and those of them that it had."""
    return _without(text, lambda name, _: name in names)


def protected(url: Url, rules: Rules) -> bool:
    """Whether a parameter of `url` may be what makes it work: it is signed, or leads to what a person must reach."""
    if rules.words.search(f"{url.host}{url.path}?{url.query}".lower()):
        return True
    return not rules.signatures.isdisjoint(name.lower() for name in parameters(url.query))


def _goes(name: str, value: str, url: Url, rules: Rules) -> bool:
    return any(_applies(parameter, value, url) for parameter in rules.parameter(name))


def _applies(parameter: Parameter, value: str, url: Url) -> bool:
    if parameter.hosts and not any(_on(url.host, host) for host in parameter.hosts):
        return False
    if parameter.value and not parameter.value.fullmatch(value):
        return False
    return not (parameter.unless and parameter.unless.search(url.text))


def _on(host: str, listed: str) -> bool:
    return host == listed or (listed.startswith("*.") and (host.endswith(listed[1:]) or host == listed[2:]))


def _names(text: str) -> list[str]:
    match = _PARTS.match(text)
    return [pair.partition("=")[0] for pair in (match[2] or "").split("&")] if match else []


def _without(text: str, goes: Callable[[str, str], bool]) -> tuple[str, tuple[str, ...]]:
    match = _PARTS.match(text)
    if match is None or match[2] is None:
        return text, ()
    kept: list[str] = []
    gone: list[str] = []
    for pair in match[2].split("&"):
        name, _, value = pair.partition("=")
        if name and goes(name, value):
            gone.append(name)
        else:
            kept.append(pair)
    if not gone:
        return text, ()
    query = "&".join(kept)
    return match[1] + ("?" + query if query else "") + (match[3] or ""), tuple(dict.fromkeys(gone))
