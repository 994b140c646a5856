"""Nobody is named in a gate's log: held for every gate that a test has run, whatever the test was about."""

import json
from pathlib import Path

from sluis.log import KEYS

# What stands in mail of the tests and nowhere else: readers, words of subjects and bodies, tokens of addresses.
_SECRETS = ("sanne", "teun", "reader.example", "quay", "morning", "upn=", "ct.sendgrid", "x-mark")
_OPERATORS = frozenset({"listen", "upstream", "path", "config"})


def unnamed(log: Path) -> None:
    """Assert that no line of `log` names a reader, a message or an address in one, not even in a key or by half."""
    for line in log.read_text(errors="replace").splitlines() if log.is_file() else ():
        said = _said(line).lower()
        assert "@" not in said, line
        assert "://" not in said, line
        assert not [secret for secret in _SECRETS if secret in said], line


def _said(line: str) -> str:
    """What a line says beside the operator's own words; all of one that is none of ours."""
    try:
        fields = json.loads(line)
    except json.JSONDecodeError:  # torn by a SIGKILL, or not by our log
        return line
    assert fields.keys() <= KEYS, line
    return " ".join(str(value) for key, value in fields.items() if key not in _OPERATORS)
