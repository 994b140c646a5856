"""What a judge is made of: the operator's section, this machine's DNS, the key to seal with."""

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from sluis.authentication.arc import Sealer
from sluis.authentication.judge import Judge
from sluis.authentication.resolver import Resolver
from sluis.config import ArcSection, AuthenticationSection
from sluis.edge import GateError
from sluis.metrics import Metrics


def opened(section: AuthenticationSection, name: str, metrics: Metrics, edge: str) -> Judge:
    """The judge for a gate, in the name of `name`. Raises GateError."""
    try:
        resolver = Resolver(section.resolvers)
    except OSError as error:
        raise GateError(f"authentication.resolvers: must name a server, since {error}") from error
    return Judge(name, section.budget, resolver, metrics, edge, _sealer(section.arc))


def _sealer(section: ArcSection) -> Sealer | None:
    """By whom is sealed; None where the section names no key. That it is one was seen when the section was read."""
    if not section.key or not section.domain or not section.selector:
        return None
    key = load_pem_private_key(section.key.read_bytes(), None)
    return Sealer(section.domain, section.selector, key) if isinstance(key, RSAPrivateKey) else None
