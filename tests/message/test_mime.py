"""Leaf parts of sound and of broken messages."""

import email
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.message.body import Encoding
from sluis.message.mime import MAX_DEPTH, MAX_PARTS, parse

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


def found(raw: bytes) -> list[tuple[str, str, bytes]]:
    return [(part.path, part.media_type, raw[slice(*part.body)]) for part in parse(raw).parts]


def multipart(*parts: bytes, boundary: bytes = b"b", kind: bytes = b"mixed") -> bytes:
    head = b"Content-Type: multipart/%s; boundary=%s\r\n\r\n" % (kind, boundary)
    return head + b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts) + b"--%s--\r\n" % boundary


HTML = b"Content-Type: text/html\r\n\r\n<p>"


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b" x\r\n\ty\r\n" + HTML, [("1", "text/html", b"<p>")]),  # they become part of the Received field on top
        (b"", [("1", "text/plain", b"")]),
        (b"Subject: x\r\n\r\nHi\r\n", [("1", "text/plain", b"Hi\r\n")]),
        (b"Subject: x\n\nHi\n", [("1", "text/plain", b"Hi\n")]),
        (b"From a@b Mon\nSubject: x\n\nHi\n", [("1", "text/plain", b"Hi\n")]),
        (b"Content-Type: text/html\nno field\n", [("1", "text/html", b"no field\n")]),
        (b"CONTENT-TYPE:\r\n TEXT/HTML (a; b=c)\r\n\r\nx", [("1", "text/html", b"x")]),
        (multipart(HTML, b"\r\nHi"), [("1", "text/html", b"<p>"), ("2", "text/plain", b"Hi")]),
        (multipart(HTML).replace(b"\r\n", b"\n"), [("1", "text/html", b"<p>")]),
        (multipart(HTML).replace(b"--b\r\n", b"--b \t\r\n"), [("1", "text/html", b"<p>")]),
        (multipart(HTML).replace(b"--b--\r\n", b""), [("1", "text/html", b"<p>\r\n")]),
        (multipart(HTML + b"\r\n--bc\r\n--b-"), [("1", "text/html", b"<p>\r\n--bc\r\n--b-")]),
        (
            multipart(multipart(HTML, b"\r\nHi", boundary=b"c"), HTML),
            [("1.1", "text/html", b"<p>"), ("1.2", "text/plain", b"Hi"), ("2", "text/html", b"<p>")],
        ),
        (
            multipart(b"Content-Type: message/rfc822\r\n\r\nSubject: y\r\n" + HTML),
            [("1.1", "text/html", b"<p>")],
        ),
        (
            multipart(b"Content-Type: message/rfc822\r\n\r\n" + multipart(HTML, HTML, boundary=b"c")),
            [("1.1", "text/html", b"<p>"), ("1.2", "text/html", b"<p>")],
        ),
        (multipart(HTML, kind=b'mixed; charset="a;b"'), [("1", "text/html", b"<p>")]),
        (multipart(HTML).replace(b"boundary=b", b'boundary*0="";boundary*1=b'), [("1", "text/html", b"<p>")]),
        (multipart(HTML).replace(b"boundary=b", b"x=y"), [("1", "text/html", b"<p>")]),
    ],
)
def test_leaf_parts(raw: bytes, expected: object) -> None:
    assert found(raw) == expected


def test_what_a_part_says_of_itself() -> None:
    raw = (
        b'Content-Type: text/html; charset=ISO-8859-1; name="a b.html"\r\nContent-ID: <x@y>\r\n'
        b"Content-Disposition: attachment; filename*=utf-8''c%20d.html\r\nContent-Transfer-Encoding: Base64\r\n\r\nPHA+"
    )
    (part,) = parse(raw).parts
    assert (part.charset, part.encoding, part.content_id) == ("ISO-8859-1", Encoding.BASE64, "x@y")
    assert (part.disposition, part.filename) == ("attachment", "c d.html")


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (multipart(HTML, kind=b"signed"), "signed"),
        (multipart(HTML, kind=b"encrypted"), "encrypted"),
        (b"Content-Type: application/pkcs7-mime\r\n\r\nx", "smime"),
        (b"\r\n-----BEGIN PGP MESSAGE-----\r\nx", "pgp"),
        (multipart(HTML, b"\r\n-----BEGIN PGP MESSAGE-----"), None),
    ],
)
def test_protected_messages(raw: bytes, reason: str | None) -> None:
    assert parse(raw).protected == reason


def test_an_odd_name_is_still_a_fields() -> None:
    """Some senders write a delimiter with a colon behind it, and clients go on reading the header."""
    (part,) = parse(b"--_--1=_:\r\nContent-Type: text/html\r\n\r\nx").parts
    assert part.media_type == "text/html"


@pytest.mark.parametrize(
    ("raw", "flaw"),
    [
        (b"Content-Type: text/html\nno field\n", "no-header-end"),
        (multipart(HTML).replace(b"--b--\r\n", b""), "unterminated"),
        (b"Content-Type: multipart/mixed\r\n\r\nx", "missing-boundary"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n\r\n<img src=x>", "missing-boundary"),
        (b"Content-Transfer-Encoding: x-yenc\r\n\r\nx", "bad-encoding"),
        (b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx", "duplicate-content-type"),
        (b"Content-Transfer-Encoding: 7bit\r\nContent-Transfer-Encoding: base64\r\n\r\nx", "duplicate-encoding"),
    ],
)
def test_flaws_are_named(raw: bytes, flaw: str) -> None:
    assert flaw in parse(raw).flaws


def test_a_second_type_is_remembered() -> None:
    (part,) = parse(b"Content-Type: text/plain\r\nContent-Type: text/html\r\n\r\nx").parts
    assert (part.media_type, part.also) == ("text/plain", ("text/html",))


def test_ten_thousand_parts_and_more() -> None:
    assert len(parse(multipart(*[HTML] * 10_000)).parts) == 10_000
    message = parse(multipart(*[b"\r\nx"] * (MAX_PARTS + 10)))
    assert (len(message.parts), "too-many-parts" in message.flaws) == (MAX_PARTS, True)


def test_depth_ten_thousand() -> None:
    raw = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(10_000))
    message = parse(raw + HTML)
    assert "too-deep" in message.flaws
    assert max(part.path.count(".") for part in message.parts) <= MAX_DEPTH


@given(
    st.binary(max_size=400)
    | st.lists(
        st.sampled_from(
            [b"--b", b"--", b"\r\n", b"\n", b":", b" ", HTML, b"Content-Type: multipart/mixed; boundary=b\n\n"]
        )
    ).map(b"".join)
)
def test_parts_are_disjoint_and_in_order(raw: bytes) -> None:
    position = 0
    for part in parse(raw).parts:
        assert position <= part.body[0] <= part.body[1] <= len(raw)
        position = part.body[1]


@pytest.mark.skipif(not CORPUS.is_dir(), reason="needs ../shared")
def test_every_html_part_another_parser_sees_is_found() -> None:
    """The standard library's parser, on the fixtures of a dozen mail libraries: what differs is counted below."""
    missed = []
    for path in sorted(CORPUS.glob("fx-*/*")):
        raw = path.read_bytes()
        theirs = sum(part.get_content_type() == "text/html" for part in email.message_from_bytes(raw).walk())
        message = parse(raw)
        ours = sum("text/html" in (part.media_type, *part.also) for part in message.parts)
        if ours < theirs and not message.flaws:
            missed.append(path.name)
    assert missed == []
