"""Leaf parts of sound and of broken messages."""

import email
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.message.body import Encoding
from sluis.message.fields import MAX_FIELDS
from sluis.message.mime import MAX_DEPTH, MAX_PARTS, NUMBERED, parse

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
    assert (part.charsets, part.encodings, part.content_id) == (("ISO-8859-1",), (Encoding.BASE64,), "x@y")
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
        (b"A: b\n" * MAX_FIELDS + b"Content-Type: text/html\n\nx", "too-many-fields"),
        (b"Content-Type: text/plain; x=" + b"y" * 70_000 + b"; charset=utf-7\n\nx", "too-long-field"),
        (b"Content-Type: text/plain\nodd line\nContent-Transfer-Encoding: base64\n\nx", "ambiguous-header"),
        (
            b"Content-Type: multipart/mixed; boundary=b\nContent-Type: multipart/mixed; boundary=c\n\n",
            "ambiguous-boundary",
        ),
        (b"Content-Type: multipart/x; boundary=b\nContent-Type: multipart/x; boundary=c\n\n", "ambiguous-boundary"),
        (b"Content-Type: multipart/mixed; boundary=b\nContent-Type: text/html\n\n", "ambiguous-boundary"),
    ],
)
def test_flaws_are_named(raw: bytes, flaw: str) -> None:
    assert flaw in parse(raw).flaws


@pytest.mark.parametrize(
    ("raw", "media_type", "body"),
    [
        (b"A: b\nodd line\nContent-Type: text/html\n\nx", "text/html", b"x"),
        (b"A: b\r\nodd line\r\nContent-Type: text/html\r\n\r\nx", "text/html", b"x"),
        (b"odd line\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/css\n\nx", "text/css", b"x"),
        (b"A: b\nHi\n\nContent-Type: text/html\n\nx", "text/plain", b"Hi\n\nContent-Type: text/html\n\nx"),
        (b"A: b\nHi\n--b\nContent-Type: text/html\n\nx", "text/plain", b"Hi\n--b\nContent-Type: text/html\n\nx"),
        (b"A: b\nHi\nContent-Type: text/html", "text/plain", b"Hi\nContent-Type: text/html"),
    ],
)
def test_an_odd_line_hides_no_type_from_those_who_pass_over_it(raw: bytes, media_type: str, body: bytes) -> None:
    (part,) = parse(raw).parts
    assert (part.media_type, raw[slice(*part.body)]) == (media_type, body)


def test_all_that_is_declared_is_remembered() -> None:
    header = (
        b"Content-Type: text/html; charset=utf-8\nContent-Type: text/html; charset=utf-7\nContent-Type: text/html\n"
    )
    header += b"Content-Transfer-Encoding: base64\nContent-Transfer-Encoding: 8bit\n"
    (part,) = parse(header + b"\nx").parts
    assert part.charsets == ("utf-8", "utf-7", None)
    assert part.encodings == (Encoding.BASE64, Encoding.IDENTITY)


def test_a_boundary_longer_than_any_line_is_met() -> None:
    boundary = b"b" * 5000
    raw = b"Content-Type: multipart/mixed; boundary=" + boundary + b"\n\n--" + boundary + b"\n" + HTML
    assert [part.media_type for part in parse(raw).parts] == ["text/html"]


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
    assert (len(message.parts), message.parts[0].media_type) == (1, "text/html")
    assert message.flaws == ("unterminated",)


def test_a_number_names_so_many_levels_and_no_more() -> None:
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n\r\nx\r\n--b%d\r\n" % (n, n, n)
        for n in range(NUMBERED + 9)
    )
    paths = [part.path for part in parse(raw + HTML).parts]
    assert paths[:3] == ["1", "2.1", "2.2.1"]
    assert max(path.count(".") for path in paths) == NUMBERED - 2


def test_what_lies_deeper_than_the_cap_is_told() -> None:
    raw = b"Content-Type: message/rfc822\n\n" * (MAX_DEPTH + 1)
    assert "too-deep" in parse(raw + HTML).flaws


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
