"""Whole messages, made up: MIME trees in many transfer encodings and charsets, and broken in the usual ways."""

import quopri
from base64 import encodebytes

from hypothesis import strategies as st

CHARSETS = ("utf-8", "iso-8859-1", "windows-1252", "shift_jis", "gbk", "utf-16", "utf-16-le", "utf-7", "iso-2022-jp")
ENCODINGS = ("7bit", "8bit", "quoted-printable", "base64", "x-unknown")
TYPES = (
    *("text/html", "text/html", "text/html", "text/plain", "text/plain; format=flowed", "text/calendar", "text/vcard"),
    *("text/plain; format=flowed; delsp=yes", "text/x-amp-html", "application/octet-stream; name=x.svg"),
    'message/external-body; access-type=URL; url="https://t.example/a"',
)
BREAKAGES = (b"--b--", b"--b", b"Content-Type: text/html\n", b"\r", b"=", b"\n\n", b"\xff\xfe")


def encode(octets: bytes, encoding: str) -> bytes:
    """`octets` in a transfer encoding, with LF line ends."""
    if encoding == "quoted-printable":
        return quopri.encodestring(octets)
    return encodebytes(octets) if encoding == "base64" else octets


@st.composite
def parts(draw: st.DrawFn, html: st.SearchStrategy[str]) -> bytes:
    """One part with its header, of HTML or of another type that is read."""
    charset, encoding = draw(st.sampled_from(CHARSETS)), draw(st.sampled_from(ENCODINGS))
    octets = draw(html).encode(charset, "xmlcharrefreplace")
    kind = draw(st.sampled_from(TYPES))
    header = f"Content-Type: {kind}; charset={charset}\nContent-Transfer-Encoding: {encoding}\nContent-ID: <a>\n\n"
    return header.encode() + encode(octets, encoding)


@st.composite
def messages(draw: st.DrawFn, html: st.SearchStrategy[str]) -> bytes:
    """A message of such parts: alone, in a multipart, attached, with any line ends, sometimes cut or torn."""
    found = draw(st.lists(parts(html), min_size=1, max_size=3))
    if len(found) == 1 and draw(st.booleans()):
        raw = found[0]
    else:
        joined = b"".join(b"--b\n" + part + b"\n" for part in found)
        raw = b"Content-Type: multipart/mixed; boundary=b\n\npreamble\n" + joined + b"--b--\n"
    if draw(st.booleans()):
        raw = b"From: a@b.example\nSubject: x\n y\n" + raw
    if draw(st.booleans()):
        raw = raw.replace(b"\n", b"\r\n")
    for _ in range(draw(st.integers(0, 2))):
        at = draw(st.integers(0, len(raw)))
        raw = raw[:at] + draw(st.sampled_from(BREAKAGES)) + raw[at + draw(st.integers(0, 4)) :]
    return raw
