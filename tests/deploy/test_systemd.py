"""The unit, as systemd itself judges it."""

import subprocess
from pathlib import Path

from tests.integration.process import program

_UNIT = Path(__file__).parents[2] / "deploy" / "systemd" / "sluis.service"
_EXPOSURE = 20  # of 100, as systemd-analyze counts; below 20 it says OK


def _analyze(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [program("systemd-analyze"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_it_is_understood(tmp_path: Path):
    text = _UNIT.read_text()
    assert "/opt/sluis/bin/sluis serve --config /etc/sluis/sluis.yaml" in text
    installed = tmp_path / "sluis.service"
    installed.write_text(text.replace("ExecStart=/opt/sluis/bin/sluis", "ExecStart=/bin/true"))
    done = _analyze("verify", "--man=no", installed)
    assert [line for line in done.stderr.splitlines() if "sluis.service" in line] == []


def test_it_may_do_little():
    done = _analyze("security", "--offline=true", f"--threshold={_EXPOSURE}", "--no-pager", _UNIT)
    assert done.returncode == 0, done.stdout + done.stderr
