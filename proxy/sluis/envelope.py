"""The SMTP envelope as the cleaner may know it: who a message is for, so that an address hidden in a URL is seen."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Envelope:
    """Reverse-path and forward-paths without angle brackets (RFC 5321 §2.3.1); the null sender is ''."""

    sender: str = ""
    recipients: tuple[str, ...] = ()
