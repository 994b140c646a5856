"""Whom a login is for, however it is said, and what that changes in what is read."""

from base64 import b64encode
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.imap.stage import RULES, Player, stage
from tests.imap.test_session import literal, passes

from sluis.clean import clean
from sluis.config.tree import PolicySection
from sluis.envelope import Envelope
from sluis.imap.command import Command
from sluis.imap.reader import Reader
from sluis.policy import POLICIES

ANN = "ann@lezer.example"
FIT = replace(POLICIES["balanced"], fit=True)


def said(*pieces: bytes) -> tuple[str, ...]:
    """Who reads after a command in pieces."""
    reader, command = Reader(), Command.read(pieces[0])
    assert command
    reader.begins()
    for piece in pieces:
        reader.says(command, piece)
    return reader.envelope.recipients


def words(text: str) -> bytes:
    return b64encode(text.encode()) + b"\r\n"


LOGINS = [
    (b"a LOGIN ann@lezer.example secret\r\n",),
    (b'a login "ann@lezer.example" "se@cret.example"\r\n',),
    (b"a LOGIN {17+}\r\n", b"ann@lezer", b".example", b" {14+}\r\n", b"bo@b.example x", b"\r\n"),
    (b"a AUTHENTICATE PLAIN " + words(f"\0{ANN}\0bo@b.example"),),
    (b"a AUTHENTICATE PLAIN " + words(f"{ANN}\0bo@b.example\0secret"),),
    (b"a AUTHENTICATE plain\r\n", words(f"\0{ANN}\0secret")),
    (b"a AUTHENTICATE LOGIN\r\n", words(ANN), words("bo@b.example")),
    (b"a AUTHENTICATE XOAUTH2 " + words(f"user={ANN}\1auth=Bearer x\1\1"),),
    (b"a AUTHENTICATE OAUTHBEARER\r\n", words(f"n,a={ANN},\1host=x\1auth=Bearer x\1\1")),
    (b"a AUTHENTICATE SCRAM-SHA-256\r\n", words(f"n,,n={ANN},r=a@b.example"), words("c=biws,r=x,p=y")),
    (b"a AUTHENTICATE SCRAM-SHA-1 " + words(f"y,a={ANN},n=bo@b.example,r=x"),),
]


@pytest.mark.parametrize("pieces", LOGINS)
def test_whom_a_login_is_for(pieces: tuple[bytes, ...]) -> None:
    assert said(*pieces) == (ANN,)


@pytest.mark.parametrize(
    "pieces",
    [
        (b"a LOGIN ann secret@b.example\r\n",),
        (b'a LOGIN "" a@b.example\r\n',),
        (b"a LOGIN ann@b.example*admin secret\r\n",),
        (b"a AUTHENTICATE EXTERNAL " + words(ANN),),
        (b"a AUTHENTICATE PLAIN !!!\r\n", words(f"\0{ANN}\0x")),
        (b"a AUTHENTICATE PLAIN *\r\n",),
        (b"a AUTHENTICATE CRAM-MD5\r\n", words(f"{ANN} digest")),
    ],
)
def test_who_is_nobody_in_particular(pieces: tuple[bytes, ...]) -> None:
    assert said(*pieces) == ()


@given(st.sampled_from([b"a LOGIN ", b"a AUTHENTICATE ", b"a AUTHENTICATE PLAIN "]), st.lists(st.binary()))
def test_nothing_a_client_says_stops_it(begin: bytes, pieces: list[bytes]) -> None:
    assert len(said(begin + b"\r\n", *pieces)) <= 1


URL = b"https://shop.example/sale?e=ann%40lezer.example&x=7"
RAW = b"Content-Type: text/html\r\n\r\n<p>hi</p><img src='%s'><a href='%s'>x</a>\r\n" % (URL, URL)
RAW += b"<img src='https://shop.example/logo.png' width=600 height=200>\r\n"
READ_BY_ANN = clean(RAW, FIT, RULES, Envelope(recipients=(ANN,))).raw
READ_BY_NOBODY = clean(RAW, FIT, RULES).raw
STRICT = clean(RAW, replace(POLICIES["strict"], fit=True), RULES, Envelope(recipients=(ANN,))).raw


def test_who_reads_matters() -> None:
    assert len({READ_BY_ANN, READ_BY_NOBODY, STRICT}) == 3


async def reads(client: Player, server: Player, cleaned: bytes) -> None:
    await passes(client, server, b"f FETCH 1 BODY[]\r\n")
    said = b"* 1 FETCH (BODY[] %s)\r\nf OK done\r\n"
    await passes(server, client, said % literal(RAW), said % literal(cleaned))


async def test_each_reads_what_is_cleaned_for_them() -> None:
    async with stage() as played:
        for login, cleaned in ((b"a LOGIN ann x\r\n", READ_BY_NOBODY), (LOGINS[0][0], READ_BY_ANN)) * 2:
            client, server = await played.pair()
            await passes(client, server, login)
            await passes(server, client, b"a OK in\r\n")
            await reads(client, server, cleaned)


async def test_who_is_in_stays_who_it_is() -> None:
    """Another login waits for the first, and after that changes nothing; a refused one counts for nothing."""
    async with stage() as played:
        client, server = await played.pair()
        await client.says(b"a LOGIN bo@b.example x\r\n" + LOGINS[0][0] + b"b LOGIN eve@b.example x\r\n")
        await server.hears(b"a LOGIN bo@b.example x\r\n")
        await passes(server, client, b"a NO not you\r\n")
        await server.hears(LOGINS[0][0])
        await passes(server, client, b"a OK in\r\n")
        await server.hears(b"b LOGIN eve@b.example x\r\n")
        await passes(server, client, b"b BAD you are in\r\n")
        await reads(client, server, READ_BY_ANN)
        await passes(client, server, b"c UNAUTHENTICATE\r\n")
        await passes(server, client, b"c OK out\r\n")
        await reads(client, server, READ_BY_NOBODY)


async def test_a_policy_by_recipient_is_that_of_who_reads() -> None:
    async with stage((PolicySection(recipient=ANN, policy="strict"),)) as played:
        client, server = await played.pair()
        await passes(client, server, b"a AUTHENTICATE PLAIN\r\n")
        await passes(server, client, b"+ \r\n")
        await passes(client, server, words(f"\0{ANN}\0x"))
        await passes(server, client, b"a OK in\r\n")
        await reads(client, server, STRICT)
