"""A list over HTTPS, whole or not at all: bounded in octets and seconds, and not sent again if it has not changed."""

import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException, HTTPMessage, HTTPResponse
from typing import IO
from urllib.parse import urlsplit

from sluis import __version__
from sluis.config.kinds import allowed_origin

LARGEST = 32 << 20
"""Octets of a list; the biggest ones people use have five million."""
PATIENCE = 120.0
"""Seconds for all of a list; a server that says nothing for `SILENCE` is given up earlier."""
SILENCE = 30.0
_PIECE = 1 << 16
_NOT_MODIFIED = 304


class FetchError(Exception):
    """A list that did not come; the message is a few words for the operator."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came: `octets` None where it is still what `etag` names (RFC 9110 §8.8.3); `etag` "" where none is given."""

    octets: bytes | None
    etag: str


def fetch(url: str, etag: str = "", *, largest: int = LARGEST, patience: float = PATIENCE) -> Fetched:
    """The list at `url`, unless it is still the one called `etag`. Raises FetchError."""
    headers = {"User-Agent": f"sluis/{__version__}", "Accept-Encoding": "identity"}
    if etag:
        headers["If-None-Match"] = etag
    ends = time.monotonic() + patience
    try:
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - `_Redirects` and the settings allow HTTPS
        with urllib.request.build_opener(_Redirects).open(request, timeout=min(SILENCE, patience)) as reply:
            return Fetched(_body(reply, largest, ends), reply.headers.get("ETag", ""))
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == _NOT_MODIFIED and etag:
            return Fetched(None, etag)
        raise FetchError(f"the server answered {error.code}") from error
    except urllib.error.URLError as error:
        raise FetchError(str(getattr(error.reason, "strerror", None) or error.reason)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise FetchError(str(error) or type(error).__name__) from error


def _body(reply: HTTPResponse, largest: int, ends: float) -> bytes:
    """All octets of the reply's body; an end that nothing announced is no end."""
    if reply.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise FetchError("the server sent it compressed, unasked")
    length = reply.headers.get("Content-Length", "")
    announced = int(length) if length.isascii() and length.isdigit() and len(length) < 20 else None
    if announced is None and not reply.chunked:
        raise FetchError("the server does not say where it ends")
    if announced is not None and announced > largest:
        raise FetchError(f"is larger than {largest} octets")
    octets = bytearray()
    while len(octets) != announced and (piece := reply.read1(_PIECE)):
        octets += piece
        if len(octets) > largest:
            raise FetchError(f"is larger than {largest} octets")
        if time.monotonic() > ends:
            raise FetchError("took too long")
    if announced is not None and len(octets) != announced:
        raise FetchError(f"ended after {len(octets)} of {announced} octets")
    return bytes(octets)


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to where a list may come from, and never from HTTPS to HTTP."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if not allowed_origin(newurl) or (req.type == "https" and not newurl.startswith("https:")):
            raise FetchError(f"is redirected to {urlsplit(newurl).scheme or 'nowhere'}, which is not HTTPS")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
