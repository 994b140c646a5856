"""What a page does with its images: counted by address, and by name within a site where the address asks nothing."""

from sluis.detect.box import UNSIZED, Box
from sluis.detect.layout import Layout, Use
from sluis.urls.parse import Url, parse

DOT, RULE = Box(1, 1), Box(600, 1)


def url(address: str) -> Url:
    parsed = parse(address)
    assert parsed is not None
    return parsed


A, B, ASKING = (
    url("https://a.shop.example/x.gif"),
    url("https://b.shop.example/y/x.gif"),
    url("https://shop.example/x?u=1"),
)


def test_it_counts_names_within_a_site() -> None:
    other = url("https://other.example/x.gif")
    layout = Layout([(A, DOT), (A, DOT), (B, DOT), (other, DOT), (ASKING, DOT)], [])
    assert [layout.use(each) for each in (A, B, other, ASKING)] == [Use(3), Use(3), Use(1), Use(1)]


def test_it_is_stretched_where_it_is_drawn_to_more_than_a_dot() -> None:
    assert Layout([(A, DOT), (A, RULE)], []).use(A) == Use(2, stretched=True)
    assert Layout([(A, DOT), (A, Box(600, 1, "display:none"))], []).use(A) == Use(2)
    assert Layout([(A, DOT), (A, UNSIZED)], []).use(A) == Use(2, stretched=True)


def test_two_pictures_make_a_folder_theirs() -> None:
    pictures = [url("https://a.shop.example/1.png"), url("https://a.shop.example/2.png")]
    assert Layout([(A, DOT)], pictures).use(A) == Use(1, beside=True, alone=False)
    assert Layout([(B, DOT)], pictures).use(B) == Use(1)
    assert Layout([(A, DOT)], [pictures[0], pictures[0]]).use(A) == Use(1, alone=False)
    assert Layout([(ASKING, DOT)], pictures).use(ASKING) == Use(1)


PICTURES = [
    url("https://shop.example/images/6751c52d3e25/original.png?1733412141"),
    url("https://shop.example/images/690131830cb9/original.jpg?1761685891"),
]


def test_an_address_is_akin_that_differs_by_a_hash_and_a_time() -> None:
    for address, akin in {
        "https://shop.example/images/6781931dbd4d/original.gif": True,
        "https://shop.example/images/6781931dbd4d/original.gif?1733412245": True,
        "https://shop.example/images/6781931dbd4d/original.gif?17334": False,
        "https://shop.example/images/6781931dbd4d/original.gif?u=1": False,
        "https://shop.example/images/6781931dbd4d/open.gif": False,
        "https://shop.example/images/original.gif": False,
        "https://other.example/images/6781931dbd4d/original.gif": False,
    }.items():
        assert Layout([(url(address), DOT)], PICTURES).use(url(address)).akin is akin, address
    assert not Layout([], PICTURES[:1]).use(PICTURES[0]).akin


def test_a_hash_is_common_that_two_pictures_have() -> None:
    pictures = [url(f"https://shop.example/lib/fe95157070660d/m/{each}/a.png") for each in (1, 2)]
    for address, common in {
        "https://shop.example/lib/fe95157070660d/m/16/b.png": True,
        "https://shop.example/lib/fe95157070660d/6751c52d3e25/b.png": False,
        "https://shop.example/lib/m/16/b.png": False,
        "https://other.example/lib/fe95157070660d/m/16/b.png": False,
    }.items():
        assert Layout([(url(address), DOT)], pictures).use(url(address)).common is common, address
