"""What opening a gate takes, and may fail at: its certificate, and the work that it and its processes do."""

import ssl
from collections.abc import Callable
from pathlib import Path

from sluis.choice import Choice
from sluis.config import ImapTlsSection, TlsSection
from sluis.edge.pool import Work
from sluis.envelope import Envelope
from sluis.policy import Policy
from sluis.report import Cleaned
from sluis.rules.load import Kept, load
from sluis.rules.table import Rules

Clean = Callable[[bytes, Policy, Rules, Envelope | None], Cleaned]


class GateError(Exception):
    """The gate cannot open; the message is one line for the operator."""


def server_context(key: str, tls: TlsSection | ImapTlsSection) -> ssl.SSLContext | None:
    """TLS as a server, of 1.2 at least; None where the section at `key` names no certificate. Raises GateError."""
    if not tls.certificate or not tls.key:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    certify(context, key, tls)
    return context


def certify(context: ssl.SSLContext, key: str, tls: TlsSection | ImapTlsSection) -> None:
    """Have `context` show the certificate of `tls` from its next connection on. Raises GateError."""
    if not tls.certificate:
        return
    try:
        context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        raise GateError(f"{key}.certificate: {tls.certificate} and its key cannot be used") from error


def bound(clean: Clean, choice: Choice, rules: Rules) -> Work:
    """`clean` by these rules, and by the policy that `choice` has for each message."""

    def work(raw: bytes, envelope: Envelope) -> Cleaned:
        return clean(raw, choice.of(raw, envelope), rules, envelope)

    return work


def prepared(clean: Clean, choice: Choice, files: tuple[Path, ...], lists: tuple[Kept, ...]) -> Work:
    """What a process of the pool does first: rules hold compiled patterns, and are read there anew."""
    return bound(clean, choice, load(files, lists))
