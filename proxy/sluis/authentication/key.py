"""Public keys as DNS has them, and whether a signature was made with one (RFC 6376 §3.6.1, RFC 8301, RFC 8463).

RSA of 1,024 to 4,096 bits and Ed25519, over SHA-256: SHA-1 proves nothing any more (RFC 8301 §3.1).
"""

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from sluis.authentication.tags import base64, tags, words

ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
_BITS = range(1024, 4097)


@dataclass(frozen=True, slots=True)
class Key:
    """A public key of a `type` in `ALGORITHMS`. `strict`: only for identities of the very domain (t=s)."""

    type: str
    public: RSAPublicKey | Ed25519PublicKey
    strict: bool

    def signed(self, signature: bytes, digest: bytes) -> bool:
        """Whether `signature` is of the SHA-256 `digest`."""
        try:
            if isinstance(self.public, RSAPublicKey):
                self.public.verify(signature, digest, PKCS1v15(), Prehashed(SHA256()))
            else:
                self.public.verify(signature, digest)
        except InvalidSignature:
            return False
        return True


def key(records: tuple[bytes, ...]) -> Key:
    """The key in the records of a selector. Raises ValueError with a few words on why there is none."""
    for record in records:
        try:
            found = tags(record)
        except ValueError:
            continue
        if "p" in found:
            return _key(found)
    raise ValueError("no key")


def _key(record: dict[str, str]) -> Key:
    if record.get("v", "DKIM1") != "DKIM1" or (next(iter(record)) != "v" and "v" in record):
        raise ValueError("key of another version")
    if not record["p"]:
        raise ValueError("key revoked")
    if "sha256" not in words(record.get("h", "sha256")) or {"*", "email"}.isdisjoint(words(record.get("s", "*"))):
        raise ValueError("key for another use")
    kind = record.get("k", "rsa").lower()
    return Key(kind, _public(kind, base64(record["p"])), strict="s" in words(record.get("t", "")))


def _public(kind: str, octets: bytes) -> RSAPublicKey | Ed25519PublicKey:
    try:
        public = Ed25519PublicKey.from_public_bytes(octets) if kind == "ed25519" else load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ValueError("key malformed") from error
    if kind == "ed25519" and isinstance(public, Ed25519PublicKey):
        return public
    if kind != "rsa" or not isinstance(public, RSAPublicKey):
        raise ValueError("key of another kind")
    if public.key_size not in _BITS:
        raise ValueError("key of too few or too many bits")
    return public
