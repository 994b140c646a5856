"""The chart: what Helm makes of it is valid for Kubernetes, understood by Sluis, and of one piece."""

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import kubernetes_validate
import pytest
import yaml
from cloudcoil.models.prometheus_operator import v1 as operator
from helm_python import HelmError
from tests.deploy.chart import CHART, PLAIN, VALUES, Object, complaints, objects, plain, values
from tests.deploy.dockerfile import instructions
from tests.integration.certificate import certificate
from tests.integration.gate import Gate

import sluis
from sluis.config import Config, Endpoint, Imap, Lmtp, Smtp
from sluis.imap.gate import Gate as ReadingGate
from sluis.smtp.gate import Gate as MailGate

TABLE: dict[str, dict[str, Any]] = {
    "least": {"config": {"smtp": {"upstream": "lmtp://store.example:24", "accept_domains": ["lezer.example"]}}},
    "most": {
        "image": {"repository": "registry.example/sluis", "tag": "latest", "pullSecrets": [{"name": "registry"}]},
        "config": {
            "policy": "strict",
            "lists": [{"name": "clearurls", "format": "clearurls", "url": "https://lists.example/data.json"}],
            "smtp": {
                "upstream": "smtp://mail.example:2525",
                "upstream_identity": "xclient",
                "upstream_tls": {"mode": "off"},
                "message_size_limit": 104857600,
            },
            "imap": {"upstream": "imaps://mail.example", "tls": {"mode": "starttls"}},
        },
        "tls": {"certificate": "PEM", "key": "PEM"},
        "service": {"type": "ClusterIP", "annotations": {"mail.example/pool": "mx"}},
        "networkPolicy": {
            "clients": [{"ipBlock": {"cidr": "0.0.0.0/0"}}],
            "servers": [{"podSelector": {"matchLabels": {"app": "postfix"}}}],
            "serverPorts": [2525, 993],
        },
        "monitoring": {"serviceMonitor": True, "alerts": True, "dashboard": True, "labels": {"release": "watch"}},
        "podAnnotations": {"mail.example/owner": "postmaster"},
        "nodeSelector": {"mail.example/pool": "mx"},
        "tolerations": [{"key": "mail.example/pool", "operator": "Exists", "effect": "NoSchedule"}],
        "affinity": {"nodeAffinity": {}},
    },
    "reading only": {"config": {"imap": {"upstream": "imaps://mail.example", "tls": {"mode": "implicit"}}}}
    | {"tls": {"secret": "from-cert-manager"}},
}
CASES = [pytest.param(values(VALUES), id="plain"), *(pytest.param(given, id=name) for name, given in TABLE.items())]

each_case = pytest.mark.parametrize("given", CASES)


def one(given: Mapping[str, Any], kind: str, suffix: str = "") -> Object:
    """The one object of `kind` whose name is the release's with `suffix`."""
    (found,) = (made for made in objects(given) if (made["kind"], made["metadata"]["name"]) == (kind, f"sluis{suffix}"))
    return found


def pod(given: Mapping[str, Any]) -> Object:
    """What is said of every pod."""
    return one(given, "Deployment")["spec"]["template"]["spec"]


def container(given: Mapping[str, Any]) -> Object:
    """The gate's container."""
    (found,) = pod(given)["containers"]
    return found


def configuration(given: Mapping[str, Any], folder: Path) -> Config:
    """The configuration as a pod has it, with a certificate in `folder` for the one that is mounted."""
    file = folder / "sluis.yaml"
    file.write_text(one(given, "ConfigMap")["data"]["sluis.yaml"])
    made = certificate(folder, "tls")
    pem = {"/run/sluis/tls/tls.crt": str(made.certificate), "/run/sluis/tls/tls.key": str(made.key)}
    return Config.load(file, {each["name"]: pem[each["value"]] for each in container(given).get("env", ())})


@each_case
def test_helm_has_nothing_against_it(given: Mapping[str, Any]):
    assert complaints(given) == []


def test_the_plain_manifests_are_what_the_chart_makes():
    """If not, `python -m tests.deploy` writes them anew."""
    written = {str(file.relative_to(PLAIN)): file.read_text() for file in PLAIN.rglob("*.yaml")}
    assert written == plain()


@each_case
@pytest.mark.parametrize("version", ["1.30", kubernetes_validate.latest_version()])
def test_kubernetes_knows_every_field(given: Mapping[str, Any], version: str):
    ours = [made for made in objects(given) if not made["apiVersion"].startswith("monitoring.coreos.com/")]
    for made in ours:
        kubernetes_validate.validate(made, version, strict=True)
    assert {made["kind"] for made in ours} >= {
        *("ConfigMap", "Deployment", "HorizontalPodAutoscaler", "NetworkPolicy", "PodDisruptionBudget", "Service")
    }


@pytest.mark.parametrize("kind", ["ServiceMonitor", "PrometheusRule"])
def test_the_operator_of_prometheus_knows_every_field(kind: str):
    made = one(TABLE["most"], kind)
    model = getattr(operator, kind).model_validate(made)
    assert model.model_dump(mode="json", by_alias=True, exclude_unset=True) == made
    assert made["metadata"]["labels"]["release"] == "watch"


def test_what_is_kept_elsewhere_comes_along_as_it_is():
    deploy = CHART.parents[1]
    rule, board = one(TABLE["most"], "PrometheusRule"), one(TABLE["most"], "ConfigMap", "-dashboard")
    assert rule["spec"] == yaml.safe_load((deploy / "prometheus/alerts.yml").read_text())
    assert board["data"] == {"sluis.json": (deploy / "grafana/dashboards/sluis.json").read_text()}


@each_case
def test_sluis_understands_its_configuration(given: Mapping[str, Any], tmp_path: Path):
    config = configuration(given, tmp_path)
    assert (config.smtp.listen, config.web.listen) == (Endpoint("0.0.0.0", 2525), Endpoint("0.0.0.0", 9125))
    assert isinstance(config.smtp.upstream, Smtp | Lmtp | None)  # never a Maildir: it would go with its pod
    ports = {"web": config.web.listen.port}
    ports |= {"smtp": config.smtp.listen.port} if config.smtp.upstream else {}
    ports |= {"imap": config.imap.listen.port} if config.imap.upstream else {}
    assert {port["name"]: port["containerPort"] for port in container(given)["ports"]} == ports


def test_what_is_chosen_arrives(tmp_path: Path):
    config = configuration(TABLE["most"], tmp_path)
    assert config.smtp.message_size_limit == 104_857_600
    assert config.smtp.upstream_tls.mode == "off"
    assert config.smtp.tls.certificate
    assert config.imap.upstream == Imap(Endpoint("mail.example", 993), implicit=True)
    assert configuration(TABLE["reading only"], tmp_path).smtp.upstream is None


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({}, "names no server"),
        ({"config": {"smtp": {"upstream": "maildir:/mail"}}}, "upstream"),
        (TABLE["least"] | {"tls": {"certificate": "PEM"}}, "tls"),
        (TABLE["least"] | {"autoscalling": {"cpu": 50}}, "autoscalling"),
        (TABLE["least"] | {"networkPolicy": {"watchers": []}}, "watchers"),
    ],
)
def test_what_cannot_be_meant_is_refused(wrong: Mapping[str, Any], told: str):
    with pytest.raises(HelmError, match=told):
        objects(wrong)


@each_case
def test_services_lead_to_ports_of_the_pods(given: Mapping[str, Any]):
    labels = one(given, "Deployment")["spec"]["template"]["metadata"]["labels"]
    names = {port["name"] for port in container(given)["ports"]}
    inside = one(given, "Service", "-web")
    doors = one(given, "Service")
    assert {port["targetPort"] for port in doors["spec"]["ports"]} == names - {"web"}  # the page has no password
    assert [port["targetPort"] for port in inside["spec"]["ports"]] == ["web"]
    assert inside["spec"].get("type", "ClusterIP") == "ClusterIP"
    selectors = [
        *(service["spec"]["selector"] for service in (doors, inside)),
        one(given, "Deployment")["spec"]["selector"]["matchLabels"],
        one(given, "PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        one(given, "NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
        *(spread["labelSelector"]["matchLabels"] for spread in pod(given)["topologySpreadConstraints"]),
    ]
    assert all(selector.items() <= labels.items() for selector in selectors)


def test_what_watches_finds_the_metrics():
    monitor, service = one(TABLE["most"], "ServiceMonitor"), one(TABLE["most"], "Service", "-web")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] == service["spec"]["ports"][0]["name"]
    job = service["metadata"]["labels"][monitor["spec"]["jobLabel"]]
    assert f'job="{job}"' in (CHART / "alerts.yml").read_text()


def test_each_pod_is_watched_once():
    """By way of the service for the inside, and not by the other as well."""
    monitor, doors = one(TABLE["most"], "ServiceMonitor"), one(TABLE["most"], "Service")
    assert not monitor["spec"]["selector"]["matchLabels"].items() <= doors["metadata"]["labels"].items()


@pytest.mark.parametrize("probe", ["readinessProbe", "livenessProbe"])
def test_the_gate_answers_a_probe(gate: Gate, probe: str):
    asked = container(values(VALUES))[probe]["httpGet"]
    assert asked["port"] == "web"
    with urlopen(f"http://127.0.0.1:{gate.web}{asked['path']}", timeout=10) as response:
        assert response.read() == b"ok\n"


@each_case
def test_a_pod_is_given_the_time_that_its_gates_take(given: Mapping[str, Any]):
    notice = container(given)["lifecycle"]["preStop"]["sleep"]["seconds"]
    readiness = container(given)["readinessProbe"]
    graces = [inspect.signature(gate.close).parameters["grace"].default for gate in (MailGate, ReadingGate)]
    assert pod(given)["terminationGracePeriodSeconds"] > notice + max(graces)
    assert readiness["periodSeconds"] * readiness["failureThreshold"] <= notice


@each_case
def test_a_pod_has_no_more_than_it_needs(given: Mapping[str, Any]):
    user, group = map(int, instructions(CHART.parents[1] / "Dockerfile", "USER")[-1].split(":"))
    said = pod(given)["securityContext"]
    assert (said["runAsNonRoot"], said["runAsUser"], said["runAsGroup"]) == (True, user, group)
    assert said["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod(given)["automountServiceAccountToken"] is False
    assert pod(given)["enableServiceLinks"] is False  # SLUIS_WEB_PORT would be taken for a setting
    for each in (*pod(given)["containers"], *pod(given).get("initContainers", ())):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert "memory" in each["resources"]["limits"]
        assert "cpu" in each["resources"]["requests"]  # what the autoscaler counts by


@each_case
def test_one_pod_more_than_can_be_missed(given: Mapping[str, Any]):
    scaled, deployed = one(given, "HorizontalPodAutoscaler")["spec"], one(given, "Deployment")["spec"]
    assert scaled["minReplicas"] > one(given, "PodDisruptionBudget")["spec"]["maxUnavailable"]
    assert "replicas" not in deployed  # or every upgrade would undo what the autoscaler said
    assert deployed["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_a_change_of_the_configuration_starts_new_pods():
    def annotations(given: Mapping[str, Any]) -> Object:
        return one(given, "Deployment")["spec"]["template"]["metadata"]["annotations"]

    before = annotations(TABLE["most"])
    tls = annotations(TABLE["most"] | {"tls": {"certificate": "PEM", "key": "OTHER"}})
    config = annotations(TABLE["most"] | {"config": TABLE["most"]["config"] | {"policy": "audit"}})
    assert {name for name in before if before[name] != tls[name]} == {"checksum/tls"}
    assert {name for name in before if before[name] != config[name]} == {"checksum/config"}


def test_the_chart_is_of_this_version():
    described = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert described["appVersion"] == described["version"] == sluis.__version__
