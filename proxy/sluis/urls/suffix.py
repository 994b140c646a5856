"""Whose host it is: the registrable domain, by the Public Suffix List as installed (never fetched)."""

from functools import cache, lru_cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=4096)
def site(host: str) -> str:
    """The registrable domain of `host` ('mail.shop.co.uk' → 'shop.co.uk'), or `host` itself where it has none."""
    if host.rpartition(".")[2].isdigit():  # an IPv4 address (WHATWG URL §3.5), which is nobody's subdomain
        return host
    return str(_suffixes().privatesuffix(host.lower()) or host)
