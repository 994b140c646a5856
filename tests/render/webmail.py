"""A message as a mail client would show it: its HTML part as a page, its inline images at addresses of their own.

The standard library's parser takes the message apart, not Sluis's: what is tested here may not also be the judge.
"""

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import EmailMessage, MIMEPart
from urllib.parse import quote

from tests.render.browser import View, render
from tests.render.sink import Resource, Sink

ORIGIN = "http://message.invalid"
"""Plain HTTP, since Chromium rewrites the http: images of an https: page."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What opening a message did: the URLs fetched from elsewhere, every host spoken to, and the picture (PNG)."""

    urls: frozenset[str]
    hosts: frozenset[str]
    picture: bytes


def open_message(
    raw: bytes, sink: Sink, view: View | None = None, remote: Mapping[str, Resource] | None = None
) -> Seen:
    """Show the message in Chromium, remote content allowed, and tell what left the machine.

    `remote` is what the world serves by URL; every other request gets an empty answer.
    """
    sink.forget()
    sink.resources.update(page(raw) | dict(remote or {}))
    picture = render(f"{ORIGIN}/", sink, view)
    urls = frozenset(url for url in sink.urls if not url.startswith(f"{ORIGIN}/"))
    hosts = frozenset(sink.tls_names) | {url.split("/")[2] for url in urls}
    return Seen(urls, hosts, picture)


def page(raw: bytes, at: str = ORIGIN) -> dict[str, Resource]:
    """What a webmail serves for the message, by URL: its HTML part at `at`, its inline images (RFC 2392) below."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    body = message.get_body(("html", "plain")) or _xhtml(message)
    assert body is not None
    octets = _octets(body)
    parts = {}
    for part in message.walk():
        content_id = str(part.get("Content-ID", "")).strip("<> ")
        if content_id:
            address = f"{at}/cid/{quote(content_id)}"
            octets = octets.replace(f"cid:{content_id}".encode(), address.encode())
            parts[address] = Resource(part.get_content_type(), _octets(part))
    charset = body.get_content_charset("us-ascii")
    parts[f"{at}/"] = Resource(f"{body.get_content_type()}; charset={charset}", octets)
    return parts


def _xhtml(message: EmailMessage) -> MIMEPart | None:
    """The document of a mail that has it as XML alone, which the library takes for an attachment."""
    return next((part for part in message.walk() if part.get_content_type() == "application/xhtml+xml"), None)


def _octets(part: MIMEPart) -> bytes:
    octets = part.get_payload(decode=True)
    assert isinstance(octets, bytes)
    return octets
