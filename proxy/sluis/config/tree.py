"""Every key an operator may set, with its type, its unit and its default: one frozen tree.

`config/sluis.yaml` says the same for people, and a test holds the two together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator

from sluis.config.address import Endpoint, Lmtp, Maildir, Smtp
from sluis.config.kinds import (
    AuthorityFile,
    Count,
    Domain,
    EndpointText,
    HostName,
    Octets,
    PolicyName,
    ReadableFile,
    Seconds,
    UpstreamText,
    certificate_problem,
    describe,
)
from sluis.config.source import ConfigError, Source, overlay, read_file
from sluis.policy import POLICIES, Policy

Mode = Literal["off", "opportunistic", "required"]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _empty(cls, values: object) -> object:
        return {} if values is None else values  # a section whose every line is commented out


class SwitchesSection(_Section):
    """What may be added to the policy."""

    security_links: bool = False
    attached: bool = False


class TlsSection(_Section):
    """STARTTLS for those who send to us; PEM files."""

    certificate: ReadableFile | None = None
    key: ReadableFile | None = None
    required: bool = False

    @field_validator("key")
    @classmethod
    def _pair(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        certificate = info.data.get("certificate", key)
        if (key is None) != (certificate is None):
            raise ValueError("and smtp.tls.certificate go together: set both or neither")
        if key and certificate and (problem := certificate_problem(certificate, key)):
            raise ValueError(problem)
        return key

    @field_validator("required")
    @classmethod
    def _has_certificate(cls, required: bool, info: ValidationInfo) -> bool:
        if required and info.data.get("certificate", "") is None:
            raise ValueError("needs smtp.tls.certificate and smtp.tls.key")
        return required


class UpstreamTlsSection(_Section):
    """STARTTLS towards the mail server; `ca` is a PEM file, None the system's own."""

    mode: Mode = "opportunistic"
    verify: bool = True
    ca: AuthorityFile | None = None


class UpstreamTimeoutSection(_Section):
    """How long the mail server may take (RFC 5321 §4.5.3.2)."""

    connect: Seconds = 30
    command: Seconds = 300
    data: Seconds = 600


class SmtpSection(_Section):
    """Where mail comes in, from whom it is taken and where it goes."""

    listen: EndpointText = Endpoint("127.0.0.1", 2525)
    hostname: HostName | None = None
    upstream: UpstreamText = Maildir(Path("./mail"))
    trust: bool = False
    accept_domains: tuple[Domain, ...] = ()
    message_size_limit: Octets = 52_428_800
    max_connections: Count = 1000
    max_connections_per_address: Count = 50
    max_recipients: Count = 1000
    command_timeout: Seconds = 300
    data_timeout: Seconds = 600
    tls: TlsSection = TlsSection()
    upstream_tls: UpstreamTlsSection = UpstreamTlsSection()
    upstream_timeout: UpstreamTimeoutSection = UpstreamTimeoutSection()
    received: bool = True
    trace: bool = True

    @field_validator("accept_domains")
    @classmethod
    def _no_open_relay(cls, domains: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        match info.data:
            case {"listen": Endpoint(loopback=False), "upstream": Smtp() | Lmtp(), "trust": False} if not domains:
                raise ValueError(
                    "must name the domains that mail is taken for, since smtp.listen is open to others and the mail "
                    "server behind sees sluis as the client (or say smtp.trust: true)"
                )
        return domains


class CleaningSection(_Section):
    """Messages of `offload_octets` and more are cleaned by one of `processes`, within `timeout`."""

    offload_octets: Octets = 131_072
    processes: Count = 2
    timeout: Seconds = 30


class WebSection(_Section):
    """The status page, the metrics and the health checks."""

    listen: EndpointText = Endpoint("127.0.0.1", 9125)


class LogSection(_Section):
    """The log, on stderr; `auto` is `console` on a terminal, else `json`."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["auto", "console", "json"] = "auto"


class Config(_Section):
    """The whole configuration. Every key has a default, so `Config()` is what runs without a file."""

    policy: PolicyName = "balanced"
    switches: SwitchesSection = SwitchesSection()
    fail: Literal["open", "closed"] = "open"
    rules: tuple[ReadableFile, ...] = ()
    smtp: SmtpSection = SmtpSection()
    cleaning: CleaningSection = CleaningSection()
    web: WebSection = WebSection()
    log: LogSection = LogSection()

    @property
    def effective_policy(self) -> Policy:
        """The named policy with the switches laid over it."""
        return replace(
            POLICIES[self.policy], security_links=self.switches.security_links, attached=self.switches.attached
        )

    @classmethod
    def load(cls, path: Path | None, environ: Mapping[str, str]) -> Self:
        """The file at `path` (None: the defaults), the `SLUIS_…` variables of `environ` laid over it.

        Raises ConfigError for the first thing that is wrong, in the order of the file.
        """
        source = read_file(path) if path else Source("defaults")
        known = tuple(keys())
        overlay(source, environ, known)
        try:
            return cls.model_validate(source.values)
        except ValidationError as error:
            raise min(describe(error, source, known), key=ConfigError.rank) from None


def keys(section: type[BaseModel] = Config, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key that holds a value, as its path from the root: `("smtp", "tls", "required")`."""
    for name, info in section.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from keys(info.annotation, (*above, name))
        else:
            yield (*above, name)
