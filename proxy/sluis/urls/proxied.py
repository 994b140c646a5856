"""The first address of an image that a webmail has put behind its own proxy, as mail forwarded from there has it.

Google keeps the address in the fragment, Yahoo in a parameter. The proxy asks the sender's server on the reader's
behalf, so a beacon behind it is a beacon still.
"""

from sluis.rules.shape import parameters
from sluis.urls.parse import Url, parse


def proxied(url: Url) -> Url | None:
    """The address behind `url`; None if it is no such proxy's, or does not say."""
    if url.host.endswith(".googleusercontent.com"):
        return parse(url.fragment) if url.fragment else None
    if url.host.endswith(".yusercontent.com"):
        return parse(parameters(url.query).get("url", ""))
    return None
