"""Edits of decoded octets, carried back to the wire."""

import quopri
from base64 import encodebytes
from binascii import b2a_uu

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sluis.message.body import Encoding
from sluis.message.splice import splice
from sluis.message.transfer import decode
from sluis.report import Edit

QP, B64, PLAIN = Encoding.QUOTED_PRINTABLE, Encoding.BASE64, Encoding.IDENTITY
UU = Encoding.UUENCODE


def uuencoded(text: bytes) -> bytes:
    """A part in uuencode as programs write it."""
    lines = b"".join(b2a_uu(text[at : at + 45]) for at in range(0, len(text), 45))
    return b"begin 644 letter.html\n" + lines + b"`\nend\n"


def edited(wire: bytes, encoding: Encoding, *edits: Edit, fit: bool = False) -> bytes:
    """`wire` between a header and a trailer that must stay as they are, with the edits made."""
    raw = b"head\r\n" + wire + b"tail"
    body = decode(raw, (6, 6 + len(wire)), encoding)
    out = splice(raw, body.wire(edits, fit=fit).edits)
    assert out.startswith(b"head\r\n")
    assert out.endswith(b"tail")
    return out[6:-4]


def octets(wire: bytes, encoding: Encoding) -> bytes:
    return decode(wire, (0, len(wire)), encoding).octets


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        (b"a=3Db", b"a=b"),
        (b"a=3db=0A", b"a=b\n"),
        (b"a=\r\nb=\nc", b"abc"),
        (b"a= \t\r\nb", b"ab"),
        (b"a=", b"a"),
        (b"a=zz==41", b"a=zz=A"),
        (b"caf=C3=A9", "café".encode()),
    ],
)
def test_quoted_printable_is_read_tolerantly(wire: bytes, read: bytes) -> None:
    assert octets(wire, QP) == read


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        (b"PHA+", b"<p>"),
        (b"PH\r\nA+\r\n", b"<p>"),
        (b"PH A!+", b"<p>"),
        (b"PHA+eA==", b"<p>x"),
        (b"PHA", b"<p"),
        (b"eA==PHA+", b"x<p>"),
        (b"P", b""),
    ],
)
def test_base64_is_read_tolerantly(wire: bytes, read: bytes) -> None:
    assert octets(wire, B64) == read


@pytest.mark.parametrize(
    ("wire", "read"),
    [
        (b"begin 644 a\n#86)C\n`\nend\n", b"abc"),
        (b"text\r\nbegin 0644 a\r\n#86)C\r\n#9&5F\r\n`\r\nend\r\n#86)C", b"abcdef"),
        (b"begin 644 a\n#86)CXX\n \n", b"abc"),
        (b"begin 644 a\n\xff\xff\n", b""),
        (b"#86)C\n", b""),
    ],
)
def test_uuencode_is_read_tolerantly(wire: bytes, read: bytes) -> None:
    assert octets(wire, UU) == read


def test_uuencode_is_written_by_the_line() -> None:
    wire = b"begin 644 a\r\n#86)C\r\n#9&5F\r\n`\r\nend\r\n"
    assert edited(wire, UU, Edit(1, 2, b"xyz")) == b"begin 644 a\r\n%87AY>F,`\r\n#9&5F\r\n`\r\nend\r\n"
    assert edited(wire, UU, Edit(0, 3, b"")) == b"begin 644 a\r\n!(```\r\n#9&5F\r\n`\r\nend\r\n"
    assert edited(wire, UU, Edit(1, 5, b""), fit=True) == b'begin 644 a\r\n#82`@\r\n#("!F\r\n`\r\nend\r\n'


@pytest.mark.parametrize(
    ("wire", "encoding", "edit", "expected"),
    [
        (b"a<img>b", PLAIN, Edit(1, 6, b""), b"ab"),
        (b"a\r\n<img>--x", PLAIN, Edit(3, 8, b""), b"a\r\n --x"),
        (b"a=3Db=3Dc", QP, Edit(1, 2, b""), b"ab=3Dc"),
        (b"a=3Db=3Dc", QP, Edit(2, 3, "é=".encode()), b"a=3D=C3=A9=3D=3Dc"),
        (b"a=\r\nb=\r\nc", QP, Edit(1, 2, b"X"), b"a=\r\nX=\r\nc"),
        (b"hello <i>\r\nx", QP, Edit(6, 9, b""), b"hello=20\r\nx"),
        (b"<i>--b\r\n", QP, Edit(0, 3, b""), b"=2D-b\r\n"),
        (b"YWJjZGVmZ2hp\r\n", B64, Edit(3, 6, b""), b"YWJjZ2hp\r\n"),
        (b"YWJjZGVmZ2hp\r\n", B64, Edit(3, 5, b""), b"YWJjICBmZ2hp\r\n"),
        (b"YWJjZA==\r\n", B64, Edit(3, 4, b"XY"), b"YWJjWFk=\r\n"),
        (b"<b>x</b>\r\ny", QP, Edit(3, 4, b"1\r\n2\n3\r4"), b"<b>1\r\n2=0A3=0D4</b>\r\ny"),
        (b"<b>x</b>\ny", QP, Edit(3, 4, b"1\r\n2\n3"), b"<b>1\r\n2\n3</b>\ny"),
    ],
)
def test_only_what_is_touched_is_written_anew(wire: bytes, encoding: Encoding, edit: Edit, expected: bytes) -> None:
    assert edited(wire, encoding, edit) == expected


@pytest.mark.parametrize(
    ("wire", "encoding", "edit", "expected"),
    [
        (b"a<img\r\nx>b", PLAIN, Edit(1, 9, b""), b"a      \r\nb"),
        (b'href="abc" x', PLAIN, Edit(6, 10, b'z"', 2), b'href="z"   x'),
        (b"a=3D<img>=3D", QP, Edit(2, 7, b""), b"a=3D     =3D"),
        (b"<a=3Db=\r\nc>", QP, Edit(0, 6, b"<!---->", 4), b"<!-- =\r\n-->"),
        (b"PGltZz4x", B64, Edit(0, 5, b""), b"ICAgICAx"),
    ],
)
def test_fitted_edits_keep_octets_and_lines(
    wire: bytes, encoding: Encoding, edit: Edit, expected: bytes | None
) -> None:
    out = edited(wire, encoding, edit, fit=True)
    assert out == (wire if expected is None else expected)


@pytest.mark.parametrize(
    ("wire", "encoding", "edits", "expected"),
    [
        (b"  =3D", QP, [Edit(0, 1, b""), Edit(2, 3, b"")], b"=20"),
        (b"x" * 60 + b"==3D=\n" + b"y" * 60, QP, [Edit(0, 1, b"z" * 12), Edit(61, 62, b"")], None),
        (encodebytes(b"x" * 130), B64, [Edit(0, 1, b""), Edit(54, 115, b"12345"), Edit(117, 118, b"12")], None),
        (b"a" * 10 + b"=\n--b", QP, [Edit(0, 1, b"")], b"a" * 9 + b"=\n--b"),
        (b"x" * 75 + b"=\na--b", QP, [Edit(75, 76, b"")], b"x" * 75 + b"=\n=2D-b"),
        (b"a b", QP, [Edit(2, 3, b"x" * 74 + b"--y")], b"a " + b"x" * 73 + b"=\r\nx--y"),
        (b"a b", QP, [Edit(2, 3, b"x" * 73 + b"--y")], b"a " + b"x" * 73 + b"=\r\n=2D-y"),
    ],
)
def test_edits_that_share_a_line_know_of_each_other(
    wire: bytes, encoding: Encoding, edits: list[Edit], expected: bytes | None
) -> None:
    out = edited(wire, encoding, *edits)
    assert octets(out, encoding).replace(b" ", b"") == applied(octets(wire, encoding), edits).replace(b" ", b"")
    assert max(map(len, out.splitlines())) <= 76
    assert expected in {None, out}


def test_a_refused_edit_has_no_span() -> None:
    body = decode(b"abc", (0, 3), PLAIN)
    assert body.wire([Edit(0, 1, b"longer")], fit=True).spans == (None,)
    long = b"x" * 990
    assert decode(long, (0, 990), PLAIN).wire([Edit(989, 990, b"y" * 20)], fit=False).spans == (None,)


def test_a_line_that_would_grow_too_long_is_broken_where_blanks_may_stand() -> None:
    line = b"<a href='x'" + b" " * 985
    grown = edited(line, PLAIN, Edit(9, 11, b"y" * 20 + b"'"))
    assert grown == b"<a href='" + b"y" * 20 + b"'\r\n" + b" " * 985  # as the lines of the message end
    grown = edited(b"<p>\n" + line, PLAIN, Edit(13, 15, b"y" * 20 + b"'"))
    assert grown == b"<p>\n<a href='" + b"y" * 20 + b"'\n" + b" " * 985


@st.composite
def cases(draw: st.DrawFn) -> tuple[bytes, Encoding, list[Edit]]:
    """A body on the wire and disjoint edits of what it decodes to."""
    encoding = draw(st.sampled_from([QP, B64, UU, PLAIN]))
    pieces = st.sampled_from([b"word ", b"=", b"<b>", "é".encode(), b"\n", b" ", b"x" * 70, b"-"])
    text = b"".join(draw(st.lists(pieces, max_size=40)))
    wire = {QP: quopri.encodestring, B64: encodebytes, UU: uuencoded, PLAIN: bytes}[encoding](text)
    if draw(st.booleans()):
        wire = wire.replace(b"\n", b"\r\n")
    length = len(octets(wire, encoding))
    points = sorted(draw(st.lists(st.integers(0, length), max_size=8, unique=True)))
    edits = []
    for start, end in zip(points[::2], points[1::2], strict=False):
        new = draw(st.binary(max_size=6).map(lambda some: some.replace(b"\n", b"").replace(b"\r", b"")))
        edits.append(Edit(start, end, new, draw(st.integers(0, len(new)))))
    return wire, encoding, edits


def applied(text: bytes, edits: list[Edit]) -> bytes:
    for edit in reversed(edits):
        text = text[: edit.start] + edit.octets + text[edit.end :]
    return text


@given(cases())
def test_what_is_decoded_afterwards_is_what_was_ordered(case: tuple[bytes, Encoding, list[Edit]]) -> None:
    wire, encoding, edits = case
    out = edited(wire, encoding, *edits)
    assume(encoding is not PLAIN or len(out) == len(applied(wire, edits)))  # a fenced line has one blank more
    assert octets(out, encoding).replace(b" ", b"") == applied(octets(wire, encoding), edits).replace(b" ", b"")
    if encoding is not PLAIN:
        assert max(map(len, out.splitlines()), default=0) <= max(76, *map(len, wire.splitlines()), 0)


@given(cases())
def test_fitted_edits_keep_both_counts(case: tuple[bytes, Encoding, list[Edit]]) -> None:
    wire, encoding, edits = case
    out = edited(wire, encoding, *edits, fit=True)
    assert (len(out), out.count(b"\n")) == (len(wire), wire.count(b"\n"))


@given(cases())
def test_octets_outside_the_spans_stay(case: tuple[bytes, Encoding, list[Edit]]) -> None:
    wire, encoding, edits = case
    made = decode(wire, (0, len(wire)), encoding).wire(edits, fit=False)
    assert {edit.start for edit in made.edits} == {span[0] for span in made.spans if span}
    position = 0
    for edit in made.edits:
        assert position <= edit.start <= edit.end <= len(wire)
        position = edit.end


def test_splice_refuses_what_overlaps() -> None:
    with pytest.raises(ValueError, match="edit 0:2 after 1"):
        splice(b"abc", [Edit(0, 1, b""), Edit(0, 2, b"")])


@pytest.mark.parametrize(("wire", "end"), [(b"=<b>ba", 4), (b"=b<i>a", 5), (b"=<b>\nx", 4)])
def test_an_equals_sign_for_itself_makes_no_escape_with_what_comes_behind_it(wire: bytes, end: int) -> None:
    edit = Edit(end - 3, end, b"")
    assert octets(edited(wire, QP, edit), QP) == wire[: end - 3] + wire[end:]
    assert decode(wire, (0, len(wire)), QP).wire([Edit(end - 3, end, b"abc")], fit=True).spans == (None,)


@pytest.mark.parametrize("octets", [b"<\0b\0>\0", b"\n\0", b"\r"])
def test_no_edit_makes_of_a_message_one_that_cannot_be_sent(octets: bytes) -> None:
    """As half a line end of UTF-16 would, in a part with nothing but letters beyond ASCII."""
    assert decode(b"abcd\r\n", (0, 6), PLAIN).wire([Edit(0, 4, octets)], fit=False).spans == (None,)
    assert decode(b"ab\0d\r\n", (0, 6), PLAIN).wire([Edit(0, 4, octets)], fit=False).spans == ((0, 4),)
