"""Messages written in every transfer encoding and charset that mail comes in.

Written here by hand, since the message under test should owe nothing to the parsers that judge it.
"""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

HTML, XHTML = "text/html", "application/xhtml+xml"
_LINE = 76  # octets of an encoded line (RFC 2045 §6.7, §6.8)
_BOUNDARY = "=_leak"


@dataclass(frozen=True, slots=True)
class Wire:
    """A transfer encoding, a charset and its Python codec, and a greeting that needs the charset."""

    encoding: str
    charset: str
    codec: str
    greeting: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part before it is encoded: its media type, further header fields, and its text."""

    media_type: str
    fields: Mapping[str, str]
    text: str


_CHARSETS = (
    ("utf-8", "utf-8", "Grüße aus Łódź"),
    ("windows-1252", "cp1252", "Grüße für 5 €"),
    ("shift_jis", "shift_jis", "春の便り、表紙"),  # 表 ends in an octet that ASCII has as a backslash
    ("iso-2022-jp", "iso2022_jp", "春の便り"),
    ("utf-16", "utf-16", "Grüße 春"),
    ("utf-7", "utf-7", "Grüße 春"),
)
_HOW = frozenset({"Content-Type", "Content-Transfer-Encoding"})
_SEVEN_BITS = frozenset({"iso-2022-jp", "utf-7"})


def _wires() -> tuple[Wire, ...]:
    wires = []
    for encoding in ("7bit", "8bit", "quoted-printable", "base64"):
        for charset, codec, greeting in _CHARSETS:
            plain = encoding == "7bit" and charset not in _SEVEN_BITS
            if not (plain and charset == "utf-16"):
                wires.append(Wire(encoding, charset, codec, "Greetings" if plain else greeting))
    return tuple(wires)


WIRES = _wires()
"""All of them but UTF-16 in 7bit, which has none of its characters."""
RAW = next(wire for wire in WIRES if (wire.encoding, wire.charset) == ("8bit", "utf-8"))


def message(pieces: Sequence[Piece], fields: Mapping[str, str], container: str, wire: Wire) -> bytes:
    """A message of one part, or of several in a multipart of the subtype `container`."""
    top = {"From": "News <news@shop.example>", "To": "reader@home.example", "Subject": "Spring", **fields}
    top["MIME-Version"] = "1.0"
    if len(pieces) == 1:
        return _entity(pieces[0], top, wire)
    content_type = {"Content-Type": f'multipart/{container}; boundary="{_BOUNDARY}"'}
    parts = b"".join(f"--{_BOUNDARY}\r\n".encode() + _entity(piece, {}, wire) for piece in pieces)
    return _header({**top, **content_type}) + parts + f"--{_BOUNDARY}--\r\n".encode()


def _entity(piece: Piece, fields: Mapping[str, str], wire: Wire) -> bytes:
    """One part; one that says for itself how it is written is written so."""
    wire = wire if _HOW.isdisjoint(piece.fields) else RAW
    own = {
        "Content-Type": f"{piece.media_type}; charset={wire.charset}",
        "Content-Transfer-Encoding": wire.encoding,
    }
    octets = piece.text.encode(wire.codec, "xmlcharrefreplace")
    return _header({**fields, **own, **piece.fields}) + _encoded(octets, wire.encoding) + b"\r\n"


def _header(fields: Mapping[str, str]) -> bytes:
    return "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode() + b"\r\n"


def _encoded(octets: bytes, encoding: str) -> bytes:
    if encoding == "base64":
        text = b64encode(octets)
        return b"\r\n".join(text[start : start + _LINE] for start in range(0, len(text), _LINE))
    return _quoted_printable(octets) if encoding == "quoted-printable" else octets


def _quoted_printable(octets: bytes) -> bytes:
    """RFC 2045 §6.7, with soft line breaks wherever they fall, the middle of an address included."""
    lines = [b""]
    breaks = b"\r\0" not in octets  # of a charset with wide characters, line ends are octets like any other
    for index, octet in enumerate(octets):
        if breaks and octets[index : index + 2] == b"\r\n":
            continue
        if breaks and octet == 10 and octets[index - 1] == 13:
            lines[-1] += b"\r\n"
            lines.append(b"")
            continue
        token = bytes([octet]) if 33 <= octet <= 126 and octet != 61 else b"=%02X" % octet
        if len(lines[-1]) + len(token) >= _LINE:
            lines[-1] += b"=\r\n"
            lines.append(b"")
        lines[-1] += token
    return b"".join(lines)
