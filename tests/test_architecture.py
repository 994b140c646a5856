"""The house stands as it was drawn: arrows point one way, and below the edges nothing touches the world.

Read from the source, not from what happens to be imported, so that an import within a function counts too.
"""

import ast
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

import sluis

ROOT = Path(sluis.__file__).parent
FILES = sorted(ROOT.rglob("*.py"))

# What each package may know of the others. A new package, or a new arrow, is a line here that a reviewer sees.
ARROWS: dict[str, set[str]] = {
    "report": set(),
    "envelope": set(),
    "policy": set(),
    "message": {"report"},
    "scan": set(),
    "urls": {"rules"},
    "rules": {"urls"},
    "detect": {"message", "scan", "urls", "rules", "report", "policy"},
    "clean": {"detect", "message", "scan", "rules", "report", "policy", "envelope"},
    "choice": {"envelope", "message", "policy", "urls"},
    "loop": set(),
    "config": {"choice", "loop", "policy", "rules"},
    "lists": {"config", "rules"},
    "metrics": {"report", "urls"},
    "log": {"metrics"},
    "status": {"report"},
    "web": {"config", "edge", "metrics", "status"},
    "authentication": {"config", "edge", "message", "metrics", "urls"},
    "edge": {"choice", "config", "envelope", "metrics", "policy", "report", "rules"},
    "smtp": {"authentication", "clean", "config", "edge", "envelope", "metrics", "report", "rules"},
    "imap": {"clean", "config", "edge", "envelope", "message", "metrics", "report", "rules"},
    "milter": {"clean", "config", "edge", "envelope", "metrics", "report", "rules"},
    "gates": {"config", "edge", "imap", "metrics", "milter", "rules", "smtp"},
    "workers": {"config", "edge", "gates", "log", "loop", "metrics", "rules"},
    "job": {"choice", "clean", "envelope", "report", "rules"},
    "mailbox": set(),
    "bulk": set(),
    "cluster": {"bulk"},
    "terminal": set(),
    "explain": {"report", "terminal", "urls"},
    "account": {"config"},
    "audit": {
        "account",
        "bulk",
        "clean",
        "detect",
        "envelope",
        "explain",
        "mailbox",
        "message",
        "policy",
        "report",
        "rules",
        "urls",
    },
    "sweep": {"account", "audit", "bulk", "choice", "clean", "envelope", "report", "rules"},
    "demo": {"clean", "config", "explain", "metrics", "policy", "report", "rules", "smtp", "terminal"},
    "cli": {
        "account",
        "audit",
        "bulk",
        "choice",
        "cluster",
        "config",
        "demo",
        "envelope",
        "explain",
        "job",
        "lists",
        "log",
        "loop",
        "mailbox",
        "metrics",
    }
    | {"edge", "gates", "policy", "rules", "sweep", "terminal", "web", "workers"},
    "__main__": {"cli"},
}

PURE = {"message", "scan", "urls", "detect", "rules", "clean", "choice", "report", "policy", "envelope"}
PURE_MODULES = {f"sluis.audit.{name}" for name in ("chart", "record", "redact", "tally", "words")} | {
    *("sluis.account.place", "sluis.sweep.ledger", "sluis.sweep.note", "sluis.sweep.plan", "sluis.sweep.tables"),
    *(f"sluis.authentication.{name}" for name in ("arc", "canonical", "dkim", "dmarc", "key", "question", "results")),
    *(f"sluis.authentication.{name}" for name in ("spf", "tags", "verdict")),
}
READER = ROOT / "rules" / "load.py"

# The world: a clock, a network, a file, chance, another thread. None of it makes the same message come out the same.
CLOCKS_AND_NETS = {"asyncio", "datetime", "http", "multiprocessing", "random", "secrets", "select", "selectors"} | {
    *("signal", "smtplib", "socket", "ssl", "subprocess", "threading", "time", "urllib.request", "uuid"),
}
FILE_MODULES = {"io", "os", "pathlib", "shutil", "tempfile", "importlib.resources"}
BUILT_INS = {"__import__", "breakpoint", "eval", "exec", "input", "print"}
METHODS = {"glob", "iterdir", "mkdir", "read_bytes", "read_text", "touch", "unlink", "write_bytes", "write_text"}


def imports(tree: ast.AST) -> Iterator[str]:
    """Everything that `tree` imports, by its full name: a module, or a name in one."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names)
            case ast.ImportFrom(module=module, names=names, level=level):
                yield from (f"{'.' * level}{module or ''}.{alias.name}" for alias in names)


def calls(tree: ast.AST) -> Iterator[str]:
    """Every name that `tree` calls, and with a dot before it every method."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                yield name
            case ast.Call(func=ast.Attribute(attr=name)):
                yield f".{name}"


def within(module: str, modules: set[str]) -> bool:
    """Whether `module` is one of `modules` or in one."""
    return any(module == each or module.startswith(each + ".") for each in modules)


def worldly(source: str, *, reads: bool = False) -> set[str]:
    """What a pure module's source may not hold; `reads` lets it read files."""
    tree = ast.parse(source)
    modules, names = CLOCKS_AND_NETS, BUILT_INS
    if not reads:
        modules, names = modules | FILE_MODULES, names | {"open"} | {f".{method}" for method in METHODS}
    return {module for module in imports(tree) if within(module, modules)} | names.intersection(calls(tree))


def package(module: str) -> str:
    """`sluis.urls.parse` is of the package `urls`."""
    return [*module.split("."), ""][1]


def name_of(file: Path) -> str:
    parts = file.relative_to(ROOT.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


def inner(module: str) -> set[str]:
    """The modules of ours that `module` imports."""
    found = set(imports(ast.parse(MODULES[module].read_text())))
    return {name if name in MODULES else name.rpartition(".")[0] for name in found if within(name, {"sluis"})}


def test_every_package_is_drawn() -> None:
    assert {package(module) for module in MODULES} - {""} == set(ARROWS)


@pytest.mark.parametrize("module", MODULES)
def test_arrows_point_as_drawn(module: str) -> None:
    own = package(module)
    assert {package(other) for other in inner(module)} - {own, ""} <= ARROWS.get(own, set())


def test_no_arrow_is_drawn_that_nobody_needs() -> None:
    used = {(package(module), package(other)) for module in MODULES for other in inner(module)}
    assert {(own, other) for own, others in ARROWS.items() for other in others} - used == set()


def test_no_module_needs_itself_by_a_way_round() -> None:
    graph = {module: inner(module) - {module} for module in MODULES}
    assert set(TopologicalSorter(graph).static_order()) == set(MODULES)


def test_every_import_is_by_its_full_name() -> None:
    assert [
        module for module in MODULES for name in imports(ast.parse(MODULES[module].read_text())) if name[0] == "."
    ] == []


@pytest.mark.parametrize("module", [module for module in MODULES if package(module) in PURE or module in PURE_MODULES])
def test_the_core_knows_no_world(module: str) -> None:
    file = MODULES[module]
    assert worldly(file.read_text(), reads=file == READER) == set()


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("import asyncio", {"asyncio"}),
        ("from time import monotonic", {"time.monotonic"}),
        ("def f():\n    import socket", {"socket"}),
        ("from urllib import request", {"urllib.request"}),
        ("from urllib.parse import unquote", set()),
        ("import os.path", {"os.path"}),
        ("x = open('f')", {"open"}),
        ("path.read_bytes()", {".read_bytes"}),
        ("rules.open(url)", set()),
        ("print(1)", {"print"}),
        ("import timeit_like", set()),
    ],
)
def test_the_test_sees_it(source: str, found: set[str]) -> None:
    assert worldly(source) == found


def test_reading_files_is_no_leave_for_clocks() -> None:
    assert worldly("import time\nfrom pathlib import Path\nPath('x').read_text()", reads=True) == {"time"}
