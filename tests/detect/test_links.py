"""Which links are unwrapped or stripped, and which are left alone."""

from dataclasses import replace

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.links import links
from sluis.policy import POLICIES

SES = "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fsale%3Fa=1%26b=2/1/0102018969854525-eb08255a-000000/x-Y_z=9"
SAFE = "https://eur01.safelinks.protection.outlook.com/?url=https%3A%2F%2Fshop.example%2Fsale&data=05%7C01&sdata=a&reserved=0"
OPAQUE = "https://shop.us13.list-manage.com/track/click?u=c299c0fb17f046bcb08075f46&id=a1a708b2c3&e=0123456789"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'<a href="{SES}">', '<a href="https://shop.example/sale?a=1&amp;b=2">'),
        (f"<a\nhref = {SES} >", "<a\nhref = https://shop.example/sale?a=1&amp;b=2 >"),
        (f"<AREA HREF='{SES}'>", "<AREA HREF='https://shop.example/sale?a=1&amp;b=2'>"),
        (f'<svg:a xlink:href="{SES}">', '<svg:a xlink:href="https://shop.example/sale?a=1&amp;b=2">'),
        (
            f'<!--[if mso]><a href="{SES}"><![endif]-->',
            '<!--[if mso]><a href="https://shop.example/sale?a=1&amp;b=2"><![endif]-->',
        ),
        (
            '<a href="https://shop.example/?utm_source=x&amp;id=7&amp;utm_medium=email#top">',
            '<a href="https://shop.example/?id=7#top">',
        ),
        (
            '<a href="https://shop.example/?a=1&b=2&utm_source=x">',
            '<a href="https://shop.example/?a=1&b=2">',
        ),
        ('<a href="https://shop.example/?utm_source=x">', '<a href="https://shop.example/">'),
    ],
)
def test_a_link_leads_straight_to_its_destination(page: MakePage, before: str, after: str) -> None:
    assert edited(before, list(links(page(before)))) == after


@pytest.mark.parametrize(
    "text",
    [
        '<a href="https://shop.example/sale?id=7">',
        '<a href="mailto:a@shop.example?utm_source=x">',
        '<a href="/sale?utm_source=x">',
        '<a href="https://shop.example/unsubscribe?utm_source=x">',
        '<a href="https://shop.example/p?utm_source=x">Unsubscribe</a>',
        '<a href="https://shop.example/p?utm_source=x"><b>Uitschrijven</b></a>',
        '<a href="https://shop.example/p?utm_source=x">Passwort zurücksetzen</a>',
        '<a href="https://b.s3.amazonaws.com/f?utm_source=x&X-Amz-Signature=00ff">',
        '<a name="utm_source=x">',
    ],
)
def test_what_a_person_relies_on_stays(page: MakePage, text: str) -> None:
    assert list(links(page(text))) == []


def test_what_an_image_in_it_is_called_says_nothing(page: MakePage) -> None:
    """For the image may go, and the link would be another the next time."""
    text = '<a href="https://shop.example/p?utm_source=x"><img src="https://shop.example/login.png">Our shop</a>'
    assert edited(text, list(links(page(text)))) == text.replace("?utm_source=x", "")


def test_security_links_are_unwrapped_only_when_switched_on(page: MakePage) -> None:
    text = f'<a href="{SAFE}">'
    assert [proposal.cut.replacement for proposal in links(page(text))] == [None] * len(list(links(page(text))))
    on = replace(POLICIES["balanced"], security_links=True)
    (proposal,) = links(page(text, on))
    assert edited(text, [proposal]) == '<a href="https://shop.example/sale">'
    assert proposal.technique == "security-redirect"


def test_an_opaque_redirect_is_reported_and_kept(page: MakePage) -> None:
    (proposal,) = links(page(f'<a href="{OPAQUE}">'))
    assert (proposal.kind, proposal.action, proposal.vendor) == ("click-redirect", "kept", "mailchimp")
    assert proposal.cut.replacement is None


def test_strict_cuts_the_recipient_from_an_opaque_redirect(page: MakePage) -> None:
    text = f'<a href="{OPAQUE}">'
    (proposal,) = links(page(text, "strict"))
    assert edited(text, [proposal]) == f'<a href="{OPAQUE.removesuffix("&e=0123456789")}">'


def test_a_link_with_the_recipients_address_is_reported(page: MakePage) -> None:
    (proposal,) = links(
        page('<a href="https://shop.example/?m=reader@home.example">', recipients=("reader@home.example",))
    )
    assert (proposal.kind, proposal.action) == ("address-leak", "kept")


def test_every_repeated_attribute_is_unwrapped(page: MakePage) -> None:
    text = f'<a href="{SES}" href="{SES}">'
    assert edited(text, list(links(page(text)))).count("https://shop.example/sale") == 2


def test_a_character_beyond_ascii_survives_a_stripped_parameter(page: MakePage) -> None:
    before = '<a href="https://shop.example/wö?utm_source=x">'
    assert edited(before, list(links(page(before)))) == '<a href="https://shop.example/w&#246;">'


@pytest.mark.parametrize(("name", "rule"), [("out", "likely"), ("outgoing", "carried")])
def test_a_redirect_that_no_rule_names_is_nobody_s(page: MakePage, name: str, rule: str) -> None:
    (found,) = links(page(f'<a href="https://news.example/{name}?u=https%3A%2F%2Fshop.example%2F">sale</a>'))
    assert (found.vendor, found.rule, found.destination) == (None, rule, "https://shop.example/")
    assert "to an unknown server" in found.why


@pytest.mark.parametrize(("name", "changed"), [("out", False), ("outgoing", True)])
def test_what_a_person_relies_on_is_only_led_where_it_surely_leads(page: MakePage, name: str, changed: bool) -> None:
    text = f'<a href="https://news.example/{name}?u=https%3A%2F%2Fshop.example%2F">Unsubscribe</a>'
    assert bool(list(links(page(text)))) is changed


@pytest.mark.parametrize(
    ("policy", "left"),
    [("balanced", "s=825877&amp;li=1&amp;m=7b2c9d&amp;p=29"), ("strict", "s=825877&amp;li=1&amp;p=29")],
)
def test_a_redirect_to_another_leaves_no_recipient_behind(page: MakePage, policy: str, left: str) -> None:
    inner = "https%3A%2F%2Fsli.example.com%2Fclick%3Fs%3D825877%26li%3D1%26m%3D7b2c9d%26p%3D29"
    text = f'<a href="https://news.example/outgoing?u={inner}">sale</a>'
    once = edited(text, list(links(page(text, policy))))
    assert once == f'<a href="https://sli.example.com/click?{left}">sale</a>'
    assert not [found for found in links(page(once, policy)) if found.cut.replacement is not None]
