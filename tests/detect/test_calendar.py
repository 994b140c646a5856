"""Calendars and cards: what is followed is unwrapped, what is fetched goes, and lines stay folded."""

from dataclasses import replace

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.calendar import calendar
from sluis.policy import POLICIES

SES = "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fsale%3Fa=1%26b=2/1/0102018969854525-eb08255a-000000/x-Y_z=9"
SALE = "https://shop.example/sale?a=1&b=2"
ESCAPED = "https://shop.example/sale?a=1&amp\\;b=2"
UTM = "https://shop.example/a,b;c?utm_source=news"
PIXEL = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"
FIT = replace(POLICIES["balanced"], fit=True)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"URL:{SES}", f"URL:{SALE}"),
        (f"url;value=uri:{SES}", f"url;value=uri:{SALE}"),
        (f"ATTACH;FMTTYPE=application/pdf:{SES}", f"ATTACH;FMTTYPE=application/pdf:{SALE}"),
        (f'CONFERENCE;VALUE=URI;LABEL="a:b":{SES}', f'CONFERENCE;VALUE=URI;LABEL="a:b":{SALE}'),
        (f"item1.URL:{SES}", f"item1.URL:{SALE}"),
        (f"SOURCE:{SES}", f"SOURCE:{SALE}"),
        (f"URL:{SES[:60]}\r\n {SES[60:]}", f"URL:{SALE}"),
        (f"URL:{UTM}", "URL:https://shop.example/a,b;c"),
        (f"DESCRIPTION:At {SES}\\nor\\, later", f"DESCRIPTION:At {SALE}\\nor\\, later"),
        (
            "NOTE:See https://shop.example/a\\,b\\;c?utm_source=news.",
            "NOTE:See https://shop.example/a\\,b\\;c.",
        ),
        (
            f"X-ALT-DESC;FMTTYPE=text/html:<p>Hi\\, <a href=\"{SES}\">there</a><img src=\r\n '{PIXEL}'></p>",
            f'X-ALT-DESC;FMTTYPE=text/html:<p>Hi\\, <a href="{ESCAPED}">there</a></p>',
        ),
        (f"DESCRIPTION:<a href='{SES}'>x</a>", f"DESCRIPTION:<a href='{ESCAPED}'>x</a>"),
        (
            f"DESCRIPTION:<b>Hi</b> <a href='{SES}'>{SES}</a> or ({SES})\\n<{SES}><img src='{PIXEL}'>",
            f"DESCRIPTION:<b>Hi</b> <a href='{ESCAPED}'>{ESCAPED}</a> or ({SALE})\\n<{SALE}>",
        ),
        (f"IMAGE;VALUE=URI;DISPLAY=BADGE:{PIXEL}", "X-CUT:"),
        (f"ATTACH;FMTTYPE=image/gif:{PIXEL[:30]}\r\n {PIXEL[30:]}", "X-CUT:"),
        (f"PHOTO;VALUE=uri:{PIXEL}", "X-CUT:"),
        ("SOUND;VALUE=uri:https://shop.example/a.ogg", "X-CUT:"),
        ("ATTACH;FMTTYPE=audio/basic:ftp://shop.example/bell.au", "X-CUT:"),
    ],
)
def test_a_property(page: MakePage, before: str, after: str) -> None:
    text = f"BEGIN:X\r\n{before}\r\nEND:X\r\n"
    expected = f"BEGIN:X\r\n{after}\r\nEND:X\r\n"
    assert edited(text, list(calendar(page(text)))) == expected
    assert list(calendar(page(expected))) == []


@pytest.mark.parametrize(
    "line",
    [
        "URL:https://shop.example/sale",
        f"UID:{SES}",
        "PHOTO;VALUE=uri:https://shop.example/me.jpg",
        "PHOTO;ENCODING=b;TYPE=JPEG:aHR0cHM6Ly9hLmV4YW1wbGUv",
        "PHOTO:data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7",
        f"URL;ENCODING=QUOTED-PRINTABLE:{SES[:30]}=\r\n{SES[30:]}",
        "DESCRIPTION:Unsubscribe: https://shop.example/?utm_source=x",
        "ATTENDEE:mailto:a@shop.example",
    ],
)
def test_what_stays(page: MakePage, line: str) -> None:
    assert list(calendar(page(f"BEGIN:X\r\n{line}\r\nEND:X\r\n"))) == []


def test_an_alarm_loses_what_it_would_play(page: MakePage) -> None:
    attach = "ATTACH:https://shop.example/a.aud\r\n"
    text = f"BEGIN:VEVENT\r\n{attach}BEGIN:VALARM\r\nACTION:AUDIO\r\n{attach}END:VALARM\r\n{attach}END:VEVENT\r\n"
    assert edited(text, list(calendar(page(text)))) == text.replace("AUDIO\r\n" + attach, "AUDIO\r\nX-CUT:\r\n")


def test_strict_takes_every_remote_picture(page: MakePage) -> None:
    text = "PHOTO;VALUE=uri:https://shop.example/me.jpg\r\nURL:https://shop.example/\r\n"
    (proposal,) = calendar(page(text, "strict"))
    assert (proposal.kind, proposal.technique) == ("remote-image", "photo-property")
    assert edited(text, [proposal]) == "X-CUT:\r\nURL:https://shop.example/\r\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"URL:{SES}", f"URL:{SALE}" + " " * (len(SES) - len(SALE))),
        (f"PHOTO:{PIXEL[:20]}\r\n {PIXEL[20:]}", f"X-CUT:{' ' * 20}\r\n {' ' * len(PIXEL[20:])}"),
        (
            f"NOTE:{SES[:20]}\r\n {SES[20:]} x",
            f"NOTE:{SALE[:20]}\r\n {SALE[20:]}{' ' * (len(SES) - len(SALE))} x",
        ),
    ],
)
def test_with_fit_every_line_keeps_its_length(page: MakePage, before: str, after: str) -> None:
    assert edited(before, list(calendar(page(before, FIT)))) == after
    assert list(calendar(page(after, FIT))) == []
