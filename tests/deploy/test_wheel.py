"""The wheel that an image is made of: it runs without a checkout."""

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest

TOP = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(TOP)]
    subprocess.run(command, check=True)
    return next(folder.glob("sluis-*.whl"))


def test_the_wheel_holds_what_runs_without_a_checkout(wheel: Path, tmp_path: Path) -> None:
    names = set(ZipFile(wheel).namelist())
    for name in (
        "config/sluis.yaml",
        "config/rules/vendors.yaml",
        "samples/newsletter.eml",
        "status/page.css",
        "py.typed",
    ):
        assert f"sluis/{name}" in names
    venv.create(tmp_path / "env", system_site_packages=True, with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", "--no-deps", "--ignore-installed", str(wheel)], check=True
    )
    site = next((tmp_path / "env").glob("lib/python*/site-packages"))
    path = os.pathsep.join([str(site), next(entry for entry in sys.path if entry.endswith("site-packages"))])
    sluis = [str(python), "-m", "sluis"]
    env = {**os.environ, "PYTHONPATH": path}
    sample = TOP / "proxy" / "sluis" / "samples" / "newsletter.eml"
    report = tmp_path / "report.json"
    subprocess.run(
        [*sluis, "clean", str(sample), "-o", str(tmp_path / "out"), "--report", str(report)], check=True, env=env
    )
    assert json.loads(report.read_text())["verdict"] == "cleaned"
    subprocess.run([*sluis, "rules", "check"], check=True, env=env, stdout=subprocess.DEVNULL)
