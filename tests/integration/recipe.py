"""The recipes of deploy/postfix/README.md, to be run as they are written, with other ports and names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_README = Path(__file__).parents[2] / "deploy" / "postfix" / "README.md"
_BLOCK = re.compile(r"^```\w*+\n# (main\.cf|master\.cf|sluis\.yaml)[^\n]*+\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recipe:
    """`main` are parameters of main.cf, `master` lines of master.cf, `smtp` the section of that name in sluis.yaml."""

    main: Mapping[str, str]
    master: str
    smtp: Mapping[str, Any]


def recipe(title: str, changes: Mapping[str, str]) -> Recipe:
    """The recipe under the heading `title`, with each key of `changes`, which must be in it, as its value."""
    section = _README.read_text().split(f"\n## {title}\n")[1].split("\n## ")[0]
    for old, new in changes.items():
        assert old in section, f"{title}: no {old}"
        section = section.replace(old, new)
    blocks: dict[str, str] = dict(_BLOCK.findall(section))
    main = dict(line.split(" = ", 1) for line in blocks.get("main.cf", "").splitlines())
    return Recipe(main, blocks["master.cf"], yaml.safe_load(blocks["sluis.yaml"])["smtp"])
