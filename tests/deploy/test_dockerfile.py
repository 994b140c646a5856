"""The images, as far as they can be tried without building them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.deploy.dockerfile import instructions
from tests.integration.gate import Gate
from tests.integration.process import free_port

from sluis.config import Config, ConfigError, Endpoint, Maildir

_DEPLOY = Path(__file__).parents[2] / "deploy"
_IMAGE = _DEPLOY / "Dockerfile"
_SETTINGS = _DEPLOY / "sluis.yaml"


@pytest.mark.parametrize("file", ["Dockerfile", "mailserver/Dockerfile"])
def test_hadolint_agrees(file: str):
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, _DEPLOY / file], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_its_settings_are_understood():
    config = Config.load(_SETTINGS, {})
    assert config.smtp.upstream == Maildir(Path("/mail"))
    assert (config.smtp.listen.host, config.web.listen.host) == ("0.0.0.0", "0.0.0.0")


def test_it_listens_where_sluis_does_by_default():
    config, default = Config.load(_SETTINGS, {}), Config()
    ports = [config.smtp.listen.port, config.web.listen.port]
    assert ports == [default.smtp.listen.port, default.web.listen.port]
    assert instructions(_IMAGE, "EXPOSE") == [" ".join(map(str, ports))]


def test_what_is_written_goes_into_a_volume():
    config = Config.load(_SETTINGS, {})
    assert isinstance(config.smtp.upstream, Maildir)
    assert instructions(_IMAGE, "VOLUME") == [f"{config.smtp.upstream.path} {config.state}"]


def test_it_does_not_run_as_root():
    """A number, which Kubernetes can tell from root's."""
    user, group = instructions(_IMAGE, "USER")[-1].split(":")
    assert int(user) > 0
    assert int(group) > 0


def _health(port: int) -> int:
    """The exit code of the health check, for a gate whose metrics are at `port`."""
    (check,) = instructions(_IMAGE, "HEALTHCHECK")
    command = [part.replace("9125", str(port)) for part in json.loads(check.split("CMD")[1])]
    command[0] = sys.executable
    return subprocess.run(command, capture_output=True, check=False, timeout=30).returncode


def test_the_health_check_tells_a_gate_from_none(gate: Gate):
    assert _health(gate.web) == 0
    assert _health(free_port()) == 1


def test_it_takes_mail_for_nobody_else_until_told_whom():
    """A mail server behind must come with the domains it is for, as the image listens to the world."""
    with pytest.raises(ConfigError, match="accept_domains"):
        Config.load(_SETTINGS, {"SLUIS_SMTP__UPSTREAM": "smtp://mail.internal"})
    assert Config.load(_SETTINGS, {}).smtp.listen == Endpoint("0.0.0.0", 2525)


def test_its_settings_lie_where_another_file_may_be_laid_over_them():
    """Were they variables, they would win over that file, and its upstream would not be where mail goes."""
    copied = next(words.split() for words in instructions(_IMAGE, "COPY") if "sluis.yaml" in words)
    assert copied == ["deploy/sluis.yaml", "/etc/sluis/sluis.yaml"]
    assert json.loads(instructions(_IMAGE, "CMD")[-1]) == ["serve", "--config", copied[1]]
    assert "SLUIS_" not in " ".join(instructions(_IMAGE, "ENV"))
