"""Reading of a Dockerfile: enough of it to hold what it says against what the program understands."""

import re
from pathlib import Path

_INSTRUCTION = re.compile(r"^([A-Z]++) ++(.*+)$", re.MULTILINE)


def instructions(file: Path, name: str) -> list[str]:
    """The arguments of every instruction `name`, continued lines made one."""
    text = re.sub(r"^#.*+\n", "", file.read_text(), flags=re.MULTILINE)
    text = re.sub(r"\\\n\s*+", "", text)
    return [match[2] for match in _INSTRUCTION.finditer(text) if match[1] == name]
