"""Texts and messages that would cost a careless reader the square of their length, each at any size."""

import zlib
from base64 import encodebytes, urlsafe_b64encode
from collections.abc import Callable, Mapping
from types import MappingProxyType

OPEN = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"
SES = (
    "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2F/1/0102018969854525-eb08255a-000000/x-Y_z=9"
)
# A few octets that come to 64 KB, within which there are as many again.
PACKED = urlsafe_b64encode(zlib.compress(b"eJwBAAD-|" * 7_000)).decode()
PIXEL = f'<img src="{OPEN}" width=1 height=1>'

Hostile = Callable[[int], bytes]  # a message of about so many octets


def _part(header: str, body: bytes) -> bytes:
    return f"From: a@b.example\r\n{header}\r\n\r\n".encode() + body + b"\r\n"


def _html(piece: str, before: str = "", charset: str = "utf-8") -> Hostile:
    """A page of `piece` over and over."""

    def message(size: int) -> bytes:
        text = before + piece * (size // len(piece))
        return _part(f"Content-Type: text/html; charset={charset}", text.encode(charset, "replace"))

    return message


def _numbered(piece: str) -> Hostile:
    """A page of `piece` over and over, no two alike."""

    def message(size: int) -> bytes:
        text = "".join(piece.replace("#", str(number)) for number in range(size // len(piece)))
        return _part("Content-Type: text/html", text.encode())

    return message


def _typed(kind: str, piece: str, before: str = "") -> Hostile:
    return lambda size: _part(f"Content-Type: {kind}", (before + piece * (size // len(piece))).encode())


def _written(encoding: str, piece: bytes) -> Hostile:
    """A page whose transfer encoding is `piece` over and over."""
    header = f"Content-Type: text/html\r\nContent-Transfer-Encoding: {encoding}"
    return lambda size: _part(header, piece * (size // len(piece)))


def _base64(piece: str, *, line: bool = False) -> Hostile:
    def message(size: int) -> bytes:
        text = encodebytes((piece * (size * 3 // 4 // len(piece))).encode())
        text = text.replace(b"\n", b"" if line else b"\r\n")
        return _part("Content-Type: text/html\r\nContent-Transfer-Encoding: base64", text)

    return message


def _octets(piece: bytes, charset: str) -> Hostile:
    return lambda size: _part(f"Content-Type: text/html; charset={charset}", piece * (size // len(piece)))


def _shifted_run(size: int) -> bytes:
    """One run of UTF-7 with every tracker in it."""
    text = "<p>日" + PIXEL * (size * 3 // 8 // len(PIXEL))
    run = encodebytes(text.encode("utf-16-be")).replace(b"\n", b"").rstrip(b"=")
    return _part("Content-Type: text/html; charset=utf-7", b"+" + run + b"-")


def _parts(size: int) -> bytes:
    part = b"--b\r\nContent-Type: text/html\r\n\r\n" + PIXEL.encode() + b"\r\n"
    return _part("Content-Type: multipart/mixed; boundary=b", part * (size // len(part)) + b"--b--")


def _depth(size: int) -> bytes:
    header = "Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"
    return "".join(header % (number, number) for number in range(size // 60)).encode() + b"\r\n" + PIXEL.encode()


def _attached(size: int) -> bytes:
    return b"Content-Type: message/rfc822\r\n\r\n" * (size // 31) + PIXEL.encode()


def _boundaries(size: int) -> bytes:
    """Lines that all might be a delimiter, of two hundred open multiparts."""
    opened = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(200))
    return opened.encode() + b"\r\n" + b"--b\r\n--b199 \r\n--b1--x\r\n" * (size // 24)


def _tangled(size: int) -> bytes:
    piece = f"""<a href="{SES}" title="<img src='{OPEN}' alt=">x</a> y'>"""
    return _part("Content-Type: text/html", piece.encode() * (size // len(piece)))


HOSTILE: Mapping[str, Hostile] = MappingProxyType(
    {
        "open tags": _html("<img "),
        "open tags and a quote": _html("<img x='"),
        "quotes in turn": _html("<img x='y\" "),
        "tags within values": _html('<a <img title="'),
        "comments": _html("<!--"),
        "conditionals": _html("<!--[if mso]>"),
        "marked sections": _html("<![CDATA["),
        "letters": _html("<a"),
        "slashes": _html("<img/", ""),
        "attributes of one tag": _html(" a=b", "<img"),
        "sources of one tag": _html(f" src={OPEN}", "<img"),
        "styles of one tag": _html(" style='width:1px'", "<img src=https://t.example/x"),
        "properties": _html("width:1px;", "<img src=https://t.example/x style='"),
        "candidates": _html("https://t.example/x 1x,", "<img srcset='"),
        "rules for classes": _html(
            ".a,.b{width:9px!important}", "<img class=a width=0 src=//t.example/x.png?e=8f14e45f><style>@media{"
        ),
        "rules and images": _numbered(
            "<style>@media{.a#,.a{width:9px!important}</style>"
            "<img class='a a#' width=0 src=//t.example/#.png?e=8f14e45f>"
        ),
        "media rules": _html("@media{", "<img class=a width=0 src=//t.example/x.png?e=8f14e45f><style>"),
        "url(": _html("url("),
        "url( and an address": _html(f"url({OPEN} "),
        "urls": _html(f"url('{OPEN}')", '<p style="background:'),
        "image-set(": _html("image-set("),
        "image sets within each other": _html("image-set('//t.example/x' "),
        "custom properties": _html("--x:"),
        "custom properties and an address": _html("--x:'//t.example/x'"),
        "imports": _html("@import '//t.example/x' "),
        "definitions": _html("@property result:initial-value:"),
        "style comments": _html("/*"),
        "style comments in turn": _html("/**/u"),
        "style escapes": _html("\\75 \\72 l("),
        "backslashes": _html("\\"),
        "references": _html("&#117;"),
        "references without end": _html("&#1"),
        "reference of many digits": _html("0", "<img src='&#"),
        "ampersands": _html("&amp;", "<a href='https://t.example/?x="),
        "scripts": _html("<script>"),
        "closed scripts": _html("<script>x</script>"),
        "scripts with markup": _html("<script><p></script>"),
        "script ends": _html("</script", "<script>"),
        "refreshes": _html("<meta http-equiv=refresh content='0;url=//t.example/x'>"),
        "hrefs": _html(" href="),
        "hrefs and a quote": _html(' href="'),
        "pings": _html(" ping=x"),
        "backgrounds": _html(" background='"),
        "images": _html(PIXEL),
        "images, no two alike": _numbered(f'<img src="{OPEN}#" width=1 height=1>'),
        "redirects": _html(f'<a href="{SES}">{SES}</a>'),
        "images asked for as links are": _numbered(
            '<a href="https://kit.example/m.php?n=#a1b2c3">x</a><img src="https://kit.example/m.php?o=#a1b2c3">'
        ),
        "images made as links are": _numbered(
            '<a href="https://kit.example/aBcD3fGh1JkLmN#">x</a><img src="https://h#.kit.example/aBcD3fGh1JkLmN#">'
            '<img src="https://kit.example/n#a.gif" width=1 height=1>'
        ),
        "redirects, no two alike": _numbered(f'<a href="{SES}#">x</a>'),
        "addresses carried": _numbered('<a href="https://t.example/out?a=#&url=https%3A%2F%2Fshop.example%2F#">x</a>'),
        "carried or not": _numbered(
            f'<a href="https://t.example/#{"/eyJhIjoiYiJ9" * 8}?u=eyJ&v=aHR0c&w=eyJ.eyJ.">x</a>'
        ),
        "compressed addresses": _numbered(f'<a href="https://t.example/c/#/{PACKED}?u={PACKED}">x</a>'),
        "words within words": _numbered(
            f'<a href="https://t.example/{"click" * 200}#?url=http://{"aff" * 200}.example">x</a>'
        ),
        "images relative to a base": _numbered('<base href="http://shop.example/"><img src="#.png"><a href="#">x</a>'),
        "open bases": _html('<base href="http://shop.example/" '),
        "bases within values": _html("<base href='http://shop.example/'><p title='"),
        "tangles": _tangled,
        "tangled open": _html(f"<img src='{OPEN}\" <a href=\"{SES}' "),
        "percent signs": _html("%25", "<a href='https://www.google.com/url?q="),
        "parameters": _html("utm_source=x&", "<a href='https://shop.example/?"),
        "wrappers": _html("https%3A%2F%2Fwww.google.com%2Furl%3Fq%3D", "<a href='https://www.google.com/url?q="),
        "namespaces": _html("a:", "<"),
        "parts": _parts,
        "depth": _depth,
        "attached in each other": _attached,
        "boundaries": _boundaries,
        "one header line": lambda size: b"Content-Type: text/html; x=" + b"y" * size + b"\r\n\r\n" + PIXEL.encode(),
        "parameters of a type": lambda size: b"Content-Type: text/html" + b"; x*1=y" * (size // 7) + b"\r\n\r\nx",
        "comments in a header": lambda size: b"Content-Type: text/html " + b"(" * size + b"\r\n\r\n" + PIXEL.encode(),
        "folded lines": lambda size: b"Subject: x\r\n" + b" y\r\n" * (size // 4) + b"\r\n" + PIXEL.encode(),
        "fields": lambda size: b"Disposition-Notification-To: a@b.example\r\n" * (size // 42) + b"\r\nx",
        "soft breaks": _written("quoted-printable", b"=\r\n"),
        "equals signs": _written("quoted-printable", b"="),
        "blanks": _written("quoted-printable", b" "),
        "blanks before cuts": _written("quoted-printable", b" " * 60 + PIXEL.replace("=", "=3D").encode()),
        "cuts in one line": _written("quoted-printable", PIXEL.replace("=", "=3D").encode()),
        "cuts in lines": _written("quoted-printable", b"<p>\r\n" + PIXEL.replace("=", "=3D").encode()),
        "base64 junk": _written("base64", b"*-."),
        "base64 streams": _written("base64", b"PGlt="),
        "base64 cuts": _base64(PIXEL + "<p>x"),
        "base64 cuts in one line": _base64(PIXEL + "<p>x", line=True),
        "base64 octets apart": _written("base64", b"P*\r\n"),
        "plain cuts in one line": _html(PIXEL + "x"),
        "escapes to JIS": _octets(b"\x1b$B\x1b(B", "iso-2022-jp"),
        "escapes that are none": _octets(b"\x1b(\0\0\0\0\0\0\0\0\0\0", "iso-2022-jp"),
        "cuts between escapes": _octets(b"\x1b$BF|K\\\x1b(B" + PIXEL.encode(), "iso-2022-jp"),
        "cuts between braces": _octets(b"~{VP~}" + PIXEL.encode(), "hz"),
        "a run of UTF-7": _octets(b"AGEA", "utf-7"),
        "an open run of UTF-7": lambda size: _octets(b"AGEA", "utf-7")(size).replace(b"AGEA", b"+GEA", 1),
        "cuts in UTF-7": _octets(b"+ZeVnLA-" + PIXEL.encode(), "utf-7"),
        "cuts in one run of UTF-7": _shifted_run,
        "cuts in UTF-16": _html(PIXEL + "日", charset="utf-16-le"),
        "cuts in UTF-16 with pairs": _html(PIXEL + "\U0001f600", charset="utf-16-le"),
        "cuts in EBCDIC": _html(PIXEL, charset="cp037"),
        "addresses in text": _typed("text/plain", SES + " "),
        "addresses without end": _typed("text/plain", "https://"),
        "brackets": _typed("text/plain", "(", "https://shop.example/"),
        "brackets around addresses": _typed("text/plain", f"({SES}) <{SES}>\r\n"),
        "flowed lines": _typed("text/plain; format=flowed; delsp=yes", "%2F \r\n", "https://www.google.com/url?q=x"),
        "broken addresses": _typed("text/plain", "%2F\r\n", "<https://www.google.com/url?q=x"),
        "calendar lines": _typed("text/calendar", f"URL:{SES}\r\n"),
        "folds": _typed("text/calendar", "\r\n x", "URL:https://t.example/"),
        "calendar escapes": _typed("text/calendar", "\\,", "X-ALT-DESC:"),
        "calendar parameters": _typed("text/calendar", ';x="', "URL"),
        "cards": _typed("text/vcard", f"PHOTO;VALUE=uri:{OPEN}\r\n"),
        "calendar markup": _typed("text/calendar", "DESCRIPTION:<a href='//t.example/'>\r\n"),
        "calendar markup in one line": _typed("text/calendar", "<img x='", "DESCRIPTION://x "),
        "calendar markup in lines": _typed("text/calendar", "X-ALT-DESC://x <img x='<a href=\"\r\n"),
        "instructions": _html("<?import "),
        "instructions that load": _html("<?xml-stylesheet href='//t.example/'?>"),
        "instructions without end": _html("<?xml-stylesheet href='//t.example/' "),
        "entities": _html("<!ENTITY a 'x:y'>"),
        "entities without end": _html('<!ENTITY a "'),
        "attribute lists": _html("<!ATTLIST a b '\""),
        "elements within each other": _html("<div>"),
        "digits in an address": _html("0123456789abcdef", "<img src='//t.example/"),
        "digits in addresses": _numbered(f"<img src='//t.example/{'0123456789abcdef' * 8}#'>"),
        "addresses encoded again": _html("<img/src=//t.example/%252500"),
        "odd lines": lambda size: b"x\nContent-Type: message/rfc822\n\n" * (size // 31),
        "headers of odd lines": lambda size: b"Content-Type: message/rfc822\nx\n" * (size // 31),
        "parts of odd lines": lambda size: _part("Content-Type: multipart/x; boundary=b", b"--b\nx\n" * (size // 6)),
        "word markup": _html("<v:fill src='//t.example/x'/>"),
        "armour": _typed("text/plain", "-----BEGIN PGP "),
        "NULs": _html("\0"),
        "letters beyond ASCII": _html("é" * 20 + PIXEL, charset="gbk"),
    }
)
