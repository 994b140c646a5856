"""Reading of a Dockerfile: enough of it to hold what it says against what the program understands."""

import re
from pathlib import Path

_INSTRUCTION = re.compile(r"^([A-Z]++) ++(.*+)$", re.MULTILINE)


def instructions(file: Path, name: str) -> list[str]:
    """The arguments of every instruction `name`, continued lines made one."""
    text = re.sub(r"^#.*+\n", "", file.read_text(), flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*+", "", text)
    return [match[2] for match in _INSTRUCTION.finditer(text) if match[1] == name]


def environment(file: Path) -> dict[str, str]:
    """The variables that the image sets."""
    pairs = " ".join(instructions(file, "ENV")).split()
    return dict(pair.split("=", 1) for pair in pairs)


def settings(file: Path) -> dict[str, str]:
    """Those of them that are settings of Sluis."""
    return {name: value for name, value in environment(file).items() if name.startswith("SLUIS_")}
