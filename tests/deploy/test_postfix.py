"""The lines of the Postfix recipes, as Postfix itself reads them."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

README = Path(__file__).parents[2] / "deploy" / "postfix" / "README.md"
BLOCKS = re.findall(r"```\n# (main|master)\.cf[^\n]*\n(.*?)```", README.read_text(), re.DOTALL)


def test_both_recipes_are_written_out() -> None:
    assert [name for name, _ in BLOCKS] == ["main", "master", "master"]


@pytest.mark.parametrize(("name", "lines"), BLOCKS)
def test_postfix_accepts_them(name: str, lines: str, tmp_path: Path) -> None:
    postconf = shutil.which("postconf", path="/usr/sbin:/usr/bin")
    if postconf is None:
        pytest.skip("postfix is not installed")
    for file in ("main.cf", "master.cf"):
        (tmp_path / file).write_text(lines if file.startswith(name) else "")
    with (tmp_path / "main.cf").open("a") as main:
        main.write("compatibility_level = 3.6\n")
    option = "-n" if name == "main" else "-M"
    done = subprocess.run([postconf, "-c", str(tmp_path), option], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert lines.split(maxsplit=1)[0] in done.stdout
