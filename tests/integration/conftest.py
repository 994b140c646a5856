"""The servers, for every test of this folder."""

from tests.integration.fixtures import dovecot, gate, postfix, route

__all__ = ["dovecot", "gate", "postfix", "route"]
