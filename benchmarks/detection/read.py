"""The addresses in a mail, numbered, as a browser would come upon them.

This is the judge's eye and may not borrow the accused's: the standard library takes the message apart and html5lib
builds the tree of its HTML; nothing of `sluis` is imported. Only http, https and scheme-less (`//`) addresses count,
those a client fetches on its own (`image`, `background`) and those that a person follows (`link`).
"""

import email
import email.policy
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import Message
from email.utils import getaddresses
from hashlib import sha256
from urllib.parse import SplitResult, parse_qsl, urlsplit
from xml.etree.ElementTree import Element

import html5lib

_WEB = re.compile(r"\s*(?:https?:|//)", re.IGNORECASE)
_PERSON = re.compile(r"\s*(?:mailto|tel):", re.IGNORECASE)
_BLANKS = re.compile(r"[\t\n\r]+|^\s+|\s+$")  # as WHATWG URL §4.4 drops them
_CSS_URL = re.compile(r"url\(\s*['\"]?([^'\")]+)", re.IGNORECASE)
_IMAGES = {"img": ("src", "srcset"), "input": ("src",), "video": ("poster",), "image": ("src", "href")}


@dataclass(frozen=True, slots=True)
class Address:
    """One address: its place among all of the mail, what it is for, and what a person needs to judge it."""

    index: int
    kind: str
    url: str
    element: str
    traits: dict[str, str] = field(hash=False, default_factory=dict)
    text: str = ""
    place: float = 0.0

    @property
    def digest(self) -> str:
        """What stands for the address in a labels file, which must not carry anybody's tokens."""
        return fingerprint(self.url)


def fingerprint(text: str) -> str:
    """The first 48 bits of the SHA-256 of `text`, in hexadecimal."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


def split(url: str) -> SplitResult:
    """The parts of a URL. Brackets, which templates leave in them, are no IPv6 literals here."""
    return urlsplit(url.replace("[", "%5B").replace("]", "%5D"))


def leads(url: str) -> str:
    """A destination as a labels file has it: the address without its query, then each parameter, all hashed."""
    parts = split(url)
    bare = parts._replace(query="", scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path or "/")
    return "+".join(fingerprint(each)[:8] for each in (bare.geturl(), *parameters(url)))


def parameters(url: str) -> list[str]:
    """The parameters of a URL, percent-decoded, in their order."""
    return [f"{name}={value}" for name, value in parse_qsl(split(url).query, keep_blank_values=True)]


def addresses(raw: bytes, *, people: bool = False) -> list[Address]:
    """Every address of the mail's HTML parts, part by part, in the order of the tree.

    With `people` those that a link has of a person too, by mail or telephone, which a redirect may lead to. They are
    not numbered: their index is -1.
    """
    found: list[Address] = []
    count = 0
    for html in documents(raw):
        root = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
        elements = list(root.iter())
        for number, element in enumerate(elements):
            for kind, url in _of(element):
                if (web := _WEB.match(url)) or (people and kind == "link" and _PERSON.match(url)):
                    text = " ".join("".join(element.itertext()).split())[:60] if kind == "link" else ""
                    name = element.tag if isinstance(element.tag, str) else "?"
                    place = number / len(elements)
                    index = count if web else -1
                    found.append(Address(index, kind, _BLANKS.sub("", url), name, element.attrib, text, place))
                    count += bool(web)
    return found


def recipients(raw: bytes) -> tuple[str, ...]:
    """Whom the mail was delivered to, as its header tells what SMTP would have told."""
    header = email.message_from_bytes(raw, policy=email.policy.compat32)
    fields = [str(field) for name in ("Delivered-To", "X-Original-To", "To") for field in header.get_all(name, [])]
    return tuple({address for _, address in getaddresses(fields) if "@" in address})


def documents(raw: bytes) -> Iterator[str]:
    """The HTML parts as text; what a charset cannot tell is replaced."""
    message = email.message_from_bytes(raw, policy=email.policy.compat32)
    for part in message.walk():
        if part.get_content_type() == "text/html":
            yield _decoded(part)


def _decoded(part: Message) -> str:
    octets = part.get_payload(decode=True)
    octets = octets if isinstance(octets, bytes) else b""
    try:
        return octets.decode(part.get_content_charset("utf-8"), "replace")
    except (LookupError, ValueError):
        return octets.decode("windows-1252", "replace")


def _of(element: Element) -> Iterator[tuple[str, str]]:
    tag, traits = element.tag, element.attrib
    if not isinstance(tag, str):
        return
    for name in _IMAGES.get(tag, ()):
        if name == "srcset":
            yield from (("image", word.strip(",")) for word in traits.get(name, "").split())
        elif name in traits:
            yield "image", traits[name]
    if "background" in traits:
        yield "background", traits["background"]
    if tag in {"a", "area"} and "href" in traits:
        yield "link", traits["href"]
    sheet = (element.text or "") if tag == "style" else traits.get("style", "")
    yield from (("background", url) for url in _CSS_URL.findall(sheet))
