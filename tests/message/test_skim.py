"""A message in pieces: what is kept of it comes out clean as the whole does, and the rest passes in its place."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.strategies import messages

from sluis.clean import clean, reads
from sluis.message.skim import Skim
from sluis.policy import POLICIES
from sluis.rules.load import load

FIT = replace(POLICIES["balanced"], fit=True)
RULES = load()
PIXEL = "<img src='https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D'>"
HTML = b"Content-Type: text/html\r\n\r\n<p>hello</p>" + PIXEL.encode()
FILM = b"Content-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
SIGNED = b"Content-Type: text/plain\r\n\r\n-----BEGIN PGP MESSAGE-----\r\nabc\r\n"
PAGES = st.lists(st.sampled_from([PIXEL, "<p>hello", "\n--b", "\n--c--", " "])).map("".join)
FILMS = st.lists(st.sampled_from([b"AAAA", b"\r\n", b"\n", b"--", b"--b", b"--c", b"-", b"--x", b"\r", b"Subject: x"]))


def multipart(*parts: bytes, kind: bytes = b"mixed", boundary: bytes = b"b") -> bytes:
    head = b"Disposition-Notification-To: a@b.example\r\nContent-Type: multipart/%s; boundary=%s\r\n\r\n"
    joined = b"".join(b"--%s\r\n%s\r\n" % (boundary, part) for part in parts)
    return head % (kind, boundary) + joined + b"--%s--\r\n" % boundary


def skimmed(raw: bytes, least: int, step: int) -> tuple[bytes, int]:
    """The message put together from what was kept, cleaned piece by piece, and what passed; and how much that was."""
    skim, out, done, passed = Skim(reads, least), b"", 0, 0

    def settled(passing: bytes) -> Iterator[bytes]:
        yield clean(bytes(skim.kept[: skim.settled]), FIT, RULES).raw[done:]
        yield passing

    for start in range(0, len(raw), step):
        if passing := skim.feed(raw[start : start + step]):
            out, done, passed = b"".join((out, *settled(passing))), skim.settled, passed + len(passing)
    passing = skim.end()
    return b"".join((out, *settled(passing))), passed + len(passing)


@st.composite
def with_films(draw: st.DrawFn) -> bytes:
    """A message with parts that nobody reads, at any depth, whose octets look like delimiters."""
    films = st.builds(lambda pieces: FILM + b"".join(pieces), FILMS)
    leaves = st.sampled_from([HTML, SIGNED, b"\r\nhello"]) | films | messages(PAGES)
    inner = st.lists(leaves, min_size=1, max_size=3)
    kinds = st.sampled_from([b"mixed", b"signed", b"digest"])
    parts = leaves | st.builds(lambda found, kind: multipart(*found, kind=kind, boundary=b"c"), inner, kinds)
    return multipart(*draw(st.lists(parts, min_size=1, max_size=4)), kind=draw(kinds))


@given(with_films() | messages(PAGES), st.integers(1, 200), st.integers(1, 100))
@example(multipart(multipart(HTML, FILM + b"AAAA\r\n" * 9, kind=b"signed", boundary=b"c"), b"\r\nfooter"), 10, 7)
@example(multipart(SIGNED, FILM + b"AAAA\r\n" * 9, HTML), 10, 7)
@example(multipart(FILM + b"\r\n--x\r\n" * 9 + b"--b", HTML), 10, 7)
@example(multipart(FILM + b"AAAA\r\n" * 9, HTML).replace(b"\r\n", b"\n"), 10, 1)
def test_it_is_the_whole_cleaned(raw: bytes, least: int, step: int) -> None:
    assert skimmed(raw, least, step)[0] == clean(raw, FIT, RULES).raw


@pytest.mark.parametrize("film", [b"A" * 75 + b"\r\n", b"\0\n", b"--\r\n--x\n-", b"\r\n" + b"A" * 990])
@pytest.mark.parametrize("kind", [b"mixed", b"signed"])
def test_what_nobody_reads_passes(film: bytes, kind: bytes) -> None:
    films = film * (1_000_000 // len(film))
    raw = multipart(HTML, FILM + films, b"\r\n" + b"hello\r\n" * 20_000, FILM + films, HTML, kind=kind)
    out, passed = skimmed(raw, 65_536, 100_000)
    assert out == clean(raw, FIT, RULES).raw
    assert passed > 2 * len(films) - 100_000


@pytest.mark.parametrize("head", [b"Content-Type: text/csv\r\n\r\n", b"Content-Type: image/svg+xml\r\n\r\n", b""])
def test_what_somebody_reads_is_kept(head: bytes) -> None:
    assert skimmed(head + b"hello\r\n" * 50_000, 65_536, 100_000)[1] == 0
