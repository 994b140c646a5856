"""Several processes that take mail at the same port, and the one that watches them."""

from sluis.workers.supervisor import Workers, opened

__all__ = ["Workers", "opened"]
