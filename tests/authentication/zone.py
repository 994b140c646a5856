"""A DNS that is a dictionary, and messages signed with keys of the test's own."""

from base64 import b64encode
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, TypeVar

import dkim
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from sluis.authentication.question import Answer, Known, Question, Wanting

T = TypeVar("T")
Zone = Mapping[Question, Answer]

MESSAGE = (
    b"From: Ann <ann@news.example>\r\nTo: <b@reader.example>\r\nSubject:  two  blanks \r\n\tand a fold\r\n"
    b"Date: Thu, 12 Nov 2026 09:30:04 +0100\r\nMessage-ID: <1@news.example>\r\n\r\n"
    b"Dear  reader, \t\r\n\r\n  a\tline \r\n\r\n\r\n"
)


def known(work: Callable[[Known], T], zone: Zone) -> T:
    """What `work` comes to, its questions answered from `zone`; what is not in there has no records."""
    answers: dict[Question, Answer] = {}
    for _ in range(200):
        try:
            return work(answers)
        except Wanting as wanting:
            answers |= {question: zone.get(question, ()) for question in wanting.questions}
    raise AssertionError("asks without end")


@cache
def rsa_key(name: str = "", bits: int = 2048) -> rsa.RSAPrivateKey:
    """The RSA key called `name`."""
    return rsa.generate_private_key(65537, bits)


@cache
def ed25519_key() -> ed25519.Ed25519PrivateKey:
    """An Ed25519 key."""
    return ed25519.Ed25519PrivateKey.generate()


def pem(key: rsa.RSAPrivateKey) -> bytes:
    """A private key as a file holds it."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


def record(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey, more: str = "") -> bytes:
    """The public part of `key` as DNS has it."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        der = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return b"v=DKIM1; k=rsa; " + more.encode() + b"p=" + b64encode(der)
    return b"v=DKIM1; k=ed25519; " + more.encode() + b"p=" + b64encode(public.public_bytes_raw())


def published(domain: str = "news.example", selector: str = "k", more: str = "") -> dict[Question, Answer]:
    """The key that `signed` signs with, in DNS."""
    return {Question(f"{selector}._domainkey.{domain}"): (record(rsa_key(), more),)}


def signed(message: bytes = MESSAGE, domain: str = "news.example", form: str = "relaxed/relaxed", **more: Any) -> bytes:
    """`message` with a signature of `domain` on top, made by dkimpy."""
    forms = tuple(part.encode() for part in form.split("/"))
    field: bytes = dkim.sign(message, b"k", domain.encode(), pem(rsa_key()), canonicalize=forms, **more)
    return field + message
