"""Rule files to rules. The only place below the cleaner that opens files; what is wrong names file, line and key."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from importlib.resources import files
from pathlib import Path
from typing import Literal

import yaml

from sluis.rules import clearurls
from sluis.rules.linear import fault
from sluis.rules.shape import Index, Shape
from sluis.rules.table import Example, Hit, List, Parameter, Redirector, Rules
from sluis.rules.words import any_of

KNOWN = {
    "vendors": ({"vendor", "name", "source", "open", "click"}, {"vendor", "name", "source"}),
    "shape": ({"id", "host", "path", "query", "confidence", "recipient", "match", "miss"}, {"path", "match", "miss"}),
    "redirectors": (
        {"id", "vendor", "source", "security", "host", "path", "query", "take", "steps", "match", "miss"},
        {"id", "vendor", "source", "path", "take", "steps", "match", "miss"},
    ),
    "params": (
        {"name", "vendor", "source", "host", "value", "unless", "match", "miss"},
        {"name", "vendor", "source", "match", "miss"},
    ),
    "protected": ({"words", "signatures", "styles"}, set()),
}
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # libyaml where it is built in
_CERTAIN, _GENERIC = 0.98, 0.9  # confidence of a shape bound to hosts, and of one that holds anywhere
_BUNDLED = ("vendors", "redirectors", "params", "protected")

Format = Literal["adblock", "clearurls"]


class RulesError(Exception):
    """A rule file that cannot be used: `file:line: key: what`."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Other people's list, checked and kept at `path`; its `name` is the vendor of what it finds."""

    name: str
    format: Format
    path: Path


@dataclass(frozen=True, slots=True)
class Entry:
    """A mapping of a rule file, with the place of each key for messages."""

    values: dict[str, object]
    lines: dict[str, int]
    file: str
    line: int

    def wrong(self, key: str, what: str) -> RulesError:
        return RulesError(f"{self.file}:{self.lines.get(key, self.line)}: {key}: {what}")

    def known(self, kind: str) -> "Entry":
        """Itself, if it has all the keys its kind needs and no others."""
        allowed, needed = KNOWN[kind]
        for key in self.values:
            if key not in allowed:
                raise self.wrong(key, f"unknown key; known are {', '.join(sorted(allowed))}")
        for key in sorted(needed - self.values.keys()):
            raise self.wrong(key, "missing")
        return self

    def text(self, key: str, default: str = "") -> str:
        value = self.values.get(key, default)
        if not isinstance(value, str):
            raise self.wrong(key, "must be a text")
        return value

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.values.get(key, [])
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise self.wrong(key, "must be a list of texts")
        return tuple(value)

    def pairs(self, key: str) -> dict[str, str]:
        value = self.values.get(key, {})
        if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
            raise self.wrong(key, "must map texts to texts")
        return {str(name): each for name, each in value.items()}

    def pattern(self, key: str, pattern: str) -> re.Pattern[str]:
        try:
            compiled = re.compile(pattern, re.ASCII)
        except re.error as error:
            raise self.wrong(key, f"no regular expression: {error}") from error
        if problem := fault(pattern):
            raise self.wrong(key, problem)
        return compiled


def load(extra: Sequence[Path] = (), lists: Sequence[Kept] = ()) -> Rules:
    """The bundled rules, before them those of `extra` files, behind them `lists`. Raises `RulesError`."""
    bundled = _bundled()
    read = [entry for path in extra for entry in _read(path.read_text("utf-8"), str(path))]
    for name in _BUNDLED:
        read += _read((bundled / f"{name}.yaml").read_text("utf-8"), f"{name}.yaml")
    rules = compiled(read)
    if not lists:
        return rules
    added = tuple(map(_kept, lists))
    return replace(
        rules, lists=added, catalogues=tuple(each for each in added if isinstance(each, clearurls.Catalogue))
    )


def fingerprint(extra: Sequence[Path] = (), lists: Sequence[Kept] = ()) -> str:
    """32 hexadecimal digits that differ where what `load` reads differs. Raises `OSError`."""
    own = [_bundled() / f"{name}.yaml" for name in _BUNDLED]
    digests = (blake2b(path.read_bytes()).digest() for path in (*extra, *own, *(kept.path for kept in lists)))
    return blake2b(b"".join(digests), digest_size=16).hexdigest()


def read_list(octets: bytes, name: str, form: Format) -> List:
    """The list that somebody wrote, checked. Raises `RulesError` if nothing in that form can be made of it."""
    try:
        text = octets.decode("utf-8")
        if form == "clearurls":
            return clearurls.read(text, name)
        from sluis.rules import adblock  # noqa: PLC0415 - an engine of 48 MB, for those only who name such a list

        return adblock.read(text, name)
    except UnicodeDecodeError as error:
        raise RulesError(f"is not UTF-8 text (octet {error.start})") from error
    except ValueError as error:
        raise RulesError(str(error)) from error


def _kept(kept: Kept) -> List:
    try:
        return read_list(kept.path.read_bytes(), kept.name, kept.format)
    except FileNotFoundError as error:
        raise RulesError(f"list {kept.name}: {kept.path} is not there yet: run sluis rules update") from error
    except RulesError as error:
        raise RulesError(f"list {kept.name}: {kept.path}: {error}") from error


def compiled(entries: Sequence[Entry]) -> Rules:
    """The rules that the entries of all files come to; each entry's kind shows in its keys."""
    opens: list[tuple[Shape, Hit]] = []
    clicks: list[tuple[Shape, Hit]] = []
    redirectors: list[tuple[Shape, Redirector]] = []
    parameters: list[Parameter] = []
    examples: list[Example] = []
    words: list[str] = []
    signatures: list[str] = []
    styles: list[str] = []
    for entry in entries:
        if "steps" in entry.values:
            shape, redirector, own = _redirector(entry.known("redirectors"))
            redirectors.append((shape, redirector))
            examples += own
        elif "open" in entry.values or "click" in entry.values:
            for kind, shapes in (("open", opens), ("click", clicks)):
                for shape, hit, own in _vendor(entry.known("vendors"), kind):
                    shapes.append((shape, hit))
                    examples += own
        elif "name" in entry.values:
            parameter, own = _parameter(entry.known("params"))
            parameters.append(parameter)
            examples += own
        else:
            entry.known("protected")
            words += entry.texts("words")
            signatures += entry.texts("signatures")
            styles += entry.texts("styles")
    plain: dict[str, tuple[Parameter, ...]] = {}
    for parameter in parameters:
        if "*" not in parameter.rule:
            plain[parameter.rule] = (*plain.get(parameter.rule, ()), parameter)
    globs = tuple(parameter for parameter in parameters if "*" in parameter.rule)
    return Rules(
        Index(opens),
        Index(clicks),
        Index(redirectors),
        plain,
        globs,
        re.compile("|".join(f"(?:{each.name.pattern})\\Z" for each in globs) or r"(?!)", re.ASCII),
        any_of(word.lower() for line in words for word in line.split("|")),
        frozenset(signatures),
        frozenset(styles),
        tuple(examples),
    )


def _bundled() -> Path:
    """The folder of rule files: in the wheel below the package, in a checkout at its top."""
    packaged = Path(str(files("sluis"))) / "config" / "rules"
    return packaged if (packaged / "vendors.yaml").is_file() else Path(__file__).parents[3] / "config" / "rules"


def _read(text: str, file: str) -> Iterator[Entry]:
    try:
        node = yaml.compose(text, Loader=_LOADER)
    except yaml.YAMLError as error:
        line = getattr(getattr(error, "problem_mark", None), "line", 0) + 1
        raise RulesError(f"{file}:{line}: {getattr(error, 'problem', None) or 'no YAML'}") from error
    nodes = node.value if isinstance(node, yaml.SequenceNode) else [node] if node else []
    constructor = yaml.constructor.SafeConstructor()
    for each in nodes:
        if not isinstance(each, yaml.MappingNode):
            raise RulesError(f"{file}:{each.start_mark.line + 1}: a rule must be a mapping")
        yield _entry(each, file, constructor)


def _entry(node: yaml.MappingNode, file: str, constructor: yaml.constructor.SafeConstructor) -> Entry:
    lines = {str(key.value): key.start_mark.line + 1 for key, _ in node.value}
    values: dict[str, object] = {}
    for key, value in node.value:
        if key.value in {"open", "click"} and isinstance(value, yaml.SequenceNode):
            values[key.value] = [_entry(each, file, constructor) for each in value.value]
        else:
            values[str(key.value)] = constructor.construct_object(value, deep=True)
    return Entry(values, lines, file, node.start_mark.line + 1)


def _shape(entry: Entry) -> Shape:
    path = entry.text("path")
    if not path.startswith("^"):
        raise entry.wrong("path", "must start with ^")
    query = {name: entry.pattern("query", pattern) for name, pattern in entry.pairs("query").items()}
    return Shape(entry.texts("host"), entry.pattern("path", path), tuple(query.items()))


def _vendor(entry: Entry, kind: str) -> Iterator[tuple[Shape, Hit, list[Example]]]:
    shapes = entry.values.get(kind, [])
    if not isinstance(shapes, list):
        raise entry.wrong(kind, "must be a list of shapes")
    for number, each in enumerate(shapes, 1):
        each.known("shape")
        vendor = entry.text("vendor")
        rule = f"{vendor}/{kind}/{each.values.get('id', number)}"
        shape = _shape(each)
        confidence = each.values.get("confidence", _CERTAIN if shape.hosts else _GENERIC)
        if not isinstance(confidence, float):
            raise each.wrong("confidence", "must be a number between 0 and 1")
        hit = Hit(vendor, rule, not shape.hosts, confidence, each.texts("recipient"))
        yield shape, hit, _examples(each, rule, kind)


def _examples(entry: Entry, rule: str, kind: str) -> list[Example]:
    place = f"{entry.file}:{entry.line}"
    match = entry.pairs("match") if isinstance(entry.values["match"], dict) else dict.fromkeys(entry.texts("match"), "")
    return [
        *(Example(rule, kind, url, destination, place) for url, destination in match.items()),
        *(Example(rule, kind, url, None, place) for url in entry.texts("miss")),
    ]


def _redirector(entry: Entry) -> tuple[Shape, Redirector, list[Example]]:
    shape = _shape(entry)
    rule = entry.text("id")
    security = entry.values.get("security", False) is True
    redirector = Redirector(rule, entry.text("vendor"), security, entry.text("take"), entry.texts("steps"), shape)
    return shape, redirector, _examples(entry, rule, "redirector")


def _parameter(entry: Entry) -> tuple[Parameter, list[Example]]:
    name = entry.text("name")
    pattern = entry.pattern("name", re.escape(name).replace(r"\*", "[^=&]*"))
    value = entry.pattern("value", entry.text("value")) if "value" in entry.values else None
    unless = entry.pattern("unless", entry.text("unless")) if "unless" in entry.values else None
    parameter = Parameter(name, entry.text("vendor"), pattern, entry.texts("host"), value, unless)
    return parameter, _examples(entry, name, "parameter")
