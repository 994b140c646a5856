"""`sluis rules`: what Sluis knows, and whether it holds."""

import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sluis.cli.options import ConfigFile, Stop, load_config, load_rules

if TYPE_CHECKING:
    from sluis.rules.table import Rules

Extra = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="Rule files of your own, read before the bundled ones."),
]
_KINDS = ("open", "click", "redirector", "parameter")
_HOSTS = 3  # of each vendor that the table names

app = typer.Typer(rich_markup_mode="markdown")


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: whose it is, of which kind, and the hosts it is bound to (none: it holds on any)."""

    vendor: str
    kind: str
    name: str
    hosts: tuple[str, ...]


@app.callback()
def rules() -> None:
    """Look at what Sluis knows of vendors, redirects and parameters, and fetch what others know.

    All of it is data: the bundled YAML files, and files of your own in the same form, which the configuration names
    under "rules". Lists that others keep, under "lists", add to it.

        sluis rules list
        sluis rules check my-rules.yaml
        sluis rules update --config /etc/sluis.yaml
    """


@app.command("list")
def list_(
    files: Extra = None,
    as_json: Annotated[bool, typer.Option("--json", help="As JSON, each rule by itself.")] = False,
) -> None:
    """List vendors, what is known of each, where it holds, and how many examples say so.

    A rule without hosts holds on any, for vendors let their customers use domains of their own. With --json each rule
    stands by itself.

        sluis rules list | grep mailgun
        sluis rules list --json | jq '.[] | select(.kind == "open")'
    """
    rules = load_rules(files or ())
    examples = Counter((example.kind, example.rule) for example in rules.examples)
    if as_json:
        _write_json(rules, examples)
    else:
        _print_table(rules, examples)


@app.command()
def check(files: Extra = None) -> None:
    """Hold every rule against its examples: those it must match, and those it must leave alone.

    The bundled rules are held too, so that a file of your own is seen beside them.

        sluis rules check
        sluis rules check my-rules.yaml

    Exit code 0: all hold; 1: some do not, one line each; 2: a file cannot be read as rules, and one line says why.
    """
    from sluis.rules.check import problems

    rules = load_rules(files or ())
    wrong = list(problems(rules))
    for line in wrong:
        sys.stdout.write(f"{line}\n")
    if wrong:
        raise typer.Exit(1)
    count = sum(1 for _ in _rules(rules))
    sys.stdout.write(f"{count} rules hold in {len(rules.examples)} examples\n")


@app.command()
def update(config: ConfigFile = None) -> None:
    """Bring the lists that the configuration names up to date.

    Each is fetched (or read from its path), checked, and only then put in the place of the one that is kept; whatever
    goes wrong, the last good one stays. A running gateway takes the new ones when it is started again.

        sluis rules update --config /etc/sluis.yaml
        SLUIS_STATE=/var/lib/sluis sluis rules update --config /etc/sluis.yaml

    Exit code 0: every list is up to date; 1: some are not, and their lines say why; 2: nothing could be tried.
    """
    from sluis.lists.keep import update as bring
    from sluis.terminal import visible

    settings = load_config(config)
    if not settings.lists:
        raise Stop("the configuration names no lists")
    outcomes = bring(settings.lists, settings.kept)
    for outcome in outcomes:
        sys.stdout.write(f"{visible(outcome.told)}\n")
    if not all(outcome.good for outcome in outcomes):
        raise typer.Exit(1)


def _rules(rules: "Rules") -> Iterator[Rule]:
    """Every rule, in the order of the files."""
    for kind, index in (("open", rules.opens), ("click", rules.clicks)):
        yield from (Rule(hit.vendor, kind, hit.rule, shape.hosts) for shape, hit in index.entries())
    for shape, redirector in rules.redirectors.entries():
        yield Rule(redirector.vendor, "redirector", redirector.rule, shape.hosts)
    for parameter in (*(each for same in rules.parameters.values() for each in same), *rules.patterns):
        yield Rule(parameter.vendor, "parameter", parameter.rule, parameter.hosts)


def _write_json(rules: "Rules", examples: Counter[tuple[str, str]]) -> None:
    import json

    listed = [
        {
            "vendor": rule.vendor,
            "kind": rule.kind,
            "rule": rule.name,
            "hosts": list(rule.hosts),
            "examples": examples[rule.kind, rule.name],
        }
        for rule in _rules(rules)
    ]
    json.dump(listed, sys.stdout, indent=1)
    sys.stdout.write("\n")


def _print_table(rules: "Rules", examples: Counter[tuple[str, str]]) -> None:
    from rich import box
    from rich.table import Table

    from sluis.terminal import console, visible

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for heading in ("Vendor", "Knows", "Where"):
        table.add_column(heading, overflow="fold")
    table.add_column("Examples", justify="right")
    vendors: dict[str, list[Rule]] = {}
    for rule in _rules(rules):
        vendors.setdefault(rule.vendor, []).append(rule)
    for vendor, own in sorted(vendors.items()):
        count = sum(examples[rule] for rule in {(rule.kind, rule.name) for rule in own})
        table.add_row(visible(vendor), _knows(own), visible(_where(own)), str(count))
    console().print(table)


def _knows(own: list[Rule]) -> str:
    counts = Counter(rule.kind for rule in own)
    return ", ".join(f"{counts[kind]} {kind}{'s' if counts[kind] > 1 else ''}" for kind in _KINDS if counts[kind])


def _where(own: list[Rule]) -> str:
    hosts = list(dict.fromkeys(host for rule in own for host in rule.hosts))
    anywhere = ["any host"] if any(not rule.hosts for rule in own) else []
    more = [f"{len(hosts) - _HOSTS} more"] if len(hosts) > _HOSTS else []
    return ", ".join([*anywhere, *hosts[:_HOSTS], *more])
