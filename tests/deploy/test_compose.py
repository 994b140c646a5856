"""The compose file: valid, and its services fit each other, the program and the files they are given."""

import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.deploy.dockerfile import instructions
from tests.integration.process import program

from sluis.config import Config, Endpoint, Smtp

_DEPLOY = Path(__file__).parents[2] / "deploy"
_SERVICES = yaml.safe_load((_DEPLOY / "compose.yaml").read_text())["services"]
_GATE = _SERVICES["sluis"]
_MAIL_SERVER = _DEPLOY / "mailserver"


def _mounts(service: str) -> dict[str, Path]:
    """Folders of this repository by where `service` has them."""
    volumes = (volume.split(":") for volume in _SERVICES[service].get("volumes", ()))
    return {inside: _DEPLOY / outside for outside, inside, *_ in volumes if outside.startswith(".")}


def test_it_is_a_compose_file():
    check = [Path(sys.executable).with_name("check-jsonschema"), "--builtin-schema", "vendor.compose-spec"]
    done = subprocess.run([*check, _DEPLOY / "compose.yaml"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("service", [name for name in _SERVICES if "build" in _SERVICES[name]])
def test_what_an_image_is_built_from_is_there(service: str):
    build = _SERVICES[service]["build"]
    context = _DEPLOY / build["context"]
    file = context / build.get("dockerfile", "Dockerfile")
    copied = [words.split()[:-1] for words in instructions(file, "COPY") if not words.startswith("--from")]
    assert copied
    assert [source for sources in copied for source in sources if not (context / source).exists()] == []


@pytest.mark.parametrize("service", _SERVICES)
def test_it_can_be_reached_from_this_machine_only(service: str):
    assert [port for port in _SERVICES[service].get("ports", ()) if not port.startswith("127.0.0.1:")] == []


def test_the_gate_understands_its_settings():
    config = Config.load(_DEPLOY / "sluis.yaml", _GATE["environment"])
    assert config.smtp.upstream == Smtp(Endpoint("mailserver", 25))
    assert _GATE["ports"] == [f"127.0.0.1:{port}:{port}" for port in (config.smtp.listen.port, config.web.listen.port)]


def test_the_gate_takes_mail_for_whom_the_mail_server_does():
    config = Config.load(_DEPLOY / "sluis.yaml", _GATE["environment"])
    assert _postconf("virtual_mailbox_domains") == ", ".join(config.smtp.accept_domains)


def test_the_gate_has_no_more_than_it_needs():
    assert _GATE["read_only"] is True
    assert _GATE["cap_drop"] == ["ALL"]
    assert _GATE["security_opt"] == ["no-new-privileges:true"]
    assert "volumes" not in _GATE


def test_prometheus_asks_the_gate():
    (job,) = yaml.safe_load((_DEPLOY / "prometheus/prometheus.yml").read_text())["scrape_configs"]
    assert job["job_name"] == "sluis"  # as the alert rules have it
    assert job["static_configs"] == [{"targets": [f"sluis:{Config().web.listen.port}"]}]


def test_promtool_agrees():
    (folder,) = _mounts("prometheus").values()
    check = [program("promtool"), "check", "config", folder / "prometheus.yml"]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr


def test_grafana_asks_prometheus():
    (source,) = yaml.safe_load((_provisioning() / "datasources/prometheus.yaml").read_text())["datasources"]
    assert source["url"] == "http://prometheus:9090"
    assert _SERVICES["prometheus"]["ports"] == ["127.0.0.1:9090:9090"]


def test_grafana_finds_the_dashboard_and_opens_it():
    (provider,) = yaml.safe_load((_provisioning() / "dashboards/sluis.yaml").read_text())["providers"]
    inside = provider["options"]["path"]
    assert [path.name for path in _mounts("grafana")[inside].glob("*.json")] == ["sluis.json"]
    assert _SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"] == f"{inside}/sluis.json"


def test_postfix_knows_every_parameter_of_the_mail_server(tmp_path: Path):
    (tmp_path / "main.cf").write_text((_MAIL_SERVER / "main.cf").read_text())
    (tmp_path / "master.cf").write_text("")
    done = subprocess.run(
        [program("postconf"), "-c", tmp_path, "-n"], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stderr == ""


def test_dovecot_reads_its_configuration_and_listens_where_postfix_looks():
    command = [program("doveconf"), "-c", _MAIL_SERVER / "dovecot.conf", "-n"]
    read = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    *_, socket = _postconf("virtual_transport").split(":")
    assert f"unix_listener /var/spool/postfix/{socket} {{" in read


def _provisioning() -> Path:
    return _mounts("grafana")["/etc/grafana/provisioning"]


def _postconf(parameter: str) -> str:
    """What the mail server's Postfix has for `parameter`."""
    command = [program("postconf"), "-c", _MAIL_SERVER, "-h", parameter]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()
