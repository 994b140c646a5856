"""The servers, for every test of this folder."""

from tests.integration.fixtures import dovecot, gate, path, postfix

__all__ = ["dovecot", "gate", "path", "postfix"]
