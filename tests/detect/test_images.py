"""Which images go, which lose their source, and which stay."""

from dataclasses import replace

import pytest
from tests.detect.conftest import MakePage, edited

from sluis.detect.images import images
from sluis.detect.links import links
from sluis.detect.page import Page
from sluis.policy import POLICIES
from sluis.report import Action, Kind
from sluis.rules.adblock import Blocklist

TOKEN = "https://mail.shop.example/i/8f14e45fceea167a5a36dedd4bea2543"
PIXEL = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
LOGO = "https://mail.shop.example/logo.png"
OPEN = "https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"


@pytest.mark.parametrize(
    "image",
    [
        f"<img src={TOKEN} width=1 height=1>",
        f"<IMG HEIGHT='1' SRC='{TOKEN}' WIDTH='1'/>",
        f'<img width=0 height=0 alt="" src="{TOKEN}">',
        f'<img src="{TOKEN}" style="display:none">',
        f'<img src="{TOKEN}" style="width:1px;height:1px">',
        f'<img src="{TOKEN}" width="2" height="6">',
        f'<img src="{TOKEN}" height="1">',
        f'<img src="{OPEN}">',
        f'<img src="{OPEN}" style="display:block">',
        '<img src="https://mail.shop.example/open.gif" width=1 height=1>',
        f'<img srcset="{TOKEN} 1x" width=1 height=1>',
        f'<img srcset="cid:x 9x,{OPEN} 1x">',
        f'<img src="{OPEN}#{"x" * 80_000}">',
        f'<img src="{" " * 80_000}{OPEN}">',
        f'<img src="//mail.shop.example/{TOKEN[-32:]}" width=1 height=1>',
        f'<img src=" \n{TOKEN[:30]}\t{TOKEN[30:]}" width=1 height=1>',
    ],
)
def test_a_beacon_goes_and_nothing_else(page: MakePage, image: str) -> None:
    text = f"<p>Hello</p>\n{image}\n</body>"
    assert edited(text, list(images(page(text)))) == "<p>Hello</p>\n\n</body>"


@pytest.mark.parametrize(
    "text",
    [
        f'<img src="{LOGO}" width=120 height=40>',
        f'<img src="{LOGO}">',
        f'<img src="{TOKEN}.jpg" width=600 height=300>',
        f'<img src="{TOKEN}.png" style="display:none">',
        '<img src="https://mail.shop.example/spacer.gif" width=1 height=1>',
        '<img src="https://mail.shop.example/spacer.gif" width=600 height=1>',
        '<img src="https://mail.shop.example/line.gif" width=1 height=9>' * 4,
        f'<img src="{TOKEN}.gif" width=30 height=1>' * 2,
        '<img src="cid:pixel" width=1 height=1><img src="data:image/gif;base64,R0" width=1 height=1>',
        '<img src="pixel.gif" width=1 height=1>',
    ],
)
def test_content_and_layout_stay(page: MakePage, text: str) -> None:
    assert list(images(page(text))) == []


def test_a_removed_tag_joins_nothing(page: MakePage) -> None:
    text = f'<scr<img src="{OPEN}">ipt src=x> a<img hidden src="{OPEN}">b'
    assert edited(text, list(images(page(text)))) == "<scr<img >ipt src=x> a b"


def dot(address: str, more: str = "") -> str:
    return f'<img src="{address}" width=1 height=1{more}>'


def test_what_says_who_asks_is_a_beacon_however_often_it_stands(page: MakePage) -> None:
    assert edited(dot(TOKEN) * 3, list(images(page(dot(TOKEN) * 3)))) == ""


def test_what_is_a_beacon_once_is_one_however_often_it_stands(page: MakePage) -> None:
    """Or those that stay would be fewer, and guilty, the next time."""
    small, other = dot("https://a.shop.example/opens.gif"), dot("https://b.shop.example/y/opens.gif")
    hidden = dot("https://a.shop.example/opens.gif", " style=display:none")
    assert list(images(page(small * 2 + other))) == []
    for text in (small * 2 + hidden, small + other + hidden):
        assert edited(text, list(images(page(text)))) == ""


@pytest.mark.parametrize(
    ("behind", "gone"),
    [
        (f"{LOGO[:-8]}divider.png", False),
        (TOKEN, True),
        (OPEN, True),
    ],
)
def test_behind_a_proxy_it_is_the_address_asked_for_that_counts(page: MakePage, behind: str, gone: bool) -> None:
    text = f'<img src="https://ci3.googleusercontent.com/meips/{TOKEN[-32:]}=s0-d-e1-ft#{behind}" width=3 height=20>'
    assert bool(list(images(page(text)))) is gone


def test_who_runs_a_server_says_nothing_for_it(page: MakePage) -> None:
    text = f'<img src="https://1.2.0.192.bc.googleusercontent.com/{TOKEN[-32:]}#{LOGO}" width=3 height=20>'
    assert edited(text, list(images(page(text)))) == ""


def test_a_dot_among_pictures_is_theirs(page: MakePage) -> None:
    pictures = '<img src="https://shop.example/11/a.png"><img src="https://shop.example/11/b.png" width=90 height=90>'
    assert list(images(page(pictures + dot("https://shop.example/11/x.gif")))) == []
    assert list(images(page(pictures + dot("https://shop.example/12/x.gif")))) == []
    for address in ("https://dots.shop.example/12/x.gif", "https://shop.example/11/x.gif?id=12345678"):
        assert edited(pictures + dot(address), list(images(page(pictures + dot(address))))) == pictures


def test_amid_the_words_a_beacon_keeps_its_line(page: MakePage) -> None:
    """Without it the line would close up, and all that follows move."""
    text = f'<p>a</p><img src="{OPEN}" width=1 height=1><p>b</p><img src="{OPEN}" width=1 height=1>&nbsp;</body>'
    (first, second) = images(page(text))
    assert [(each.kind, each.action) for each in (first, second)] == [
        (Kind.OPEN_PIXEL, Action.BLANKED),
        (Kind.OPEN_PIXEL, Action.REMOVED),
    ]
    assert edited(text, [first, second]) == f'<p>a</p><img src="{PIXEL}" width=1 height=1><p>b</p>&nbsp;</body>'


def test_within_an_attribute_only_the_source_goes(page: MakePage) -> None:
    """The tag's last quote belongs to the title around it."""
    text = f"""<b title="<img src={OPEN}">Hi</b>"""
    assert edited(text, list(images(page(text)))) == """<b title="<img ">Hi</b>"""


def test_to_keep_a_length_a_tag_becomes_a_comment(page: MakePage) -> None:
    tag = f'<img src="{OPEN}">'
    text = f"{tag}<!--[if mso]>{tag}<![endif]-->"
    from dataclasses import replace

    found = list(images(page(text, replace(POLICIES["balanced"], fit=True))))
    assert edited(text, found) == "<!----><!--[if mso]><![endif]-->"
    assert [proposal.cut.pad for proposal in found] == [4, 0]


def test_a_visible_image_that_counts_opens_keeps_its_box(page: MakePage) -> None:
    text = f'<img src="{OPEN}" width=200 height=50>'
    (proposal,) = images(page(text))
    assert (proposal.kind, proposal.action, proposal.vendor) == ("tracking-image", "blanked", "sendgrid")
    assert edited(text, [proposal]).startswith('<img src="data:image/gif;base64,')
    assert edited(text, [proposal]).endswith('" width=200 height=50>')


NAMING = "https://img.shop.example/hero/reader@home.example/{}"
READER = ("Reader@Home.example",)


def test_the_recipients_address_condemns_an_image(page: MakePage) -> None:
    text = f"<img src='{NAMING.format('h')}'>"
    (proposal,) = images(page(text, recipients=READER))
    assert (proposal.kind, proposal.action) == ("address-leak", "blanked")
    assert list(images(page(text, recipients=("other@home.example",)))) == []


@pytest.mark.parametrize(
    "image", [f"{NAMING.format('h')} width=600", f"{NAMING.format('h')} width=600 height=90", NAMING.format("h.png")]
)
def test_a_picture_stays_for_all_that_it_names_the_recipient(page: MakePage, image: str) -> None:
    text = f"<img src={image}>"
    (proposal,) = images(page(text, recipients=READER))
    assert (proposal.kind, proposal.action, edited(text, [proposal])) == ("address-leak", "kept", text)
    assert (proposal.technique, proposal.why) == ("recipient", "its address carries the recipient's address in clear")
    (proposal,) = images(page(text, "strict", READER))
    assert (proposal.kind, proposal.action) == ("address-leak", "blanked")


@pytest.mark.parametrize("how", ["width=1 height=1", "style='display:none'", "width=600 height=2"])
def test_what_is_no_picture_does_not(page: MakePage, how: str) -> None:
    (proposal,) = images(page(f"<img src={NAMING.format('h.png')} {how}>", recipients=READER))
    assert proposal.action is not Action.KEPT


def test_strict_blanks_every_remote_image(page: MakePage) -> None:
    text = f'<img src="{LOGO}" width=9 height=9><img src="cid:x"><input type=image src={LOGO}>'
    assert [proposal.kind for proposal in images(page(text, "strict"))] == ["remote-image"] * 2


def test_a_file_share_is_no_image(page: MakePage) -> None:
    text = "<img src='file://host/share/x.png' width=50 height=50>"
    (proposal,) = images(page(text))
    assert (proposal.technique, edited(text, [proposal])) == ("file-share", "<img  width=50 height=50>")


@pytest.mark.parametrize(
    "address", ["ftp://t.example/x.png", " WSS://t.example/x", f"feed:{LOGO}", f"view-source:{LOGO}"]
)
def test_what_is_called_by_another_protocol_is_no_image(page: MakePage, address: str) -> None:
    (proposal,) = images(page(f"<img src='{address}' width=50 height=50>"))
    assert (proposal.technique, proposal.cut.replacement) == ("foreign-scheme", "")


@pytest.mark.parametrize("address", ["cid:a", "data:image/png;base64,R0", "x-photo://1/2", "mid://1/!cid:a", "a.png"])
def test_what_calls_nobody_stays(page: MakePage, address: str) -> None:
    assert list(images(page(f"<img src='{address}' width=50 height=50>", "strict"))) == []


class TestLists:
    """A list's word is one signal: with it a small image goes, and one that is seen loses its source."""

    LISTED = Blocklist("||mail.shop.example^$image\n", "kade")

    @pytest.fixture
    def listed(self, page: MakePage) -> MakePage:
        def make(text: str) -> Page:
            made = page(text)
            return replace(made, rules=replace(made.rules, lists=(self.LISTED,)))

        return make

    def test_a_small_one_goes(self, page: MakePage, listed: MakePage) -> None:
        text = f'<img src="{LOGO}" height=9 width=1>'
        assert list(images(page(text))) == []
        [proposal] = images(listed(text))
        assert (proposal.kind, proposal.technique, proposal.vendor) == (Kind.OPEN_PIXEL, "listed", "kade")
        assert proposal.rule == "kade/||mail.shop.example^$image"
        assert "the list kade names its address as a tracker's" in proposal.why

    def test_one_that_is_seen_loses_its_source(self, listed: MakePage) -> None:
        [proposal] = images(listed(f'<img src="{LOGO}" height=40 width=120>'))
        assert (proposal.kind, proposal.action) == (Kind.TRACKING_IMAGE, Action.BLANKED)

    def test_our_own_rules_come_first(self, listed: MakePage) -> None:
        [proposal] = images(listed(f'<img src="{OPEN}">'))
        assert proposal.vendor == "sendgrid"

    def test_links_and_other_hosts_are_left_alone(self, listed: MakePage) -> None:
        text = f'<a href="{LOGO}">logo</a><img src="https://other.example/logo.png" width=120 height=40>'
        assert list(images(listed(text))) == list(links(listed(text))) == []


def test_every_source_of_a_tag_is_found_however_often_it_is_repeated(page: MakePage) -> None:
    text = f'<img src="{OPEN}" src="{OPEN}" srcset="{OPEN} 1x, {OPEN} 2x" width=90 height=40>'
    assert OPEN not in edited(text, list(images(page(text))))


def test_an_address_that_a_browser_reads_past_a_stray_quote_is_judged_as_such(page: MakePage) -> None:
    past = OPEN.replace("/wf/", '/a"/../wf/')
    for name in ("src", "srcset"):
        (found,) = images(page(f"<img {name}={past}>"))
        assert (found.kind, found.url) == (Kind.OPEN_PIXEL, past)
        assert "sendgrid" not in edited(f"<img {name}={past}>", [found])
