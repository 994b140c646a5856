"""What a container of Sluis is made of, and the wheel within it, tried without an engine."""

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml

from sluis.config import Config, Endpoint, Smtp

TOP = Path(__file__).parents[2]
DEPLOY = TOP / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(TOP)]
    subprocess.run(command, check=True)
    return next(folder.glob("sluis-*.whl"))


@pytest.mark.parametrize("file", ["Dockerfile", "mailserver/Dockerfile"])
def test_the_dockerfiles_are_sound(file: str) -> None:
    hadolint = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    assert hadolint is not None
    done = subprocess.run([hadolint, str(DEPLOY / file)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def environment(dockerfile: str) -> dict[str, str]:
    words = dockerfile.partition("\nENV ")[2].partition("\nUSER")[0].replace("\\\n", " ").split()
    return dict(word.split("=", 1) for word in words)


def test_the_image_is_configured_as_the_program_understands_it(tmp_path: Path) -> None:
    settings = environment((DEPLOY / "Dockerfile").read_text())
    ours = {name: value for name, value in settings.items() if name.startswith("SLUIS_")}
    ours["SLUIS_SMTP__UPSTREAM"] = ours["SLUIS_SMTP__UPSTREAM"].replace("/mail", str(tmp_path))
    config = Config.load(None, ours)
    assert (config.smtp.listen, config.web.listen) == (Endpoint("0.0.0.0", 2525), Endpoint("0.0.0.0", 9125))


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


def test_every_file_that_compose_names_exists() -> None:
    for service in COMPOSE.values():
        if "build" in service:
            context = DEPLOY / service["build"]["context"]
            assert (context / service["build"].get("dockerfile", "Dockerfile")).is_file()
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert not source.startswith(".") or (DEPLOY / source).exists(), source


def test_compose_configures_the_gate_as_the_program_understands_it() -> None:
    image = environment((DEPLOY / "Dockerfile").read_text())
    names = {name: value for name, value in image.items() if name.startswith("SLUIS_")}
    config = Config.load(None, {**names, **COMPOSE["sluis"]["environment"]})
    assert config.smtp.upstream == Smtp(Endpoint("mailserver", 25))
    assert {port.split(":")[-1] for port in COMPOSE["sluis"]["ports"]} == {"2525", "9125"}


def test_the_gate_runs_with_as_little_as_it_needs() -> None:
    sluis = COMPOSE["sluis"]
    assert sluis["read_only"] is True
    assert sluis["cap_drop"] == ["ALL"]
    assert sluis["security_opt"] == ["no-new-privileges:true"]


def test_the_unit_is_sound(tmp_path: Path) -> None:
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("systemd-analyze is not installed")
    program = tmp_path / "sluis"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    unit = tmp_path / "sluis.service"
    unit.write_text((DEPLOY / "systemd" / "sluis.service").read_text().replace("/opt/sluis/bin/sluis", str(program)))
    done = subprocess.run([analyze, "verify", "--man=no", str(unit)], capture_output=True, text=True, check=False)
    assert [line for line in done.stderr.splitlines() if "sluis" in line] == []
