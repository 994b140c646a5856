"""The five invariants of the cleaner, on messages made up and on messages found."""

from binascii import b2a_uu
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.invariants import check, rules
from tests.strategies import messages

from sluis.clean import clean
from sluis.detect.images import images
from sluis.detect.page import Page
from sluis.detect.proposal import Proposal
from sluis.envelope import Envelope
from sluis.message.mime import MAX_PARTS
from sluis.policy import POLICIES
from sluis.report import Action, Verdict

HERE = Path(__file__).parent
CORPUS = HERE.parent.parent / "shared" / "corpus"
FIXTURES = sorted((HERE / "fixtures").glob("*.eml"))
BALANCED = POLICIES["balanced"]
OPEN = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"
SES = "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fsale/1/0102018969854525-eb08255a-000000/x-Y_z=9"


def html(body: str, kind: str = "text/html") -> bytes:
    return f"From: a@b.example\r\nContent-Type: {kind}; charset=utf-8\r\n\r\n{body}\r\n".encode()


def test_a_message_without_a_finding_is_the_same_object() -> None:
    raw = html("<p>Hello</p><img src='https://shop.example/logo.png' width=90 height=40>")
    done = clean(raw, BALANCED, rules())
    assert done.raw is raw
    assert done.report.verdict is Verdict.CLEAN


def test_a_tracked_message_exactly() -> None:
    before = html(f'<a href="{SES}">Sale</a> <img src="{OPEN}">')
    done = check(before, BALANCED)
    assert done.raw == html('<a href="https://shop.example/sale">Sale</a> ')
    assert [(f.kind, f.action, f.part) for f in done.report.findings] == [
        ("click-redirect", "unwrapped", "1"),
        ("open-pixel", "removed", "1"),
    ]


def test_quoted_printable_changes_only_the_lines_it_must() -> None:
    before = (
        b"Content-Type: text/html\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        b'<p>Caf=C3=A9 =\r\nau lait</p>\r\n<a href=3D"https://shop.example/?=\r\nid=3D7&amp;utm_source=3Dnews">x</a>'
        b"\r\n<p>=E2=82=AC 3</p>=\r\n\r\n"
    )
    done = check(before, BALANCED)
    assert done.raw.startswith(before[: before.index(b"<a href")])
    assert done.raw.endswith(b">x</a>\r\n<p>=E2=82=AC 3</p>=\r\n\r\n")
    assert b"utm_source" not in done.raw.replace(b"=\r\n", b"")


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ('multipart/signed; boundary=b; protocol="application/pgp-signature"', "signed"),
        ('multipart/signed; boundary=b; protocol="application/pkcs7-signature"', "signed"),
        ('multipart/encrypted; boundary=b; protocol="application/pgp-encrypted"', "encrypted"),
    ],
)
def test_signed_and_encrypted_messages_pass_untouched(kind: str, reason: str) -> None:
    raw = f"Content-Type: {kind}\r\n\r\n".encode() + (
        b"--b\r\nContent-Type: text/html\r\n\r\n<img src='" + OPEN.encode() + b"'>\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\n" + SES.encode() + b"\r\n--b--\r\n"
    )
    done = check(raw, BALANCED)
    assert (done.raw, done.report.verdict, done.report.reason) == (raw, Verdict.SKIPPED, reason)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"Content-Type: application/pkcs7-mime; smime-type=enveloped-data\r\n\r\nMIIB\r\n", "smime"),
        (b"\r\n-----BEGIN PGP MESSAGE-----\r\n\r\nhQEM\r\n-----END PGP MESSAGE-----\r\n", "pgp"),
        (b"\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\n\r\n" + SES.encode() + b"\r\n", "pgp"),
    ],
)
def test_so_do_those_of_one_part(raw: bytes, reason: str) -> None:
    done = check(b"Subject: x\r\n" + raw, BALANCED)
    assert (done.raw, done.report.verdict, done.report.reason) == (b"Subject: x\r\n" + raw, Verdict.SKIPPED, reason)


def test_read_receipts_go_and_with_fit_are_only_renamed() -> None:
    raw = b"From: a@b.example\r\nDisposition-Notification-To: a@b.example,\r\n c@b.example\r\nSubject: x\r\n\r\nHi\r\n"
    assert check(raw, BALANCED).raw == b"From: a@b.example\r\nSubject: x\r\n\r\nHi\r\n"
    fitted = check(raw, replace(BALANCED, fit=True)).raw
    assert b"X-Sluis-Cut" in fitted
    assert b"Disposition-Notification-To" not in fitted


def test_audit_finds_the_same_and_changes_nothing() -> None:
    raw = html(f'<a href="{SES}">Sale</a> <img src="{OPEN}">')
    done = check(raw, POLICIES["audit"])
    assert done.raw is raw
    assert {finding.action for finding in done.report.findings} == {Action.KEPT}
    assert [f.kind for f in done.report.findings] == [f.kind for f in clean(raw, BALANCED, rules()).report.findings]


def test_an_amp_part_is_blanked_and_its_place_kept() -> None:
    raw = (
        b"Content-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/x-amp-html\r\n\r\n"
        b"<html amp4email><amp-img src='https://t.example/x'></html>\r\n"
        b"--b\r\nContent-Type: text/html\r\n\r\nHi\r\n--b--\r\n"
    )
    done = check(raw, BALANCED)
    assert done.raw == raw.replace(b"<html amp4email><amp-img src='https://t.example/x'></html>", b"")
    assert done.report.findings[0].technique == "amp-part"
    fitted = check(raw, replace(BALANCED, fit=True))
    assert fitted.raw == raw.replace(
        b"<html amp4email><amp-img src='https://t.example/x'></html>", b"<!---->".ljust(58)
    )


def test_attached_messages_are_cleaned_only_if_the_policy_says_so() -> None:
    inner = html(f'<img src="{OPEN}">')
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        + inner
        + b"\r\n--b--\r\n"
    )
    assert check(raw, BALANCED).raw == raw
    assert b"sendgrid" not in check(raw, replace(BALANCED, attached=True)).raw


LINED = b"Content-Type: message/rfc822\r\nContent-Disposition: inline\r\n\r\n%b\r\n"
IN_MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n%b--b--\r\n"


@pytest.mark.parametrize("raw", [LINED, IN_MULTIPART % LINED], ids=["alone", "in a multipart"])
def test_a_message_that_is_shown_in_line_is_cleaned(raw: bytes) -> None:
    """As Mailman wraps what it may not send on as it is (dmarc_moderation_action, "wrap")."""
    beacon = f'<img src="{OPEN}" width=1 height=1>'
    assert check(raw % html(beacon), BALANCED).raw == raw % html("")
    reported = raw.replace(b"multipart/mixed", b"multipart/report") % html(beacon)
    assert (check(reported, BALANCED).raw == reported) == (b"multipart" in raw)


def test_the_recipient_is_known_from_the_envelope() -> None:
    raw = html("<img src='https://img.shop.example/b83cd2dd0a3c3e0a2e3d6bd3b1e0a4c3/r/reader%40home.example'>")
    assert clean(raw, BALANCED, rules()).raw == raw
    done = clean(raw, BALANCED, rules(), Envelope("", ("reader@home.example",)))
    assert b"reader" not in done.raw


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\0", b"Content-Type: text/html", b"--\r\n--\r\n", b"<img src=x>", b"\xff" * 99]
)
def test_no_octets_are_too_odd(raw: bytes) -> None:
    assert check(raw, BALANCED).raw == raw


def test_hostile_markup_is_switched_off() -> None:
    raw = html("<img x='" * 200_000)
    done = clean(raw, BALANCED, rules())
    assert done.raw == raw.replace(b"<img", b"<im_")
    assert done.report.verdict is Verdict.CLEANED
    assert clean(done.raw, BALANCED, rules()).raw is done.raw


BEYOND = "DESCRIPTION://x " + "<img x='" * 400


@pytest.mark.parametrize("fit", [False, True], ids=["free", "fit"])
@pytest.mark.parametrize("name", ["balanced", "strict", "simple"])
@pytest.mark.parametrize(
    "kind", ["text/calendar", "text/vcard", "text/html", "image/svg+xml", "text/css", "text/plain"]
)
def test_one_part_that_cannot_be_read_spares_no_other(kind: str, name: str, *, fit: bool) -> None:
    raw = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n"
        + f"<p>x</p><img src='{OPEN}'>\r\n--b\r\nContent-Type: {kind}\r\n\r\nBEGIN:X\r\n{BEYOND}\r\n".encode()
        + f"PHOTO:{OPEN}\r\nEND:X\r\n--b--\r\n".encode()
    )
    done = check(raw, replace(POLICIES[name], fit=fit))
    assert done.report.verdict is Verdict.CLEANED
    assert b"<img src='" not in done.raw
    if kind in {"text/calendar", "text/vcard"}:
        assert b"\r\nPHOTO" not in done.raw


class BrokenError(Exception):
    pass


def test_one_part_on_which_a_detector_breaks_spares_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(page: Page) -> list[Proposal]:
        if "breaks" in page.text:
            raise BrokenError
        return []

    monkeypatch.setattr("sluis.detect.settle._DETECTORS", (breaks, images))
    parts = [f"--b\r\nContent-Type: text/html\r\n\r\n{text}<img src='{OPEN}'>\r\n" for text in ("x", "breaks", "y")]
    raw = ("Content-Type: multipart/mixed; boundary=b\r\n\r\n" + "".join(parts) + "--b--\r\n").encode()
    done = clean(raw, BALANCED, rules())
    assert (done.report.verdict, done.report.reason) == (Verdict.FAILED, "internal error: BrokenError in part 2")
    assert [finding.part for finding in done.report.findings] == ["1", "3"]
    assert done.raw.count(OPEN.encode()) == 1
    assert f"breaks<img src='{OPEN}'>".encode() in done.raw


def test_the_header_and_the_parts_spare_each_other_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluis.clean.receipts", lambda *_, **__: 1 / 0)
    done = clean(html(f"x<img src='{OPEN}'>"), BALANCED, rules())
    why = "internal error: ZeroDivisionError in the header"
    assert (done.report.verdict, done.report.reason) == (Verdict.FAILED, why)
    assert OPEN.encode() not in done.raw


def test_what_no_parser_makes_a_document_of_is_cleaned_as_it_stands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sluis.clean.rebuild", lambda *_: 1 / 0)
    raw = html(f"<p>x<img src='{OPEN}'>")
    assert clean(raw, POLICIES["simple"], rules()).raw == clean(raw, POLICIES["strict"], rules()).raw


@pytest.mark.parametrize("parts", [MAX_PARTS, MAX_PARTS + 1])
def test_what_stands_behind_a_cap_is_told(parts: int) -> None:
    image = f"<img src='{OPEN}'>"
    raw = ("Content-Type: multipart/mixed; boundary=b\n\n" + "--b\n\nx\n" * (parts - 1)).encode()
    raw += f"--b\nContent-Type: text/html\n\nx{image}\n--b--\n".encode()
    done = clean(raw, BALANCED, rules())
    if parts > MAX_PARTS:
        assert (done.report.verdict, done.report.reason) == (Verdict.FAILED, "too-many-parts")
    else:
        assert done.raw == raw.replace(image.encode(), b" ")


@pytest.mark.parametrize(
    "header",
    [
        "Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: 7bit\r\nContent-Type: text/html",
        "Content-Type: text/html; charset=utf-16\r\nContent-Type: text/html; charset=utf-8",
        "Content-Type: text/plain\r\nContent-Type: text/html",
        "odd line\r\nContent-Type: text/html",
    ],
)
def test_a_header_that_says_two_things_is_read_as_either(header: str) -> None:
    done = check(f"{header}\r\n\r\n<p>x</p><img src='{OPEN}'>\r\n".encode(), BALANCED)
    assert (OPEN.encode() in done.raw, done.report.verdict) == (False, Verdict.CLEANED)
    assert done.report.flaws != ()


def test_a_message_that_is_two_is_told() -> None:
    header = "Content-Type: multipart/mixed; boundary=b\r\nContent-Type: multipart/mixed; boundary=c\r\n"
    done = clean(f"{header}\r\n--c\r\n{html(OPEN).decode()}".encode(), BALANCED, rules())
    assert (done.report.verdict, done.report.reason) == (Verdict.FAILED, "ambiguous-boundary")


def test_uuencode_is_read_both_ways() -> None:
    """Some clients decode it, others show the octets as they stand."""
    header = b"Content-Type: text/html\nContent-Transfer-Encoding: x-uuencode\n\n"
    image = f'<img src="{OPEN}">'.encode()
    lines = b"".join(b2a_uu((b"<p>" + image)[at : at + 45]) for at in range(0, len(image) + 3, 45))
    out = check(header + image + b"\nbegin 644 a\n" + lines + b"`\nend\n" + image, BALANCED).raw
    assert b"\nbegin 644 a\n" + b2a_uu(b"<p>", backtick=True) + b"`\nend\n" in out
    assert OPEN.encode() not in out


FRAGMENTS = st.lists(
    st.sampled_from(
        [
            f'<img src="{OPEN}" width=1 height=1>',
            f"<IMG\nSRC={OPEN}>",
            f'<a href="{SES}">Sale é €</a>',
            "<a href='https://shop.example/?a=1&amp;utm_source=x&amp;b=2'>x</a>",
            "<p>plain = text</p>\n",
            f"<a href='{SES}'>{SES}</a>",
            f"See ({SES}).\n",
            f"{SES[:60]} \n{SES[60:]}",
            "<https://shop.example/?utm_source=x\n&b=2>",
            f"\nURL:{SES[:60]}\n {SES[60:]}\n",
            f"\nPHOTO;VALUE=uri:{OPEN}\n",
            f"\nX-ALT-DESC:<a href='{SES}'>Sale\\, <img src='{OPEN}'></a>",
            "\n ",
            "\\n",
            "<td style=\"background:url('https://t.example/a.gif?u=abc123def')\" width=1 height=1>",
            "<script src=https://t.example/x.js></script>",
            "é€漢",
            "\n",
            "x" * 90,
            "<!--[if mso]>",
            "<![endif]-->",
            " \t\n",
            "--b\n",
        ]
    ),
    max_size=12,
).map("".join)


@given(messages(FRAGMENTS), st.sampled_from(sorted(POLICIES)), st.booleans())
def test_the_invariants_hold_for_any_message(raw: bytes, name: str, fit: bool) -> None:
    check(raw, replace(POLICIES[name], fit=fit))


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.stem)
@pytest.mark.parametrize("fit", [False, True], ids=["free", "fit"])
@pytest.mark.parametrize("name", sorted(POLICIES))
def test_the_invariants_hold_for_the_fixtures(path: Path, name: str, fit: bool) -> None:
    check(path.read_bytes(), replace(POLICIES[name], fit=fit))


FOLDERS = sorted(path for path in CORPUS.iterdir() if path.is_dir()) if CORPUS.is_dir() else []


@pytest.mark.skipif(not FOLDERS, reason="needs ../shared")
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
@pytest.mark.parametrize("fit", [False, True], ids=["free", "fit"])
def test_the_invariants_hold_for_real_mail(folder: Path, fit: bool) -> None:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            raw = path.read_bytes()
            if path.suffix == ".html":
                raw = b"Content-Type: text/html\r\n\r\n" + raw
            check(raw, replace(BALANCED, fit=fit))


def test_a_thousand_pixels_are_not_too_many() -> None:
    done = check(html(f'<p>x</p><img src="{OPEN}">\r\n' * 1000), replace(BALANCED, fit=True))
    assert len(done.report.edited) == 1000
