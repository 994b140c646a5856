"""How many clients may be connected, in all and from one address: a count, and no memory of who was here.

An IPv6 client commands a /64 at least, so that is what counts as one address there.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from ipaddress import IPv6Address, ip_address


class Full(StrEnum):
    """Why a client is turned away; the values are those of the metric."""

    IN_ALL = "connections"
    FOR_ADDRESS = "connections-per-address"


class Admission:
    """The clients that are in."""

    def __init__(self, total: int, each: int) -> None:
        self._total = total
        self._each = each
        self._inside: Counter[str] = Counter()
        self._count = 0

    @contextmanager
    def admit(self, address: str) -> Iterator[Full | None]:
        """Let a client in while the context lasts, or say why not."""
        network = network_of(address)
        if full := self._full(network):
            yield full
            return
        self._count += 1
        self._inside[network] += 1
        try:
            yield None
        finally:
            self._count -= 1
            self._inside[network] -= 1
            if not self._inside[network]:
                del self._inside[network]

    def _full(self, network: str) -> Full | None:
        if self._count >= self._total:
            return Full.IN_ALL
        return Full.FOR_ADDRESS if self._inside[network] >= self._each else None


def network_of(address: str) -> str:
    """What counts as one address."""
    try:
        ip = ip_address(address)
    except ValueError:
        return address
    if isinstance(ip, IPv6Address):
        return str(ip.ipv4_mapped or IPv6Address(int(ip) >> 64 << 64))
    return str(ip)
