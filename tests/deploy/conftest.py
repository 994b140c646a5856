"""The servers of the integration tests: what is deployed is tried on a Prometheus that watched a real run."""

from tests.integration.fixtures import dovecot, gate, postfix, route, scraped

__all__ = ["dovecot", "gate", "postfix", "route", "scraped"]
