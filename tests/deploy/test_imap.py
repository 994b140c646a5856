"""The gate for a mailbox at a provider: the program understands what its compose file sets, and no more is open."""

import subprocess
import sys
from pathlib import Path

import yaml
from tests.integration.certificate import certificate

from sluis.config import Config, Endpoint, Imap

_DEPLOY = Path(__file__).parents[2] / "deploy"
_FILE = _DEPLOY / "imap" / "compose.yaml"
_COMPOSE = yaml.safe_load(_FILE.read_text())
_GATE = _COMPOSE["services"]["sluis"]


def settings(folder: Path) -> Config:
    """The settings as they are with a provider and a certificate."""
    environment = dict(_GATE["environment"])
    made = certificate(folder, "mail.example.org")
    made.certificate.rename(folder / "certificate")
    made.key.rename(folder / "key")
    for key, value in environment.items():
        environment[key] = value.replace("/run/secrets", str(folder))
        if value.startswith("${SLUIS_PROVIDER:?"):
            environment[key] = "imaps://imap.example.net"
    return Config.load(_DEPLOY / "sluis.yaml", environment)


def test_it_is_a_compose_file() -> None:
    check = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec", _FILE]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


def test_the_gate_understands_its_settings(tmp_path: Path) -> None:
    config = settings(tmp_path)
    assert config.smtp.upstream is None
    assert config.imap.upstream == Imap(Endpoint("imap.example.net", 993), implicit=True)
    assert (config.imap.tls.mode, config.imap.tls.plaintext) == ("implicit", False)
    assert config.imap.upstream_tls.verify


def test_only_readers_come_in_from_elsewhere(tmp_path: Path) -> None:
    config = settings(tmp_path)
    assert _GATE["ports"] == [f"993:{config.imap.listen.port}", f"127.0.0.1:9125:{config.web.listen.port}"]


def test_its_secrets_are_declared() -> None:
    assert set(_GATE["secrets"]) == _COMPOSE["secrets"].keys()
