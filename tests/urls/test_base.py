"""What a base and a relative address make together, and of what nothing is made."""

import re
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.urls.base import base
from sluis.urls.parse import parse


@pytest.mark.parametrize(
    ("text", "address", "joined"),
    [
        ("http://b.example", "a.gif", "http://b.example/a.gif"),
        ("http://b.example/?c=1", "a.gif", "http://b.example/a.gif"),
        ("http://b.example/c/d.html", "a.gif?x=/y", "http://b.example/c/a.gif?x=/y"),
        ("http://b.example/c/d.html?e", "/a.gif", "http://b.example/a.gif"),
        ("http://b.example/c/d.html?e", "?a", "http://b.example/c/d.html?a"),
        ("http://b.example?e", "?a", "http://b.example?a"),
        ("HTTPS://b.example:81/c/", "../a%20b.gif", "HTTPS://b.example:81/c/../a%20b.gif"),
        ("http://192.0.2.1/c/", "./", "http://192.0.2.1/c/./"),
    ],
)
def test_joined(text: str, address: str, joined: str) -> None:
    found = base(text)
    assert found is not None
    assert found.join(address) == joined


@pytest.mark.parametrize(
    "address",
    [
        *(
            "",
            "#a",
            "a#b",
            "//t.example/a",
            "/\\t.example/a",
            "\\a",
            "a\\b",
            "a//b",
            "..//a",
            " a",
            "a b",
            "a\n",
            "\ta",
        ),
        *("http:a", "https://t.example/", "cid:a", "javascript:a", "a:b", "é", "a\0", "a'", 'a"', "a<b", "a?b#c"),
    ],
)
def test_what_is_not_plainly_relative_is_joined_to_nothing(address: str) -> None:
    found = base("http://b.example/c/")
    assert found is not None
    assert found.join(address) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "/", "//b.example/", "b.example", "ftp://b.example/", "http:b.example", "http:/b.example/", "http:///b"),
        *(
            "http:\\\\b.example\\",
            " http://b.example/",
            "http://b.example/ ",
            "http://b.exam\tple/",
            "http://a@b.example/",
        ),
        *("http://b.example/c/../d", "http://b.example/./", "http://b.example/%2e%2e/", "http://b.example/#c"),
        *(
            "http://b.example/a\\b",
            "http://b.éxample/",
            "http://[::1]/",
            "http://b.example:x/",
            "http://b.example/&amp;",
        ),
    ],
)
def test_what_is_no_plain_base(text: str) -> None:
    assert base(text) is None


_DOTTED = re.compile(r"[/\\]\.[^./\\?#][^?#]*[/\\]\.")


@given(
    st.sampled_from(["http://b.example", "http://b.example/", "http://b.example/c/d", "http://b.example/c/?e=/f"]),
    st.text(st.sampled_from("ab./?%2e=:#\\"), max_size=12),
)
def test_it_is_what_the_standard_library_joins(text: str, address: str) -> None:
    """Which does away with dots at once; both are compared as browsers read them. It takes `?` for nothing at all.

    Behind a segment that begins with a dot, `can_ada` overlooks those that are nothing else.
    """
    if address == "?" or "%" in address or _DOTTED.search("/" + address):
        return
    if (found := base(text)) and (joined := found.join(address)):
        ours, theirs = parse(joined), parse(urljoin(text, address))
        assert ours
        assert theirs
        assert (ours.host, ours.path, ours.query) == (theirs.host, theirs.path, theirs.query)
