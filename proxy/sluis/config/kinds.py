"""The kinds of value a key may hold, each with its unit, its reading and the words that refuse it.

Files are looked at here, so that a missing certificate is said at the start and not at the first client.
"""

import difflib
import os
import re
import ssl
from collections.abc import Collection, Iterator
from ipaddress import IPv6Network, ip_address
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError
from pydantic_core import ErrorDetails

from sluis.config.address import Endpoint, Imap, Lmtp, Maildir, Smtp, Upstream, network, parse_imap, parse_upstream
from sluis.config.source import ConfigError, Source, did_you_mean, dotted
from sluis.policy import POLICIES

_DNS_PORT = 53
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_LIST_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)  # a file's name, and a metric's label
_DOMAIN = re.compile(rf"(?=.{{1,253}}\Z)(?:{_LABEL}\.)*{_LABEL}", re.ASCII)


def _endpoint(value: object) -> Endpoint:
    if isinstance(value, Endpoint):
        return value
    if not isinstance(value, str):
        raise ValueError(f"must be host:port, like 127.0.0.1:2525, not {_shown(value)}")
    return Endpoint.parse(value)


def _place(value: object) -> Endpoint | None:
    return None if value is None else _endpoint(value)


def _resolver(value: object) -> Endpoint:
    if isinstance(value, Endpoint):
        return value
    try:
        endpoint = Endpoint.parse(value if isinstance(value, str) else "", _DNS_PORT)
        ip_address(endpoint.host)
    except ValueError as error:
        raise ValueError(f"must be the address of a DNS server, like 127.0.0.1:53, not {_shown(value)}") from error
    return endpoint


def _upstream(value: object) -> Upstream | None:
    if value is None or isinstance(value, Smtp | Lmtp | Maildir):
        return value
    return parse_upstream(value if isinstance(value, str) else "")


def _imap(value: object) -> Imap | None:
    if value is None or isinstance(value, Imap):
        return value
    return parse_imap(value if isinstance(value, str) else "")


def _readable(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("must be the path of a file")
    path = Path(value)
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK))
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from error
    if path.is_dir():
        raise ValueError(f"{path} is a folder, not a file")
    return path


def _authorities(path: Path) -> Path:
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError as error:
        raise ValueError(f"{path} holds no certificate in PEM form") from error
    return path


def _domain(text: str) -> str:
    domain = text.lower().removesuffix(".")
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"must be a domain in its ASCII form, like example.org, not {text!r}")
    return domain


def _list_name(text: str) -> str:
    if not _LIST_NAME.fullmatch(text):
        raise ValueError(f"must be a name of lower case letters, digits and dashes, like easyprivacy, not {text!r}")
    return text


def _list_url(text: str) -> str:
    if not allowed_origin(text):
        raise ValueError(f"must be an https URL, not {text!r}")
    return text


def allowed_origin(url: str) -> bool:
    """Whether a list may come from `url`: by HTTPS, or by plain HTTP within this machine."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or 80
    except ValueError:
        return False
    inside = parts.scheme == "http" and Endpoint(host, port).loopback
    return bool(host) and url.isascii() and url.isprintable() and " " not in url and (parts.scheme == "https" or inside)


def _path(value: object) -> Path:
    if not isinstance(value, str | Path) or not str(value):
        raise ValueError("must be a path")
    return Path(value)


def _network(value: object) -> IPv6Network:
    if isinstance(value, IPv6Network):
        return value
    try:
        return network(value if isinstance(value, str) else "")
    except ValueError as error:
        raise ValueError(f"must be a network or an address, like 192.0.2.0/24, not {_shown(value)}") from error


def _policy(text: str) -> str:
    if text not in POLICIES:
        raise ValueError(_choice(text, list(POLICIES)))
    return text


def _pattern(text: str) -> str:
    pattern = text.strip().lower()
    if not pattern or any(mark.isspace() for mark in pattern):
        raise ValueError(f"must be a pattern without blanks, like *@example.org, not {text!r}")
    return pattern


def _list_id(text: str) -> str:
    return _pattern(text.strip().removeprefix("<").removesuffix(">"))


Octets = Annotated[int, Field(gt=0)]
Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
CountOrNone = Annotated[int, Field(ge=0)]
EndpointText = Annotated[Endpoint, BeforeValidator(_endpoint)]
PlaceText = Annotated[Endpoint | None, BeforeValidator(_place)]
ResolverText = Annotated[Endpoint, BeforeValidator(_resolver)]
UpstreamText = Annotated[Upstream | None, BeforeValidator(_upstream)]
ImapText = Annotated[Imap | None, BeforeValidator(_imap)]
ReadableFile = Annotated[Path, BeforeValidator(_readable)]
AuthorityFile = Annotated[ReadableFile, AfterValidator(_authorities)]
Domain = Annotated[str, AfterValidator(_domain)]
HostName = Annotated[str, AfterValidator(_domain)]
ListName = Annotated[str, AfterValidator(_list_name)]
ListUrl = Annotated[str, AfterValidator(_list_url)]
AnyPath = Annotated[Path, BeforeValidator(_path)]
Pattern = Annotated[str, AfterValidator(_pattern)]
ListId = Annotated[str, AfterValidator(_list_id)]
NetworkText = Annotated[IPv6Network, BeforeValidator(_network)]
PolicyName = Annotated[str, AfterValidator(_policy)]


def certificate_problem(certificate: Path, key: Path) -> str | None:
    """Why no TLS server can be run with these two PEM files; None if one can."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, password=_refuse_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            return f"{key} is not the key of the certificate {certificate}"
        return f"{certificate} and {key} are no certificate and key in PEM form"
    except PermissionError:
        return f"{key} is locked by a passphrase; sluis starts unattended and needs one without"
    return None


def sealing_key_problem(path: Path) -> str | None:
    """Why nothing can be sealed with this PEM file; None if it can."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey  # noqa: PLC0415 -- of the extra `auth`
    from cryptography.hazmat.primitives.serialization import load_pem_private_key  # noqa: PLC0415

    try:
        key = load_pem_private_key(path.read_bytes(), None)
    except TypeError:
        return f"{path} is locked by a passphrase; sluis starts unattended and needs one without"
    except ValueError:
        return f"{path} holds no private key in PEM form"
    return None if isinstance(key, RSAPrivateKey) else f"{path} is no RSA key, the one kind that seals are made with"


def _refuse_password() -> str:
    raise PermissionError


def describe(error: ValidationError, source: Source, known: Collection[tuple[str, ...]]) -> Iterator[ConfigError]:
    """Each thing that `error` found wrong, said of the place in `source` where it stands."""
    for detail in error.errors(include_url=False):
        key = detail["loc"]
        named = tuple(step for step in key if isinstance(step, str))
        what = "is not a key" + did_you_mean(named, known) if detail["type"] == "extra_forbidden" else _words(detail)
        yield ConfigError(source.place(key), dotted(key), what)


_MUST_BE = {
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "string_type": "text",
    "tuple_type": "a list, like [one, two]",
    "model_type": "a mapping of keys to values",
    "model_attributes_type": "a mapping of keys to values",
}


def _words(detail: ErrorDetails) -> str:
    context: dict[str, Any] = detail.get("ctx", {})
    match detail["type"]:
        case "value_error":
            return str(context["error"])
        case "literal_error":
            return _choice(detail["input"], re.findall(r"'([^']*)'", context["expected"]))
        case "missing":
            return "is missing"
        case "greater_than":
            what = f"more than {context['gt']:g}"
        case kind if kind in _MUST_BE:
            what = _MUST_BE[kind]
        case _:
            return detail["msg"]
    return f"must be {what}, not {_shown(detail['input'])}"


def _choice(value: object, choices: list[str]) -> str:
    near = difflib.get_close_matches(str(value), choices, 1)
    hint = f"; did you mean {near[0]}?" if near else ""
    return f"must be one of {', '.join(choices)}, not {_shown(value)}{hint}"


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case tuple():
            return "a list"
        case _:
            return repr(value)
