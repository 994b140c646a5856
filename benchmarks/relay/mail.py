"""The messages that are sent: a tracked letter, a newsletter with as much in it as most have or far more, and a file.

Of 153 marketing mails with 30 to 150 kB of HTML half have at most 4 findings in 60 kB and nine of ten at most 22. The
bundled sample has about as many, so the newsletter is that with rows of text; the dense one repeats its stories.
"""

from base64 import encodebytes
from pathlib import Path
from random import Random

_SAMPLES = Path(__file__).parents[2] / "proxy" / "sluis" / "samples"
_LETTER = """\
From: Kade Books <letters@kadebooks.example>
To: b@lezer.example
Subject: Your order is on its way
Message-ID: <1@kadebooks.example>
MIME-Version: 1.0
Content-Type: text/html; charset=utf-8

<html><body>
<p>Follow it <a href="https://click.kadebooks.example/r?url=https%3A%2F%2Fkadebooks.example%2Forder&utm_source=m">here</a>.
{lines}
<img src="https://t.kadebooks.example/open.gif?u=3c1f72" width="1" height="1" alt="">
</body></html>
"""
_LINE = "<p>The parcel left the house on the quay this morning and is with you before Friday.</p>\n"
_ROW = b"""\
<table width=3D"100%" cellpadding=3D"0" cellspacing=3D"0" border=3D"0"><tr><td align=3D"left" style=3D"padding:8px =
24px;font-family:Georgia,'Times New Roman',serif;font-size:15px;line-height:22px;color:#2b2a27;">The house on the=
 quay has stood there since 1781, and no two of its windows are of one size.</td></tr></table>
"""


def letter(octets: int) -> bytes:
    """A short one of about that many octets, with a pixel and a redirect."""
    return _LETTER.format(lines=_LINE * ((octets - len(_LETTER)) // len(_LINE))).encode()


def newsletter(octets: int, *, dense: bool = False) -> bytes:
    """A tracked newsletter of about that many octets, `dense` if each of its rows of stories is tracked anew."""
    raw = (_SAMPLES / "newsletter.eml").read_bytes().replace(b"\r\n", b"\n")
    end = raw.rindex(b"</body>")
    begin = raw.index(b"<body")
    row = raw[raw.index(b">", begin) + 1 : end] if dense else _ROW
    return raw[:end] + row * max(0, round((octets - len(raw)) / len(row))) + raw[end:]


def with_file(message: bytes, octets: int) -> bytes:
    """`message` with a file attached that makes it about that many octets."""
    header, _, body = message.partition(b"\n\n")
    begin = header.index(b"\nContent-Type:") + 1
    file = encodebytes(Random(1).randbytes((octets - len(message)) * 57 // 77))
    first = b"--parts\n" + header[begin:] + b"\n\n" + body
    second = b"--parts\nContent-Type: application/pdf\nContent-Transfer-Encoding: base64\n\n" + file
    return header[:begin] + b'Content-Type: multipart/mixed; boundary="parts"\n\n' + first + second + b"--parts--\n"


SIZES = {
    "2 kB": lambda: letter(2_000),
    "60 kB": lambda: newsletter(60_000),
    "60 kB, dense": lambda: newsletter(60_000, dense=True),
    "1 MB": lambda: with_file(newsletter(60_000), 1_000_000),
}
