"""What a part is to be fetched from."""

import pytest

from sluis.detect.external import external
from sluis.message.mime import parse
from sluis.message.splice import splice


def defused(header: bytes, *, fit: bool = False) -> bytes:
    raw = b"Subject: x\r\n" + header + b"\r\n\r\nContent-Type: text/html\r\n\r\n"
    (part,) = parse(raw).parts
    edited = splice(raw, [edit for _, edit in external(part, raw, fit=fit)])
    return edited.removeprefix(b"Subject: x\r\n").partition(b"\r\n\r\n")[0]


@pytest.mark.parametrize(
    ("header", "after", "fitted"),
    [
        (
            b'Content-Type: message/external-body; access-type=URL;\r\n URL="https://t.example/a\r\n b"; size=7',
            b'Content-Type: message/external-body; access-type=URL;\r\n URL=""; size=7',
            b'Content-Type: message/external-body; access-type=URL;\r\n URL="___________________\r\n _"; size=7',
        ),
        (
            b"content-type: Message/External-Body; SITE=ftp.t.example; access-type=anon-ftp",
            b'content-type: Message/External-Body; SITE=""; access-type=anon-ftp',
            b"content-type: Message/External-Body; SITE=_____________; access-type=anon-ftp",
        ),
        (
            b'Content-Type: message/external-body; url*0="https://"; url*1="t.example"',
            b'Content-Type: message/external-body; url*0=""; url*1=""',
            b'Content-Type: message/external-body; url*0="________"; url*1="_________"',
        ),
        (
            b'Content-Type: message/external-body; url="https://t.example',
            b'Content-Type: message/external-body; url=""',
            b'Content-Type: message/external-body; url="_________________',
        ),
    ],
)
def test_the_place_is_emptied(header: bytes, after: bytes, fitted: bytes) -> None:
    assert defused(header) == after
    assert defused(header, fit=True) == fitted
    assert defused(after) == after
    assert defused(fitted) == fitted


def test_the_finding_names_the_place() -> None:
    raw = b'Content-Type: message/external-body; access-type=URL; URL="https://t.\r\n\texample/a"\r\n\r\n\r\n'
    ((finding, _),) = external(parse(raw).parts[0], raw, fit=False)
    assert (finding.kind, finding.technique, finding.url) == (
        "active-content",
        "external-body",
        "https://t.example/a",
    )


@pytest.mark.parametrize(
    "header", [b"Content-Type: text/plain; url=https://a.example", b"Content-Type: message/external-body; size=7"]
)
def test_any_other_header_stays(header: bytes) -> None:
    assert defused(header) == header
