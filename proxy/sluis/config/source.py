"""What the operator wrote, as plain values, each with the place it was written at.

This module knows YAML and environment variables, and not one key: which keys there are is said in `tree`. Of YAML it
reads the JSON-like core of version 1.2 (only `true` and `false` are booleans, so that `mode: off` is a word), without
aliases, tags and repeated keys.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

Key = tuple[str | int, ...]
Value = str | int | float | bool | tuple["Value", ...] | dict[str, "Value"] | None

_PREFIX = "SLUIS_"
# What Kubernetes and Docker put in the environment of a pod beside a service that is called "sluis".
_SERVICE_LINK = re.compile(r"SLUIS_(?:SERVICE_(?:HOST|PORT)(?:_\w++)?|PORT(?:_\d++_(?:TCP|UDP|SCTP)(?:_\w++)?)?)")


class ConfigError(ValueError):
    """What is wrong with the configuration, in one line: `place: key: what`, the place being `file:line`."""

    def __init__(self, place: str, key: str, what: str) -> None:
        self.place, self.key, self.what = place, key, what
        super().__init__(": ".join(filter(None, (place, key, " ".join(what.split())))))

    def rank(self) -> tuple[str, int]:
        """Its order among others: by file, then by line."""
        name, _, line = self.place.rpartition(":")
        return (name, int(line)) if line.isdigit() else (self.place, 0)


@dataclass(slots=True)
class Source:
    """Values as a tree of mappings and tuples, and for each key the place where it was written."""

    name: str
    values: dict[str, Value] = field(default_factory=dict)
    places: dict[Key, str] = field(default_factory=dict)

    def place(self, key: Key) -> str:
        """Where `key` was written; where its nearest written parent was, if it was left out."""
        while key:
            if key in self.places:
                return self.places[key]
            key = key[:-1]
        return self.name


def read_file(path: Path) -> Source:
    """The YAML file at `path`. Raises ConfigError if it cannot be read or is no YAML mapping of keys."""
    source = Source(str(path))
    try:
        root = yaml.compose(path.read_text("utf-8-sig"), Loader=_Loader)
        source.values = _root(root, source)
    except OSError as error:
        raise ConfigError(source.name, "", f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(source.name, "", f"is not UTF-8 text (octet {error.start})") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{source.name}:{mark.line + 1}" if mark else source.name
        raise ConfigError(place, "", f"is not YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise ConfigError(source.name, "", f"is not YAML: {error}") from error
    except RecursionError as error:
        raise ConfigError(source.name, "", "is nested too deep") from error
    return source


def overlay(source: Source, environ: Mapping[str, str], known: Collection[tuple[str, ...]]) -> None:
    """Lay the `SLUIS_…` variables of `environ` over `source`: `SLUIS_SMTP__LISTEN` is `smtp.listen`.

    A value is read as YAML is, and as text where it is no YAML (`[::]:25`). Raises ConfigError for a variable whose
    key is not `known`.
    """
    for name in sorted(environ):
        if not name.startswith(_PREFIX) or _SERVICE_LINK.fullmatch(name):
            continue
        key = tuple(name.removeprefix(_PREFIX).lower().split("__"))
        if key not in known:
            raise ConfigError(name, dotted(key), "is not a key" + did_you_mean(key, known))
        _section(source, key[:-1])[key[-1]] = _variable(environ[name], name)
        source.places[key] = name
        for level in range(1, len(key)):
            source.places.setdefault(key[:level], name)


def did_you_mean(key: Key, known: Collection[tuple[str, ...]]) -> str:
    """A hint at the known key that `key` was to be: the first in it, one spelled nearly so, or such a one elsewhere."""
    level, name = len(key) - 1, str(key[-1])
    within = [path for path in known if path[: len(key)] == key]
    beside = {path[level]: path[: len(key)] for path in known if path[:level] == key[:level] and len(path) > level}
    near = difflib.get_close_matches(name, sorted({*beside, *(path[-1] for path in known)}), 1)
    elsewhere = [path for path in known if path[-1] in near]
    meant = within[:1] or [beside[each] for each in near if each in beside] or elsewhere
    return f"; did you mean {' or '.join(map(dotted, meant))}?" if meant else ""


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 - PyYAML's own shape

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or event.anchor or getattr(event, "tag", None):
            raise yaml.composer.ComposerError(
                None, None, "anchors, aliases and tags have no use here", event.start_mark
            )
        return super().compose_node(parent, index)


# How a plain scalar is read: tag, pattern, the characters it may begin with, and the value it stands for.
_SCALARS: tuple[tuple[str, str, tuple[str, ...], Callable[[str], Value]], ...] = (
    ("null", r"~|null|", ("~", "n", ""), lambda _: None),
    ("bool", r"true|false", ("t", "f"), "true".__eq__),
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,18})", tuple("-+0123456789"), int),
    ("float", r"[-+]?[0-9]{0,18}\.[0-9]{1,18}", tuple("-+.0123456789"), float),
)
_READ: Mapping[str, Callable[[str], Value]] = {f"tag:yaml.org,2002:{tag}": read for tag, _, _, read in _SCALARS}
for _tag, _pattern, _first, _ in _SCALARS:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"(?:{_pattern})\Z"), _first)


def _root(node: yaml.Node | None, source: Source) -> dict[str, Value]:
    if node is None:
        return {}
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError(f"{source.name}:{node.start_mark.line + 1}", "", "must be a mapping of keys to values")
    return _mapping(node, (), source)


def _mapping(node: yaml.MappingNode, key: Key, source: Source) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for name, value in _items(node, key, source):
        values[name] = _value(value, (*key, name), source)
    return values


def _items(node: yaml.MappingNode, key: Key, source: Source) -> Iterator[tuple[str, yaml.Node]]:
    for name_node, value_node in node.value:
        place = f"{source.name}:{name_node.start_mark.line + 1}"
        name = name_node.value if isinstance(name_node, yaml.ScalarNode) else "?"
        path = (*key, name)
        if path in source.places:
            raise ConfigError(place, dotted(path), f"is given twice; first at {source.places[path]}")
        source.places[path] = place
        yield name, value_node


def _value(node: yaml.Node, key: Key, source: Source) -> Value:
    source.places.setdefault(key, f"{source.name}:{node.start_mark.line + 1}")
    match node:
        case yaml.MappingNode():
            return _mapping(node, key, source)
        case yaml.SequenceNode():
            return tuple(_value(item, (*key, index), source) for index, item in enumerate(node.value))
        case _:
            return _READ.get(node.tag, str)(node.value)


def _section(source: Source, key: Key) -> dict[str, Value]:
    """The mapping at `key`, made where there is none."""
    section = source.values
    for level, step in enumerate(key, 1):
        inner = section.get(str(step))
        if inner is None:
            inner = section[str(step)] = {}
        if not isinstance(inner, dict):
            raise ConfigError(source.place(key[:level]), dotted(key[:level]), "must be a mapping of keys to values")
        section = inner
    return section


def _variable(text: str, name: str) -> Value:
    try:
        node = yaml.compose(text, Loader=_Loader)
    except (yaml.YAMLError, RecursionError):
        return text
    return None if node is None else _value(node, (), Source(name))


def dotted(key: Key) -> str:
    """`key` as an operator says it, without the index of a list's item: `smtp.accept_domains`."""
    return ".".join(step for step in key if isinstance(step, str))
