"""Which parts are read, and as what."""

from base64 import b64encode

import pytest
from tests.invariants import rules

from sluis.clean import clean
from sluis.detect.readers import reader
from sluis.message.mime import parse
from sluis.policy import POLICIES

UTM = "https://shop.example/?utm_source=x"
PIXEL = '<img src="https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D">'


def message(fields: str, text: str) -> bytes:
    return f"{fields}\r\n\r\n{text}\r\n".encode()


def cleaned(raw: bytes) -> bytes:
    return clean(raw, POLICIES["balanced"], rules()).raw


@pytest.mark.parametrize(
    "fields",
    [
        "",
        "Content-Type: text/plain",
        "Content-Type: Text/Plain; charset=utf-8; format=flowed",
        "Content-Type: nonsense",
        "Content-Type: text/plain\r\nContent-Disposition: inline",
    ],
)
def test_the_text_of_a_letter_is_read(fields: str) -> None:
    raw = message("Subject: x\r\n" + fields if fields else "Subject: x", f"See <{UTM}>.")
    assert cleaned(raw) == raw.replace(b"?utm_source=x", b"")


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Type: text/plain\r\nContent-Disposition: attachment",
        "Content-Type: text/plain; name=a.py",
        "Content-Type: text/plain\r\nContent-Disposition: inline; filename=notes.txt",
        "Content-Type: text/csv",
        "Content-Type: text/x-patch",
        "Content-Type: application/octet-stream; name=page.html",
        "Content-Type: application/octet-stream; name=page.txt\r\nContent-ID: <a>",
        "Content-Type: image/gif\r\nContent-ID: <a>",
    ],
)
def test_a_file_is_not_read(fields: str) -> None:
    raw = message(fields, f"See {UTM} {PIXEL}")
    assert reader(parse(raw).parts[0]) is None
    assert cleaned(raw) is raw


@pytest.mark.parametrize(
    "fields",
    [
        "Content-Type: text/watch-html",
        "Content-Type: text/plain\r\nContent-Type: text/html",
        "Content-Type: application/octet-stream; name=x.SVG\r\nContent-ID: <a>",
        "Content-Type: text/plain; name=x.html\r\nContent-ID: <a>",
        "Content-Type: image/png\r\nContent-Disposition: inline; filename=a.svg",
    ],
)
def test_what_a_client_may_take_for_markup_is_read_as_markup(fields: str) -> None:
    raw = message(fields, f"<p>{PIXEL}</p>")
    assert PIXEL.encode() not in cleaned(raw)


@pytest.mark.parametrize("kind", ["text/calendar; method=REQUEST", "application/ics", "text/vcard", "text/x-vcard"])
def test_calendars_and_cards_are_read_even_attached(kind: str) -> None:
    raw = message(f"Content-Type: {kind}\r\nContent-Disposition: attachment", f"BEGIN:X\r\nURL:{UTM}\r\nEND:X")
    assert cleaned(raw) == raw.replace(b"?utm_source=x", b"")


def test_a_signed_text_in_base64_is_seen_for_what_it_is() -> None:
    text = f"-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n{UTM}\r\n-----BEGIN PGP SIGNATURE-----\r\n".encode()
    raw = b"Content-Transfer-Encoding: base64\r\n\r\n" + b64encode(text) + b"\r\n"
    assert cleaned(raw) is raw
