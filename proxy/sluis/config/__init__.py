"""The operator's choices, read once at the start: a YAML file and `SLUIS_…` variables as one frozen tree.

    file, variables → `source` (values, and where each was written) → `tree` (what may be said) → `Config`

Whatever is wrong is said in one line that names the file, the line and the key, since the person who reads it is about
to fix it there. Nothing here opens a port or cleans a mail.
"""

from sluis.config.address import Endpoint, Imap, Lmtp, Maildir, Smtp, Upstream
from sluis.config.source import ConfigError
from sluis.config.tree import (
    ArcSection,
    AuthenticationSection,
    CleaningSection,
    Config,
    ImapSection,
    ImapTlsSection,
    ImapUpstreamTlsSection,
    ListSection,
    LogSection,
    MilterSection,
    PolicySection,
    SmtpSection,
    SwitchesSection,
    TlsSection,
    UpstreamTimeoutSection,
    UpstreamTlsSection,
    WebSection,
)

__all__ = [
    "ArcSection",
    "AuthenticationSection",
    "CleaningSection",
    "Config",
    "ConfigError",
    "Endpoint",
    "Imap",
    "ImapSection",
    "ImapTlsSection",
    "ImapUpstreamTlsSection",
    "ListSection",
    "Lmtp",
    "LogSection",
    "Maildir",
    "MilterSection",
    "PolicySection",
    "Smtp",
    "SmtpSection",
    "SwitchesSection",
    "TlsSection",
    "Upstream",
    "UpstreamTimeoutSection",
    "UpstreamTlsSection",
    "WebSection",
]
