"""Which body a transfer encoding makes (RFC 2045 §6)."""

from collections.abc import Callable, Mapping

from sluis.message.base64 import Base64
from sluis.message.body import Body, Encoding
from sluis.message.identity import Identity
from sluis.message.quoted_printable import QuotedPrintable
from sluis.message.uuencode import Uuencode
from sluis.report import Span

_BODIES: Mapping[Encoding, Callable[[bytes, Span], Body]] = {
    Encoding.QUOTED_PRINTABLE: QuotedPrintable,
    Encoding.BASE64: Base64,
    Encoding.UUENCODE: Uuencode,
}


def taken_for(encoding: Encoding) -> tuple[Encoding, ...]:
    """What clients may take an encoding for: uuencode is none of MIME's, so some show its octets as they stand."""
    return (encoding, Encoding.IDENTITY) if encoding is Encoding.UUENCODE else (encoding,)


def decode(raw: bytes, span: Span, encoding: Encoding) -> Body:
    """The octets of `raw[span]` decoded, the way tolerant clients do. Never raises."""
    return _BODIES.get(encoding, Identity)(raw, span)
