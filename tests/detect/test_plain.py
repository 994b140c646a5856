"""Links in plain text: what is rewritten, what stays, and where the blanks go that keep a length."""

from dataclasses import replace

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.plain import Flow, plain
from sluis.policy import POLICIES

SES = "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fsale%3Fa=1%26b=2/1/0102018969854525-eb08255a-000000/x-Y_z=9"
SALE = "https://shop.example/sale?a=1&b=2"
UTM = "https://shop.example/sale?a=1&utm_source=news&b=2"
OPAQUE = "https://shop.us13.list-manage.com/track/click?u=c299c0fb17f046bcb08075f46&id=a1a708b2c3&e=0123456789"
PIXEL = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"
SAFE = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fshop.example%2Fsale&data=05%7C01&sdata=a&reserved=0"
FLOWED, JOINED = Flow(flowed=True), Flow(flowed=True, joined=True)


@pytest.mark.parametrize("url", [SES, UTM], ids=["redirect", "parameters"])
@pytest.mark.parametrize(
    "around",
    [
        "{}",
        "Our sale: {}.\r\nBye",
        "Sale ( {} )",
        "Sale ({})",
        "Sale <{}>",
        "<URL:{}>",
        "[{}]",
        "[Sale]({})",
        "*{}*",
        '"{}"',
        "> {}\r\n> more",
        "“{}”",
        "é {}\r\n-- \r\nShop",
        "{}\r\n=========================\r\n",
    ],
)
def test_an_address_leads_straight_to_its_destination(page: MakePage, url: str, around: str) -> None:
    before = around.format(url)
    assert edited(before, list(plain(page(before)))) == around.format(SALE)
    assert list(plain(page(around.format(SALE)))) == []


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example/sale?id=7",
        "mailto:a@shop.example?utm_source=x",
        "https://shop.example/unsubscribe?utm_source=x",
        f"Unsubscribe: {UTM}",
        f"To confirm your address, open\r\n{UTM}\r\n",
        f"Klik op {UTM} om uit te schrijven of u af te melden: afmelden",
        "https://b.s3.amazonaws.com/f?utm_source=x&X-Amz-Signature=00ff",
        f"{SES[:60]}...",
        f"{UTM}é",
        f"@@\n@@ -1,2 +1,2 @@\n-a\n+{UTM}\n",
        f"-----BEGIN PGP SIGNED MESSAGE-----\n\n{UTM}\n",
        f"{UTM}|x",
        f"![]({PIXEL})",
        f"[{PIXEL}]",
    ],
)
def test_what_is_not_certain_or_needed_stays(page: MakePage, text: str) -> None:
    assert list(plain(page(text))) == []


def test_a_redirect_is_unwrapped_whatever_it_is_for(page: MakePage) -> None:
    before = f"Unsubscribe: {SES}"
    assert edited(before, list(plain(page(before)))) == f"Unsubscribe: {SALE}"


def test_an_opaque_redirect_is_reported_and_kept_and_strict_cuts_the_recipient(page: MakePage) -> None:
    (proposal,) = plain(page(f"<{OPAQUE}>"))
    assert (proposal.action, proposal.vendor, proposal.cut.replacement) == ("kept", "mailchimp", None)
    before = f"<{OPAQUE}>"
    assert edited(before, list(plain(page(before, "strict")))) == before.replace("&e=0123456789", "")


def test_security_links_are_unwrapped_only_when_switched_on(page: MakePage) -> None:
    on = replace(POLICIES["balanced"], security_links=True)
    assert edited(SAFE, list(plain(page(SAFE)))) == SAFE
    assert edited(SAFE, list(plain(page(SAFE, on)))) == "https://shop.example/sale"


def test_the_recipients_address_is_reported(page: MakePage) -> None:
    (proposal,) = plain(page("https://shop.example/?m=reader@home.example", recipients=("reader@home.example",)))
    assert (proposal.kind, proposal.action) == ("address-leak", "kept")


def test_an_address_broken_by_soft_breaks_is_read_whole(page: MakePage) -> None:
    before = f"See {SES[:40]} \r\n{SES[40:90]} \r\n{SES[90:]} or call.\r\n"
    assert edited(before, list(plain(page(before), JOINED))) == f"See {SALE} or call.\r\n"


def test_an_address_broken_in_angle_brackets_is_read_whole(page: MakePage) -> None:
    before = f"See <{SES[:40]}\r\n{SES[40:]}>.\r\n"
    assert edited(before, list(plain(page(before)))) == f"See <{SALE}>.\r\n"


def test_half_an_address_is_left_alone(page: MakePage) -> None:
    wrapped = f"{UTM}&c=0123456789%20\r\n0123456789%20x\r\n"
    assert list(plain(page(wrapped))) == []
    assert list(plain(page(f"> {UTM} \r\n> &b=2\r\n"), JOINED)) == []


def test_blanks_go_behind_the_word_but_not_where_they_would_make_a_line_flow(page: MakePage) -> None:
    def padded(text: str, flow: Flow) -> str:
        (proposal,) = plain(page(text), flow)
        start, end, replacement, pad = proposal.cut
        assert replacement is not None
        return text[:start] + replacement[:pad] + "  " + replacement[pad:] + text[end:]

    assert padded(f"a <{UTM}>.\r\nb", Flow()) == f"a <{SALE}>.  \r\nb"
    assert padded(f"a <{UTM}>.\r\nb", FLOWED) == f"a   <{SALE}>.\r\nb"
    assert padded(f"a <{UTM}> b", FLOWED) == f"a <{SALE}>   b"
