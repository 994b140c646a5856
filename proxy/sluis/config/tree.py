"""Every key an operator may set, with its type, its unit and its default: one frozen tree.

`config/sluis.yaml` says the same for people, and a test holds the two together.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, ValidationInfo, field_validator, model_validator

from sluis import loop
from sluis.choice import Choice, Row
from sluis.config.address import Endpoint, Lmtp, Maildir, Smtp
from sluis.config.kinds import (
    AnyPath,
    AuthorityFile,
    Count,
    CountOrNone,
    Domain,
    EndpointText,
    HostName,
    ImapText,
    ListId,
    ListName,
    ListUrl,
    NetworkText,
    Octets,
    Pattern,
    PlaceText,
    PolicyName,
    ReadableFile,
    ResolverText,
    Seconds,
    UpstreamText,
    certificate_problem,
    describe,
    sealing_key_problem,
)
from sluis.config.source import ConfigError, Source, overlay, read_file
from sluis.policy import POLICIES, Policy, strictest
from sluis.rules.load import Format, Kept

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


class ArcSection(_Section):
    """By whom messages are sealed (RFC 8617): the public part of `key` (PEM) stands at `selector` of `domain`."""

    domain: Domain | None = None
    selector: Domain | None = None
    key: ReadableFile | None = None

    @field_validator("key")
    @classmethod
    def _whole(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        named = [key, *(info.data.get(name, key) for name in ("domain", "selector"))]
        if None in named and any(named):
            raise ValueError("and authentication.arc.domain and .selector go together: set all or none")
        return key


class AuthenticationSection(_Section):
    """Whose word is taken on who sent a message: `trust` are names of servers in Authentication-Results (RFC 8601).

    With an `authserv_id` it is judged here too, by the DNS of `resolvers` (none: this machine's) within `budget`.
    """

    trust: tuple[Domain, ...] = ()
    authserv_id: Domain | None = None
    budget: Seconds = 5
    resolvers: tuple[ResolverText, ...] = ()
    arc: ArcSection = ArcSection()

    @field_validator("authserv_id")
    @classmethod
    def _can_judge(cls, name: str | None) -> str | None:
        if name is not None and not all(map(find_spec, ("cryptography", "dns", "spf"))):
            raise ValueError("needs what is not installed: pip install 'sluis[auth]'")
        return name

    @field_validator("arc")
    @classmethod
    def _has_findings(cls, arc: ArcSection, info: ValidationInfo) -> ArcSection:
        if arc.key and info.data.get("authserv_id", "") is None:
            raise ValueError("needs authentication.authserv_id, since what is sealed is what was found here")
        if arc.key and info.data.get("authserv_id") and (problem := sealing_key_problem(arc.key)):
            raise ValueError(f"key {problem}")
        return arc


class PolicySection(_Section):
    """A row of `policies`: which messages, by patterns that must all fit, and the policy for them."""

    recipient: Pattern | None = None
    sender: Pattern | None = None
    list: ListId | None = None
    policy: PolicyName

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if self.recipient is self.sender is self.list is None:
            raise ValueError("must name a recipient, a sender or a list; for all mail there is policy")
        return self

    @property
    def claimed(self) -> bool:
        """Whether it rests on what the sender says."""
        return self.sender is not None or self.list is not None


class ListSection(_Section):
    """Other people's list: where it comes from, a URL or a path, and how it is written."""

    name: ListName
    format: Format
    url: ListUrl | None = None
    path: AnyPath | None = None

    @model_validator(mode="after")
    def _comes_from_one_place(self) -> Self:
        if (self.url is None) == (self.path is None):
            raise ValueError("must have a url or a path, and not both")
        return self


class TlsSection(_Section):
    """STARTTLS for those who send to us; PEM files."""

    certificate: ReadableFile | None = None
    key: ReadableFile | None = None
    required: bool = False

    @field_validator("key")
    @classmethod
    def _pair(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        return _paired(key, info, "smtp.tls.certificate")

    @field_validator("required")
    @classmethod
    def _has_certificate(cls, required: bool, info: ValidationInfo) -> bool:
        if required and info.data.get("certificate", "") is None:
            raise ValueError("needs smtp.tls.certificate and smtp.tls.key")
        return required


def _paired(key: Path | None, info: ValidationInfo, name: str) -> Path | None:
    """The `key`, if a TLS server can be run with it and the certificate beside it, which is called `name`."""
    certificate = info.data.get("certificate", key)
    if (key is None) != (certificate is None):
        raise ValueError(f"and {name} go together: set both or neither")
    if key and certificate and (problem := certificate_problem(certificate, key)):
        raise ValueError(problem)
    return key


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
    upstream_identity: Literal["none", "xclient", "proxy"] = "none"
    upstream_ready: CountOrNone = 5
    auth: Literal["off", "offered", "required"] = "off"
    accept_domains: tuple[Domain, ...] = ()
    xclient_from: tuple[NetworkText, ...] = ()
    proxy_from: tuple[NetworkText, ...] = ()
    message_size_limit: Octets = 52_428_800
    memory_limit: Octets = 536_870_912
    max_connections: Count = 1000
    max_connections_per_address: Count = 50
    max_recipients: Count = 1000
    command_timeout: Seconds = 300
    data_timeout: Seconds = 600
    data_rate: Octets = 256
    session_timeout: Seconds = 3600
    tls: TlsSection = TlsSection()
    upstream_tls: UpstreamTlsSection = UpstreamTlsSection()
    upstream_timeout: UpstreamTimeoutSection = UpstreamTimeoutSection()
    received: bool = True
    trace: bool = True

    @field_validator("memory_limit")
    @classmethod
    def _holds_a_message(cls, limit: int, info: ValidationInfo) -> int:
        return _roomy(limit, info, "smtp")

    @field_validator("accept_domains")
    @classmethod
    def _no_open_relay(cls, domains: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        match info.data:
            case {
                "listen": Endpoint(loopback=False),
                "upstream": Smtp() | Lmtp(),
                "trust": False,
                "upstream_identity": "none",
                "auth": "off" | "offered",
            } if not domains:
                raise ValueError(
                    "must name the domains that mail is taken for, since smtp.listen is open to others and the mail "
                    "server behind sees sluis as the client (or tell it who is: smtp.upstream_identity; or say "
                    "smtp.trust: true)"
                )
        return domains

    @field_validator("tls")
    @classmethod
    def _hides_logins(cls, tls: TlsSection, info: ValidationInfo) -> TlsSection:
        match info.data:
            case {"auth": "offered" | "required", "listen": Endpoint(loopback=False)} if not tls.certificate:
                raise ValueError("needs a certificate, since smtp.auth has clients elsewhere log in")
        return tls

    @field_validator("upstream_tls")
    @classmethod
    def _passes_logins_on_hidden(cls, tls: UpstreamTlsSection, info: ValidationInfo) -> UpstreamTlsSection:
        match info.data:
            case {"auth": "offered" | "required", "upstream": Smtp(Endpoint(loopback=False))} if tls.mode != "required":
                raise ValueError("mode must be required, since smtp.auth passes logins on to another machine")
            case {"auth": "offered" | "required", "upstream": upstream} if not isinstance(upstream, Smtp):
                raise ValueError("smtp.auth needs an smtp:// server behind that clients can log in to")
        return tls


def _roomy(limit: int, info: ValidationInfo, section: str) -> int:
    """The `limit` for messages under way in `section`, if it is not too near the one for each."""
    if limit < 2 * info.data.get("message_size_limit", 0):
        raise ValueError(
            f"must be at least twice {section}.message_size_limit, or the largest message may never come in"
        )
    return limit


class ImapTlsSection(_Section):
    """TLS for those who read through us; PEM files. `plaintext` lets passwords come in the clear from elsewhere."""

    certificate: ReadableFile | None = None
    key: ReadableFile | None = None
    mode: Literal["off", "starttls", "implicit"] = "off"
    plaintext: bool = False

    @field_validator("key")
    @classmethod
    def _pair(cls, key: Path | None, info: ValidationInfo) -> Path | None:
        return _paired(key, info, "imap.tls.certificate")

    @field_validator("mode")
    @classmethod
    def _has_certificate(cls, mode: str, info: ValidationInfo) -> str:
        if mode != "off" and info.data.get("certificate", "") is None:
            raise ValueError("needs imap.tls.certificate and imap.tls.key")
        return mode


class ImapUpstreamTlsSection(_Section):
    """STARTTLS towards the server of an imap:// URL, and the certificate of any; `ca` is a PEM file."""

    mode: Literal["off", "required"] = "required"
    verify: bool = True
    ca: AuthorityFile | None = None


class ImapSection(_Section):
    """Where mail is read: who may connect, and the server behind; without one there is no such gate."""

    listen: EndpointText = Endpoint("127.0.0.1", 1143)
    upstream: ImapText = None
    message_size_limit: Octets = 52_428_800
    memory_limit: Octets = 268_435_456
    cache_octets: Octets = 16_777_216
    results_octets: Octets = 33_554_432
    max_connections: Count = 1000
    max_connections_per_address: Count = 50
    connect_timeout: Seconds = 30
    login_timeout: Seconds = 120
    idle_timeout: Seconds = 1860
    stall_timeout: Seconds = 300
    tls: ImapTlsSection = ImapTlsSection()
    upstream_tls: ImapUpstreamTlsSection = ImapUpstreamTlsSection()

    @field_validator("tls")
    @classmethod
    def _no_open_passwords(cls, tls: ImapTlsSection, info: ValidationInfo) -> ImapTlsSection:
        match info.data:
            case {"listen": Endpoint(loopback=False)} if tls.mode == "off" and not tls.plaintext:
                raise ValueError(
                    "must have mode starttls or implicit, since imap.listen is open to others and passwords come "
                    "through it (or say imap.tls.plaintext: true)"
                )
        return tls


class MilterSection(_Section):
    """Where mail servers show messages to have them changed; without `listen` there is no such gate."""

    listen: PlaceText = None
    message_size_limit: Octets = 52_428_800
    memory_limit: Octets = 536_870_912
    max_connections: Count = 1000
    idle_timeout: Seconds = 7210
    message_timeout: Seconds = 300
    trace: bool = True

    @field_validator("memory_limit")
    @classmethod
    def _holds_a_message(cls, limit: int, info: ValidationInfo) -> int:
        return _roomy(limit, info, "milter")


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
    authentication: AuthenticationSection = AuthenticationSection()
    policies: tuple[PolicySection, ...] = ()
    switches: SwitchesSection = SwitchesSection()
    fail: Literal["open", "closed"] = "open"
    rules: tuple[ReadableFile, ...] = ()
    lists: tuple[ListSection, ...] = ()
    state: AnyPath = Path("./state")
    smtp: SmtpSection = SmtpSection()
    imap: ImapSection = ImapSection()
    milter: MilterSection = MilterSection()
    cleaning: CleaningSection = CleaningSection()
    web: WebSection = WebSection()
    log: LogSection = LogSection()
    workers: Count = 1
    event_loop: loop.Kind = "auto"

    @field_validator("policies")
    @classmethod
    def _can_hold(cls, rows: tuple[PolicySection, ...], info: ValidationInfo) -> tuple[PolicySection, ...]:
        match info.data:
            case {"policy": name, "authentication": AuthenticationSection(trust=(), authserv_id=None)}:
                for row in rows:
                    if row.claimed and strictest((POLICIES[name], POLICIES[row.policy])).name != row.policy:
                        raise ValueError(
                            f"{row.policy} is weaker than {name}, which a sender or a list gets only if a server in "
                            "authentication.trust has found that the message is theirs; name one there, or set "
                            "authentication.authserv_id"
                        )
        return rows

    @field_validator("workers")
    @classmethod
    def _each_holds_a_message(cls, workers: int, info: ValidationInfo) -> int:
        match info.data:
            case {"smtp": SmtpSection() as smtp, "milter": MilterSection() as milter}:
                limits = {"smtp": smtp if smtp.upstream else None, "milter": milter if milter.listen else None}
                for name, each in limits.items():
                    if each and each.memory_limit < 2 * workers * each.message_size_limit:
                        raise ValueError(
                            f"{workers} need a {name}.memory_limit of twice {name}.message_size_limit each, or the "
                            "largest message may never come in"
                        )
        return workers

    @field_validator("event_loop")
    @classmethod
    def _is_installed(cls, kind: loop.Kind) -> loop.Kind:
        if kind == "uvloop" and not loop.installed():
            raise ValueError("needs what is not installed: pip install 'sluis[uvloop]'")
        return kind

    @field_validator("lists")
    @classmethod
    def _names_differ(cls, lists: tuple[ListSection, ...]) -> tuple[ListSection, ...]:
        names = [each.name for each in lists]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"must have names that differ, not {twice[0]} twice")
        return lists

    @property
    def kept(self) -> tuple[Kept, ...]:
        """The lists as they are kept, in the order of the file."""
        endings = {"adblock": "txt", "clearurls": "json"}
        folder = self.state / "lists"
        return tuple(
            Kept(each.name, each.format, folder / f"{each.name}.{endings[each.format]}") for each in self.lists
        )

    @property
    def effective_policy(self) -> Policy:
        """The named policy with the switches laid over it."""
        return self._switched(self.policy)

    @property
    def choice(self) -> Choice:
        """The policies and whom they are for, the switches laid over each."""
        rows = (Row(self._switched(row.policy), row.recipient, row.sender, row.list) for row in self.policies)
        return Choice(self.effective_policy, tuple(rows), frozenset(self.authentication.trust))

    def _switched(self, name: str) -> Policy:
        switches = self.switches
        return replace(POLICIES[name], security_links=switches.security_links, attached=switches.attached)

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
            raise min(describe(error, source, (*known, *_row_keys())), key=ConfigError.rank) from None


def keys(section: type[BaseModel] = Config, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every key that holds a value, as its path from the root: `("smtp", "tls", "required")`."""
    for name, info in section.model_fields.items():
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            yield from keys(info.annotation, (*above, name))
        else:
            yield (*above, name)


def _row_keys() -> Iterator[tuple[str, ...]]:
    """The keys of those lists whose items are mappings, without the index: `("policies", "sender")`."""
    for name, info in Config.model_fields.items():
        for item in get_args(info.annotation):
            if isinstance(item, type) and issubclass(item, BaseModel):
                yield from keys(item, (name,))
