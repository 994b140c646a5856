"""The recipes in the READMEs of deploy/, to be run as they are written, with other ports and names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_DEPLOY = Path(__file__).parents[2] / "deploy"
_BLOCK = re.compile(r"^```\w*+\n# (main\.cf|master\.cf|sluis\.yaml)[^\n]*+\n(.*?)^```", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Recipe:
    """`main` are parameters of main.cf, `master` lines of master.cf, `sluis` what is in sluis.yaml."""

    main: Mapping[str, str]
    master: str
    sluis: Mapping[str, Any]

    @property
    def smtp(self) -> Mapping[str, Any]:
        """The section of that name."""
        section: Mapping[str, Any] = self.sluis["smtp"]
        return section


def recipe(title: str, changes: Mapping[str, str], folder: str = "postfix") -> Recipe:
    """The recipe under the heading `title`, with each key of `changes`, which must be in it, as its value."""
    _, _, rest = (_DEPLOY / folder / "README.md").read_text().partition(f"# {title}\n")
    section = rest.split("\n## ")[0]
    for old, new in changes.items():
        assert old in section, f"{title}: no {old}"
        section = section.replace(old, new)
    blocks: dict[str, str] = dict(_BLOCK.findall(section))
    main = dict(line.split(" = ", 1) for line in blocks.get("main.cf", "").splitlines())
    return Recipe(main, blocks.get("master.cf", ""), yaml.safe_load(blocks["sluis.yaml"]))
