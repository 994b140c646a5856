"""Who a message says it is from: only what no two readers could read differently."""

import pytest

from sluis.message.author import author, list_id
from sluis.message.fields import fields


def read(header: bytes) -> tuple[str | None, str | None]:
    raw = header + b"\r\nbody"
    found, _, _ = fields(raw, 0, len(raw))
    return author(found, raw), list_id(found, raw)


@pytest.mark.parametrize(
    ("value", "address"),
    [
        (b"ann@example.org", "ann@example.org"),
        (b"Ann <Ann@Example.ORG>", "ann@example.org"),
        (b'"Ann, of <x@y.example>" <ann@example.org>', "ann@example.org"),
        (b"=?utf-8?q?Ann?= B. <ann@example.org>", "ann@example.org"),
        (b"Ann (x@y.example) \r\n <ann@example.org> (home)", "ann@example.org"),
        (b'"ann b"@example.org', "ann b@example.org"),
        (b"<ann@example.org>", "ann@example.org"),
        (b"\xc3\xa9 <ann@example.org>", "ann@example.org"),
        ("ann@m\u00fcller.Example".encode(), "ann@xn--mller-kva.example"),
        (b"ann@m\xfcller.example", None),
        (b"", None),
        (b"Ann", None),
        (b"ann@example.org, bob@example.com", None),
        (b"bob@example.com <ann@example.org>", None),
        (b"<ann@example.org> <bob@example.com>", None),
        (b"<ann@example.org> bob", None),
        (b"Team: ann@example.org;", None),
        (b"<@relay.example:ann@example.org>", None),
        (b"ann@bob@example.org", None),
        (b"ann@example.org (", None),
        (b'"Ann <ann@example.org>', None),
        (b'ann@"example.org"', None),
        (b"ann@exa mple.org", None),
        (b"ann@-.example", None),
        (b"@example.org", None),
        (b"<<ann@example.org>>", None),
    ],
)
def test_author(value: bytes, address: str | None) -> None:
    assert read(b"From: " + value + b"\r\n")[0] == address


def test_two_from_fields_have_no_author() -> None:
    assert read(b"From: a@b.example\r\nfrom: a@b.example\r\n")[0] is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (b"<dev.lists.example>", "dev.lists.example"),
        (b'"Dev; <x>" talk (y) <Dev.Lists.Example>', "dev.lists.example"),
        (b"dev.lists.example", None),
        (b"<a.example> <b.example>", None),
        (b"<a b>", None),
        (b'<"a.example">', None),
        (b"<>", None),
        (b"<a.example> tail", None),
    ],
)
def test_list_id(value: bytes, name: str | None) -> None:
    assert read(b"List-Id: " + value + b"\r\n")[1] == name


def test_two_lists_are_none() -> None:
    assert read(b"List-Id: <a.example>\r\nList-Id: <a.example>\r\n")[1] is None
