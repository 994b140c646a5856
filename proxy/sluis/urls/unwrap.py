"""Redirects that carry their destination, undone without asking anybody: where it stands, and how it is written there.

A rule names a place (`take`) and the steps from what stands there to an address. A new decoder is one function here
and its row in `DECODERS`. Whatever does not come out as one complete http or https URL, or as the address of a person,
was no destination.
"""

import json
import re
import zlib
from base64 import b32decode, b64decode, urlsafe_b64decode
from binascii import Error
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import unquote

from sluis.rules.shape import parameters
from sluis.rules.table import Redirector
from sluis.urls.parse import Url, parse

_LONGEST = 65_536  # octets that anything compressed may come to
_COMPLETE = re.compile(r"https?://[^\s/?#\\@]++\S*+\Z", re.IGNORECASE)
# Where a letter or a call begins (RFC 6068, RFC 3966); other schemes than the web's act on their own.
_PERSON = re.compile(r"mailto:[^\s@<>\"]{1,64}@[^\s@<>\"]{3,512}\Z|tel:\+?[0-9().-]{3,32}\Z", re.IGNORECASE | re.ASCII)
_UNSAFE = re.compile(r"[^!#$%&'()*+,\-./0-9:;=?@A-Z\[\]_a-z~]")

Decoder = Callable[[str], str]


def _percent(text: str) -> str:
    return unquote(text, errors="strict")


def _base64(text: str) -> str:
    return base64_octets(text).decode()


def base64_octets(text: str) -> bytes:
    """What base64 of either alphabet says, padded or not (RFC 4648 §§4, 5). Raises `ValueError`."""
    text = text.rstrip("=").replace("-", "+").replace("_", "/")
    return b64decode(text + "=" * (-len(text) % 4), validate=True)


def _base32(text: str) -> str:
    """Base32, padded or not (RFC 4648 §6)."""
    text = text.rstrip("=")
    return b32decode(text + "=" * (-len(text) % 8)).decode()


def _zlib(text: str) -> str:
    return _zlib_octets(text).decode()


def _zlib_octets(text: str) -> bytes:
    return inflated(base64_octets(text), _LONGEST)


def inflated(octets: bytes, most: int, window: int = zlib.MAX_WBITS) -> bytes:
    """A zlib stream unpacked to at most so many octets: a few may come to gigabytes. `window` is as `zlib` has it.

    Raises `ValueError` for one that is unfinished or longer, `zlib.error` for what is none.
    """
    unpacker = zlib.decompressobj(window)
    unpacked = unpacker.decompress(octets, most)
    if not unpacker.eof:
        raise ValueError("unfinished or too long")
    return unpacked


def _jwt(text: str) -> str:
    """The claims of a JSON Web Token (RFC 7519 §3)."""
    return _base64(text.split(".")[1])


def _prefix(text: str) -> str:
    """Bing writes `a1` before the base64."""
    return text.removeprefix("a1")


def _proofpoint_v2(text: str) -> str:
    """`-` for `%` and `_` for `/`."""
    return unquote(text.replace("-", "%").replace("_", "/"), errors="strict")


_V3_RUNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_V3 = re.compile(r"__(.+?)__;([A-Za-z0-9\-_]*+=*+)!", re.DOTALL)


def _proofpoint_v3(text: str) -> str:
    """`__URL__;BASE64!…`: each `*` stands for the next character of the base64 text, `**X` for a run of them."""
    match = _V3.match(text)
    if match is None:
        raise ValueError("no v3 link")
    characters = iter(urlsafe_b64decode(match[2] + "=" * (-len(match[2]) % 4)).decode())

    def fill(star: re.Match[str]) -> str:
        count = 1 if star[0] == "*" else _V3_RUNS.index(star[1]) + 2
        return "".join(next(characters) for _ in range(count))

    try:
        url = re.sub(r"\*(?:\*([A-Za-z0-9\-_]))?", fill, match[1])
    except RuntimeError as ended:  # next() ran out within re.sub
        raise ValueError("too few characters") from ended
    return re.sub(r"^(https?):/+", r"\1://", url, flags=re.IGNORECASE)


def _counted(octets: bytes, start: int, length: int) -> str:
    """The text of `length` octets at `start`."""
    text = octets[start : start + length]
    if len(text) < length:
        raise ValueError("cut short")
    return text.decode()


_SPARKPOST = re.compile(rb"F\x04.{4}\?(?:E\x05.{5})?(?:D(.)|\x84(..))", re.DOTALL)


def _sparkpost(text: str) -> str:
    """base64 of tagged values: the time, at times a number, then `D` and a length octet, or 0x84 and two; the URL."""
    octets = base64_octets(text)
    match = _SPARKPOST.match(octets)
    if match is None:
        raise ValueError("no URL in it")
    return _counted(octets, match.end(), int.from_bytes(match[1] or match[2], "little"))


_EXPONEA = re.compile(rb"(?:\x12 .{32})?\x1a([\x00-\x7f]|[\x80-\xff][\x00-\x7f])", re.DOTALL)


def _exponea(text: str) -> str:
    """A zlib stream of a protocol buffer: at times 32 octets as its second field, then the URL as its third."""
    octets = _zlib_octets(text)
    match = _EXPONEA.match(octets)
    if match is None:
        raise ValueError("no URL in it")
    low, *high = match[1]  # a length to the base of 128
    return _counted(octets, match.end(), (low & 0x7F) + sum(each << 7 for each in high))


_ZETA = re.compile(r"(?:^|/)([VHq])([\w-]++)")


def _zeta(text: str) -> str:
    """Segments that a letter names, in base64: `V` is the URL or `H` a list whose third item it is, `q` its query."""
    named = {letter: _base64(segment) for letter, segment in _ZETA.findall(text)}
    return (named.get("V") or named["H"].split(",", 2)[2]) + named.get("q", "")


def _once(text: str) -> str:
    """Some write the destination twice, with a star between; where the two differ, who knows which it is."""
    first, star, second = text.partition("*http")
    if star and first != "http" + second:
        raise ValueError("two destinations")
    return first


def _scheme(text: str) -> str:
    return text if re.match(r"https?:", text, re.IGNORECASE) else "https://" + text.lstrip("/")


_SCHEME = re.compile(r"https?://", re.IGNORECASE)


def _from_scheme(text: str) -> str:
    """A token may stand right before the address."""
    match = _SCHEME.search(text)
    return text[match.start() :] if match else ""


DECODERS: Mapping[str, Decoder] = MappingProxyType(
    {
        "percent": _percent,
        "base64": _base64,
        "base32": _base32,
        "zlib": _zlib,
        "jwt": _jwt,
        "hex": lambda text: bytes.fromhex(text).decode(),
        "strip-a1": _prefix,
        "proofpoint-v2": _proofpoint_v2,
        "proofpoint-v3": _proofpoint_v3,
        "add-scheme": _scheme,
        "from-scheme": _from_scheme,
        "add-http": lambda text: "http://" + text,
        "protocol-relative": lambda text: "https:" + text if text.startswith("//") else text,
        "strip-tildes": lambda text: text.rstrip("~"),
        "sparkpost": _sparkpost,
        "exponea": _exponea,
        "zeta": _zeta,
        "once": _once,
    }
)


def known(step: str) -> bool:
    """Whether `step` names a decoder; `json:NAME`, `query:NAME` and `item:N` take from an object, a query or a list."""
    return step in DECODERS or step.partition(":")[0] in _FIELDS


def unwrap(url: Url, redirector: Redirector) -> str | None:
    """The destination that `url` carries, as `redirector` has it: an ASCII URL, spelled as it was; None for none."""
    taken = _take(url, redirector)
    if not taken:
        return None
    try:
        for step in redirector.steps:
            kind, _, name = step.partition(":")
            taken = _FIELDS[kind](taken, name) if name else DECODERS[step](taken)
    except (ValueError, LookupError, TypeError, AttributeError, Error, zlib.error, RecursionError):
        return None
    return destination(taken)


def destination(text: str) -> str | None:
    """`text` as a complete http or https URL, percent-encoded where no URL may hold the character, or as it is where it
    is the address of a person, by mail or by telephone; else None."""
    text = text.strip()
    if _PERSON.match(text):
        return text
    if len(text) > _LONGEST or not text.isprintable():
        return None
    encoded = _UNSAFE.sub(lambda match: "".join(f"%{octet:02X}" for octet in match[0].encode()), text)
    url = parse(encoded)
    return encoded if url and _COMPLETE.match(encoded) and "." in url.host.strip(".") else None


def _take(url: Url, redirector: Redirector) -> str:
    place, _, name = redirector.take.partition(".")
    if place == "query":
        return parameters(url.query).get(name, "")
    if place == "path":
        match = redirector.shape.path.match(url.path)
        return (match[name] or "") if match else ""
    if place == "rest":  # what follows the path's pattern, query and fragment included: a URL written out in another
        match = redirector.shape.path.match(url.path)
        behind = url.path[match.end() :] if match else ""
        return behind + ("?" + url.query if url.query else "") + ("#" + url.fragment if url.fragment else "")
    if place == "fragment":
        return url.fragment
    return url.query if _COMPLETE.match(url.query) else unquote(url.query)  # else "whole-query"


def _json(text: str, name: str) -> str:
    said = json.loads(text)
    value = said[int(name)] if isinstance(said, list) else said[name]
    if not isinstance(value, str):
        raise TypeError(name)
    return value


_FIELDS: Mapping[str, Callable[[str, str], str]] = MappingProxyType(
    {
        "json": _json,
        "query": lambda text, name: parameters(text)[name],
        "item": lambda text, number: text.split(";")[int(number)],
    }
)
