"""Text that shows a link's address goes where the address goes; every other text stays."""

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.links import links

SES = "https://vk39fk6q.r.eu-west-1.awstrack.me/L0/https:%2F%2Fshop.example%2Fsale%3Fa=1%26b=2/1/0102018969854525-eb08255a-000000/x-Y_z=9"
UTM = "https://shop.example/sale?a=1&amp;b=2&amp;utm_source=news"
SALE = "https://shop.example/sale?a=1&amp;b=2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f'<a href="{SES}">{SES}</a>', f'<a href="{SALE}">{SALE}</a>'),
        (f'<a href="{UTM}">{UTM}</a>', f'<a href="{SALE}">{SALE}</a>'),
        (f'<a href="{UTM}">\n  {UTM}\n</a>', f'<a href="{SALE}">\n  {SALE}\n</a>'),
        (f'<a href="{SES}"><b style="a">{SES}</b></a>', f'<a href="{SALE}"><b style="a">{SALE}</b></a>'),
        (f"<A HREF={SES} target=x>{SES[:30]}\r\n{SES[30:]}</A>", f"<A HREF={SALE} target=x>{SALE}</A>"),
        (f'<a href="{SES}">{UTM}</a>', f'<a href="{SALE}">{SALE}</a>'),
    ],
)
def test_the_text_follows_the_link(page: MakePage, before: str, after: str) -> None:
    found = list(links(page(before)))
    assert edited(before, found) == after
    assert [proposal.technique for proposal in found[1:]] == ["link-text"]


@pytest.mark.parametrize(
    "text",
    [
        "Sale",
        "shop.example",
        SES.removeprefix("https://"),
        SES[:40] + "…",
        SES[:40] + "...",
        f"See {SES}",
        f"{SES} now",
        f"{SES}.",
        "https://shop.example/sale",
        "https://other.example/?utm_source=x",
        f"{SES}<br>more",
        "",
    ],
)
def test_any_other_text_stays(page: MakePage, text: str) -> None:
    before = f'<a href="{SES}">{text}</a>'
    assert edited(before, list(links(page(before)))) == f'<a href="{SALE}">{text}</a>'


def test_a_link_that_stays_keeps_its_text(page: MakePage) -> None:
    before = "<a href='https://shop.example/unsubscribe?utm_source=x'>https://shop.example/unsubscribe?utm_source=x</a>"
    assert list(links(page(before))) == []
