"""DNS, asked by dnspython from the event loop, so that whoever waits for an answer holds up nobody else.

What came is remembered as long as its owner says, up to a number of answers. What is no name has no records. How long
to wait is for whoever asks: a question is put again and again until he cancels it.
"""

from collections.abc import Sequence
from math import inf

from dns.asyncresolver import Resolver as AsyncResolver
from dns.exception import DNSException
from dns.name import Name, from_text
from dns.nameserver import Do53Nameserver
from dns.rdata import Rdata
from dns.rdtypes.IN.A import A
from dns.rdtypes.IN.AAAA import AAAA
from dns.rdtypes.mxbase import MXBase
from dns.rdtypes.nsbase import NSBase
from dns.rdtypes.txtbase import TXTBase
from dns.resolver import NXDOMAIN, LRUCache, NoResolverConfiguration

from sluis.authentication.question import Answer, Question
from sluis.config import Endpoint

_REMEMBERED = 1_000  # answers, each of 64 KiB at most


class Resolver:
    """Asks `servers`, one after the other; without any, those that this machine uses. Raises OSError if it has none."""

    def __init__(self, servers: Sequence[Endpoint] = ()) -> None:
        try:
            self._resolver = AsyncResolver(configure=not servers)
        except NoResolverConfiguration as error:
            raise OSError("this machine names no DNS server") from error
        if servers:
            self._resolver.nameservers = [Do53Nameserver(server.host, server.port) for server in servers]
        self._resolver.cache = LRUCache(_REMEMBERED)

    async def __call__(self, question: Question) -> Answer:
        """The answer; None where there is none to be had."""
        name = _name(question.name)
        if name is None:
            return ()
        try:
            answer = await self._resolver.resolve(name, question.kind, raise_on_no_answer=False, lifetime=inf)
        except NXDOMAIN:
            return ()
        except (DNSException, OSError):
            return None
        return tuple(map(_octets, answer.rrset or ()))


def _name(text: str) -> Name | None:
    try:
        return from_text(text)
    except (DNSException, UnicodeError):
        return None


def _octets(record: Rdata) -> bytes:
    """A record's text, address or host; nothing of another kind."""
    match record:
        case TXTBase(strings=strings):
            return b"".join(strings)
        case MXBase(exchange=host) | NSBase(target=host):
            return host.to_text(omit_final_dot=True).encode()
        case A(address=address) | AAAA(address=address):
            return str(address).encode()
    return b""
