"""Paths and parameters: whose domain it is, and every octet as it was."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.smtp.path import Argument, argument


def rcpt(text: bytes) -> Argument | None:
    return argument(b"TO:", b"TO:" + text)


@pytest.mark.parametrize(
    ("path", "mailbox", "domain"),
    [
        (b"<>", "", ""),
        (b"<a@b.example>", "a@b.example", "b.example"),
        (b"<A.B@B.Example.>", "A.B@B.Example.", "b.example"),
        (b"<postmaster>", "postmaster", ""),
        (b"<o,k@x.example>", "o,k@x.example", "x.example"),
        (b"<a+b=c@x.example>", "a+b=c@x.example", "x.example"),
        (b'<"a b"@x.example>', '"a b"@x.example', "x.example"),
        (b'<"a>b@evil.example"@x.example>', '"a>b@evil.example"@x.example', "x.example"),
        (b'<"a\\"b\\\\"@x.example>', '"a\\"b\\\\"@x.example', "x.example"),
        (b"<@one.example,@two.example:a@x.example>", "a@x.example", "x.example"),
        (b"<a@[192.0.2.1]>", "a@[192.0.2.1]", "[192.0.2.1]"),
        (b"<a@[IPv6:2001:db8::1]>", "a@[IPv6:2001:db8::1]", "[ipv6:2001:db8::1]"),
        ("<søren@blåbær.example>".encode(), "søren@blåbær.example", "blåbær.example"),
        (b"<a%evil.example@x.example>", "a%evil.example@x.example", "x.example"),
        (b"<a!b@x.example>", "a!b@x.example", "x.example"),
    ],
)
def test_a_path_is_read_and_kept(path: bytes, mailbox: str, domain: str) -> None:
    read = rcpt(path)
    assert read
    assert (read.path.mailbox, read.path.domain, read.wire()) == (mailbox, domain, path)


@pytest.mark.parametrize(
    "path",
    [
        *(b"", b"a@b.example", b"<a@b.example", b"a@b.example>", b"<a@b@c.example>", b"<a b@c.example>"),
        *(b"<<a@b.example>>", b'<"a@b.example>', b"<@b.example>", b"<a@>", b"<@b.example:>x", b'<a"b@c.example>'),
        *(b"<a\\@b@c.example>", b"<a@b.example>SIZE=1", b"<a@b.example> =1", b"<a@b.example> SIZE="),
        *(b"<a@b.example> -X", b"<a@b.example>,<c@d>"),
    ],
)
def test_what_reads_in_two_ways_is_refused(path: bytes) -> None:
    assert rcpt(path) is None


def test_parameters_keep_their_spelling() -> None:
    text = b"<a@b.example> size=10 BODY=8BITMIME ENVID=QQ+3Dx ORCPT=rfc822;Bob+2Bx@Example.com SMTPUTF8"
    read = rcpt(text)
    assert read
    assert read.wire() == text
    assert [parameter.name for parameter in read.parameters] == [b"SIZE", b"BODY", b"ENVID", b"ORCPT", b"SMTPUTF8"]
    assert (read.value(b"ORCPT"), read.value(b"SMTPUTF8"), read.value(b"RET")) == (
        b"rfc822;Bob+2Bx@Example.com",
        None,
        None,
    )
    assert read.wire(without=b"SIZE") == text.replace(b" size=10", b"")


def test_extensions_are_known_by_their_parameters() -> None:
    read = rcpt(b"<a@b.example> NOTIFY=NEVER SIZE=1 MT-PRIORITY=3")
    assert read
    assert read.extensions == {b"DSN", b"SIZE", None}


def test_whose_login_a_message_is_sent_with_is_of_the_extension_for_logins() -> None:
    read = argument(b"FROM:", b"FROM:<a@b.example> AUTH=<>")
    assert read
    assert read.extensions == {b"AUTH"}


def test_blanks_before_a_path_are_not_passed_on() -> None:
    read = argument(b"FROM:", b"from:  <a@b.example>   SIZE=1")
    assert read
    assert read.wire() == b"<a@b.example> SIZE=1"


@given(st.binary(max_size=80))
def test_anything_is_read_or_refused(octets: bytes) -> None:
    read = rcpt(octets)
    assert read is None or octets.strip(b" ").startswith(read.path.wire)


@pytest.mark.parametrize("hostile", [b"<" + b"a" * 50_000, b'<"' + b"\\a" * 25_000, b"<a@" * 20_000])
def test_long_paths_are_refused_at_once(hostile: bytes) -> None:
    assert rcpt(hostile) is None
