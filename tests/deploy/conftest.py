"""The servers of the integration tests: what is deployed is tried on a Prometheus that watched a real run."""

import os

from tests.integration.fixtures import dovecot, gate, postfix, route, scraped

__all__ = ["dovecot", "gate", "postfix", "route", "scraped"]

collect_ignore = [] if "SLUIS_IMAGE" in os.environ else ["test_image.py"]
