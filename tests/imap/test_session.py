"""Sessions as transcripts: what each side says, and what the other hears of it."""

import asyncio
import re
import tracemalloc
from dataclasses import replace

import pytest
from tests.imap.stage import RULES, Player, stage

from sluis.clean import clean
from sluis.policy import POLICIES

OPEN = b"https://u1.ct.sendgrid.net/wf/open?upn=u001.Qm9vZ2llLXdvb2dpZQ-2BtzKq_D_S7KL50N0dhBq1w-3D-3D"
PIXEL = b'<img src="%s" width=1 height=1>' % OPEN
HTML = b"<p>Hello</p>\r\n" + PIXEL + b"\r\n<p>there</p>\r\n"
HEADER = (
    b"From: a@shop.example\r\nDisposition-Notification-To: a@shop.example\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: text/html\r\n\r\n"
)
MESSAGE = HEADER + HTML
CLEANED = clean(MESSAGE, replace(POLICIES["balanced"], fit=True), RULES).raw
CLEAN_HTML = CLEANED[len(HEADER) :]
PARTED = (
    b"Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhi\r\n--b\r\n" + MESSAGE + b"--b--\r\n"
)


def literal(octets: bytes) -> bytes:
    return b"{%d}\r\n" % len(octets) + octets


async def passes(sender: Player, receiver: Player, octets: bytes, heard: bytes | None = None) -> None:
    """What one says the other hears, as it was said if nothing else is expected."""
    await sender.says(octets)
    await receiver.hears(octets if heard is None else heard)


async def asks_ahead(client: Player, server: Player, command: bytes, size: int = len(MESSAGE), uid: int = 7) -> None:
    """A client asks for a piece; the gate first asks how big the message is, and is told."""
    await client.says(command)
    question = command[: re.search(rb"(?<=FETCH )[0-9]+ ", command).end()]  # type: ignore[union-attr]
    await server.hears(question + b"(UID RFC822.SIZE)\r\n")
    tag = command.partition(b" ")[0]
    await server.says(b"* 1 FETCH (UID %d RFC822.SIZE %d)\r\n%s OK sized\r\n" % (uid, size, tag))


def test_the_sample_has_something_to_clean() -> None:
    assert len(CLEANED) == len(MESSAGE)
    assert b"sendgrid" not in CLEANED
    assert b"Disposition" not in CLEANED


async def test_what_does_not_concern_it_passes_octet_for_octet() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b'a LOGIN {4+}\r\nuser "p\\"{4}"\r\n')
        await passes(server, client, b'* LIST (\\x) "/" {3}\r\na\r\n\r\na OK [X {2}] in {5}\r\n')
        await passes(client, server, b"\r\n\nb uid store 1 +flags.silent ($x)\r\n")
        await passes(server, client, b"* BAD what\r\n* 1 FETCH (FLAGS ($x) MODSEQ (7))\r\nb OK done\r\n")


async def test_a_whole_message_comes_clean() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 (FLAGS BODY[])\r\n")
        said = b"* 1 FETCH (FLAGS (\\Seen) BODY[] %s)\r\na OK done\r\n"
        await passes(server, client, said % literal(MESSAGE), said % literal(CLEANED))
        assert played.count("sluis_messages_total", verdict="cleaned", edge="imap") == 1


async def test_a_message_that_is_told_twice_comes_clean_twice() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 (RFC822 BODY[] BODY[]<9.99> RFC822.HEADER BODY[1])\r\n")
        said = b"* 1 FETCH (RFC822 %s BODY[] %s BODY[]<9> %s RFC822.HEADER %s BODY[1] %s)\r\na OK done\r\n"
        pieces = [slice(None), slice(None), slice(9, 108), slice(len(HEADER)), slice(len(HEADER), None)]
        told = said % tuple(literal(MESSAGE[piece]) for piece in pieces)
        await passes(server, client, told, said % tuple(literal(CLEANED[piece]) for piece in pieces))


async def test_two_messages_in_one_answer_are_no_answer() -> None:
    async with stage(fail="closed") as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 BODY[]\r\n")
        said = b"* 1 FETCH (BODY[] {9}\r\nA: b\r\n\r\nx BODY[] %s)\r\na OK done\r\n" % literal(MESSAGE)
        await passes(server, client, said, b"a NO [CANNOT] it cannot be cleaned\r\n")


async def test_what_was_said_in_quotes_is_clean_too() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 BODY[HEADER.FIELDS (X-Confirm-Reading-To)]\r\n")
        header = b"* 1 FETCH (BODY[HEADER.FIELDS (X-Confirm-Reading-To)] %s)\r\na OK done\r\n"
        asked = literal(b"X-Confirm-Reading-To: a@shop.example\r\n\r\n")
        await passes(
            server, client, header % asked, header % asked.replace(b"X-Confirm-Reading-To", b"X-Sluis-Cut---------")
        )
        await passes(client, server, b"b FETCH 1 RFC822\r\n")
        quoted = b'* 1 FETCH (RFC822 "Return-Receipt-To: \\"a\\" <a@shop.example>")\r\nb OK done\r\n'
        clean_one = literal(b'X-Sluis-Cut------: "a" <a@shop.example>')
        await passes(server, client, quoted, b"* 1 FETCH (RFC822 %s)\r\nb OK done\r\n" % clean_one)


async def test_a_part_is_cleaned_as_within_its_message() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await asks_ahead(client, server, b"a FETCH 1 BODY[1]\r\n")
        await server.hears(b"a FETCH 1 (BODY[1] BODY.PEEK[])\r\n")
        said = b"* 1 FETCH (BODY[1] %s BODY[] %s FLAGS (\\Seen))\r\na OK done\r\n" % (literal(HTML), literal(MESSAGE))
        heard = b"* 1 FETCH (BODY[1] %s FLAGS (\\Seen))\r\na OK done\r\n" % literal(CLEAN_HTML)
        await passes(server, client, said, heard)


async def test_pieces_of_a_message_fetch_it_once() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await asks_ahead(client, server, b"a UID FETCH 7 (BODY.PEEK[1]<0.20>)\r\n")
        await server.hears(b"a UID FETCH 7 (BODY.PEEK[1]<0.20> BODY.PEEK[])\r\n")
        said = b"* 1 FETCH (UID 7 BODY[1]<0> %s BODY[] %s)\r\na OK\r\n" % (literal(HTML[:20]), literal(MESSAGE))
        await passes(server, client, said, b"* 1 FETCH (UID 7 BODY[1]<0> %s)\r\na OK\r\n" % literal(CLEAN_HTML[:20]))
        for start in range(20, len(HTML), 20):
            await passes(client, server, b"b UID FETCH 7 (BODY.PEEK[1]<%d.20>)\r\n" % start)
            said = b"* 1 FETCH (UID 7 BODY[1]<%d> %s)\r\nb OK done\r\n"
            piece = slice(start, start + 20)
            await passes(
                server, client, said % (start, literal(HTML[piece])), said % (start, literal(CLEAN_HTML[piece]))
            )


async def test_a_header_that_begins_within_a_name_is_cleaned_as_a_piece() -> None:
    async with stage() as played:
        client, server = await played.pair()
        for start in (5, 0, 30):
            asked = b"a UID FETCH 7 (BODY.PEEK[HEADER]<%d.25>" % start
            if start == 5:
                await asks_ahead(client, server, asked + b")\r\n")
                await server.hears(asked + b" BODY.PEEK[])\r\n")
            else:
                await passes(client, server, asked + b")\r\n")
            own = b" BODY[] " + literal(MESSAGE) if start == 5 else b""
            said = b"* 1 FETCH (UID 7 BODY[HEADER]<%d> %s%s)\r\na OK done\r\n"
            told, heard = (literal(raw[start : start + 25]) for raw in (MESSAGE, CLEANED))
            await passes(server, client, said % (start, told, own), said % (start, heard, b""))
        assert played.count("sluis_originals_passed_total") == 0


async def test_the_header_of_a_part_is_cleaned_with_its_message_and_else_counted() -> None:
    """A part may name where its links begin, which cleaning takes out; whether it is signed only the message tells."""
    part = b"Content-Type: text/html\r\nContent-Base: http://t.example/\r\n\r\n"
    raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" + part + b"<img src=a>\r\n--b--\r\n"
    cleaned = clean(raw, replace(POLICIES["balanced"], fit=True), RULES).raw
    clean_part = cleaned[raw.index(part) :][: len(part)]
    assert b"Content-Base" not in clean_part
    async with stage() as played:
        client, server = await played.pair()
        await asks_ahead(client, server, b"a FETCH 1 (BODY[1.MIME] BODY[1])\r\n")
        await server.hears(b"a FETCH 1 (BODY[1.MIME] BODY[1] BODY.PEEK[])\r\n")
        said = b"* 1 FETCH (BODY[1.MIME] %s BODY[1] {11}\r\n<img src=a>%s)\r\na OK done\r\n"
        told, heard = said % (literal(part), b" BODY[] " + literal(raw)), said % (literal(clean_part), b"")
        await passes(server, client, told, heard)
        await passes(client, server, b"b FETCH 1 BODY[1.MIME]\r\n")
        alone = b"* 1 FETCH (BODY[1.MIME] %s)\r\nb OK done\r\n"
        await passes(server, client, alone % literal(b"Content-Type: text/html\r\n\r\n"))
        assert played.count("sluis_originals_passed_total") == 0
        await passes(server, client, alone % literal(part))
        assert played.count("sluis_originals_passed_total") == 1


async def test_pieces_by_a_number_fetch_the_message_once_too() -> None:
    """Which message the number means is asked each time; it may mean another since."""
    async with stage() as played:
        client, server = await played.pair()
        for start in range(0, len(HTML), 20):
            asked = b"a FETCH 1 (BODY.PEEK[1]<%d.20>" % start
            await asks_ahead(client, server, asked + b")\r\n")
            piece, own = slice(start, start + 20), b"" if start else b" BODY[] " + literal(MESSAGE)
            await server.hears(asked + (b")\r\n" if start else b" BODY.PEEK[])\r\n"))
            said = b"* 1 FETCH (BODY[1]<%d> %s%s)\r\na OK done\r\n"
            told, heard = said % (start, literal(HTML[piece]), own), said % (start, literal(CLEAN_HTML[piece]), b"")
            await passes(server, client, told, heard)


@pytest.mark.parametrize("between", [b"c SELECT other\r\n", b"c CLOSE\r\n", b"c EXAMINE other\r\n"])
async def test_another_mailbox_is_not_taken_for_this_one(between: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        asked, fuller = b"a UID FETCH 7 BODY[1]\r\n", b"a UID FETCH 7 (BODY[1] BODY.PEEK[])\r\n"
        said = b"* 1 FETCH (UID 7 BODY[1] %s BODY[] %s)\r\na OK done\r\n" % (literal(HTML), literal(MESSAGE))
        heard = b"* 1 FETCH (UID 7 BODY[1] %s)\r\na OK done\r\n" % literal(CLEAN_HTML)
        for _ in range(2):
            await asks_ahead(client, server, asked)
            await server.hears(fuller)
            await passes(server, client, said, heard)
            await passes(client, server, asked)
            await passes(server, client, heard, heard)  # as if it were clean already: no octet is put elsewhere
            await passes(client, server, between)
            await passes(server, client, b"c OK done\r\n")


async def test_what_one_client_fetched_another_does_not_know() -> None:
    async with stage() as played:
        for _ in range(2):
            client, server = await played.pair()
            asked, fuller = b"a UID FETCH 7 BODY[1]\r\n", b"a UID FETCH 7 (BODY[1] BODY.PEEK[])\r\n"
            await asks_ahead(client, server, asked)
            await server.hears(fuller)
            said = b"* 1 FETCH (UID 7 BODY[1] %s BODY[] %s)\r\na OK done\r\n" % (literal(HTML), literal(MESSAGE))
            await passes(server, client, said, b"* 1 FETCH (UID 7 BODY[1] %s)\r\na OK done\r\n" % literal(CLEAN_HTML))


async def test_a_fetch_of_pieces_goes_alone() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await client.says(b"a NOOP\r\nb FETCH 1 BODY[1]\r\nc NOOP\r\n")
        await server.hears(b"a NOOP\r\n")
        await passes(server, client, b"a OK done\r\n")
        await server.hears(b"b FETCH 1 (UID RFC822.SIZE)\r\n")
        await server.says(b"* 1 FETCH (UID 7 RFC822.SIZE 9)\r\nb OK\r\n")
        await server.hears(b"b FETCH 1 (BODY[1] BODY.PEEK[])\r\n")
        await passes(server, client, b"b NO no such message\r\n")
        await server.hears(b"c NOOP\r\n")


async def test_whole_messages_are_fetched_ahead() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 BODY[]\r\nb FETCH 2 BODY[]\r\nc NOOP\r\n")


async def test_idle_and_what_follows_it() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a IDLE\r\n")
        await passes(server, client, b"+ idling\r\n* 3 EXISTS\r\n")
        await passes(client, server, b"DONE\r\nb IDLE\r\n")
        await passes(server, client, b"a OK done\r\n+ idling\r\n")
        await passes(client, server, b"done\r\n")
        await passes(server, client, b"b OK done\r\n")
        await passes(client, server, b"c FETCH 1 BODY[1]\r\n", b"c FETCH 1 (UID RFC822.SIZE)\r\n")


ASKED = b"c FETCH 1 BODY[1]\r\n"
SIZES = b"c FETCH 1 (UID RFC822.SIZE)\r\n"


async def test_a_login_is_no_command() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a AUTHENTICATE SCRAM-SHA-256\r\n")
        await passes(server, client, b"+ \r\n")
        await passes(client, server, b"a FETCH 1 BODY[1]\r\n")
        await passes(server, client, b"+ {3}\r\n")
        await passes(client, server, b"{9}\r\n")
        await passes(server, client, b"a NO who are you\r\n")
        await passes(client, server, ASKED, SIZES)


@pytest.mark.parametrize("command", [b"a AUTHENTICATE PLAIN AHUAcA==\r\n", b"a IDLE\r\n"])
@pytest.mark.parametrize("end", [b"a OK in\r\n", b"a NO not you\r\n", b"a BAD what\r\n"])
async def test_what_follows_a_login_at_once_is_a_command(command: bytes, end: bytes) -> None:
    """The server may have ended it without a word of the client's, and then would do what the next line says."""
    async with stage() as played:
        client, server = await played.pair()
        await client.says(command + ASKED)
        await server.hears(command)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await server.reader.read(1)
        await passes(server, client, end)
        await server.hears(SIZES)


async def test_what_follows_a_login_in_two_lines() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await client.says(b"a AUTHENTICATE PLAIN\r\nAHUAcA==\r\n" + ASKED)
        await server.hears(b"a AUTHENTICATE PLAIN\r\n")
        await passes(server, client, b"+ \r\n")
        await server.hears(b"AHUAcA==\r\n")
        await passes(server, client, b"* CAPABILITY IMAP4rev1\r\na OK in\r\n")
        await server.hears(SIZES)


async def test_nothing_but_its_end_is_said_within_idle() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a IDLE\r\n")
        await passes(server, client, b"+ idling\r\n")
        await passes(client, client, ASKED, b"* BAD DONE ends IDLE\r\n")
        await passes(client, server, b"DONE\r\n")
        await passes(server, client, b"a OK done\r\n")
        await passes(client, server, ASKED, SIZES)


@pytest.mark.parametrize(
    "line",
    [
        b'a"b LOGIN u p',
        b"a(b COMPRESS DEFLATE",
        b"a  LOGIN u p",
        b"a  FETCH 1 BODY[1]",
        b" a FETCH 1 BODY[1]",
        b"a\tFETCH 1 BODY[1]",
        b"a UID  FETCH 7 BODY[1]",
        b"+ FETCH 1 BODY[1]",
        b"* FETCH 1 BODY[1]",
        b'a "FETCH" 1 BODY[1]',
        b"a {5+}\r\nFETCH 1 BODY[1]",
        b"\0\0\0\x09a NOOP",
        b"nonsense",
    ],
)
async def test_what_is_no_command_goes_nowhere(line: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        await client.says(line + b"\r\nb NOOP\r\n")
        assert (await client.line()).partition(b" ")[2] == b"BAD no command, to the letter\r\n"
        await server.hears(b"b NOOP\r\n")


@pytest.mark.parametrize(
    ("asked", "fuller"),
    [
        (b"(BODY[1]  FLAGS)", b"(BODY[1] FLAGS BODY.PEEK[])"),
        (b"( BODY[ TEXT ]\t) ", b"(BODY[TEXT] BODY.PEEK[])"),
        (b" BODY[1]", b"(BODY[1] BODY.PEEK[])"),
        (
            b"(BODY[1] BODY.PEEK[HEADER.FIELDS ({7+}\r\nSubject To)])",
            b'(BODY[1] BODY.PEEK[HEADER.FIELDS ("Subject" To)] BODY.PEEK[])',
        ),
        (b'(BODY[1] BODY[HEADER.FIELDS ({3+}\r\na"\\)])', b'(BODY[1] BODY[HEADER.FIELDS ("a\\"\\\\")] BODY.PEEK[])'),
        (b"BODY[HEADER.FIELDS (From)]<0.9>", b"(BODY[HEADER.FIELDS (From)]<0.9> BODY.PEEK[])"),
    ],
)
async def test_other_ways_to_write_a_fetch(asked: bytes, fuller: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        await client.says(b"a FETCH 1 " + asked + b"\r\n")
        await server.hears(b"a FETCH 1 (UID RFC822.SIZE)\r\n")
        await server.says(b"* 1 FETCH (UID 7 RFC822.SIZE 9)\r\na OK\r\n")
        await server.hears(b"a FETCH 1 " + fuller + b"\r\n")


async def test_a_fetch_of_many_messages_may_be_long() -> None:
    messages = b",".join(b"%d" % number for number in range(1, 30_000, 2))
    async with stage() as played:
        client, server = await played.pair()
        await client.says(b"a UID FETCH %s BODY[1]\r\n" % messages)
        await server.hears(b"a UID FETCH %s (UID RFC822.SIZE)\r\n" % messages)
        await server.says(b"a NO not now\r\n")
        await server.hears(b"a UID FETCH %s (BODY[1] BODY.PEEK[])\r\n" % messages)


async def test_a_literal_is_asked_for_where_the_server_does_not_see_it() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, client, b"a FETCH 1 (BODY[HEADER.FIELDS ({7}\r\n", b"+ OK\r\n")
        await passes(client, server, b"Subject)])\r\n", b'a FETCH 1 (BODY[HEADER.FIELDS ("Subject")])\r\n')
        await passes(client, client, b"b FETCH 1 ({999999}\r\n", b"b BAD not to be read by Sluis\r\n")
        await passes(client, server, b"c NOOP\r\n")
        await passes(client, client, b"d FETCH 1 ({3}\r\n", b"+ OK\r\n")
        await passes(client, client, b"a\r\n {3}\r\n", b"d BAD not to be read by Sluis\r\n")
        await passes(client, server, b"e NOOP\r\n")


@pytest.mark.parametrize(
    "items",
    [
        b"FLAGS BODY[1]",
        b"(BODY[1] BODY[01])",
        b"(BODY[1.MIME.TEXT])",
        b"BODY[0]",
        b"RFC822.PEEK",
        b"RFC822.TEXT.PEEK",
        b"(BODY[1]  BINARY[1",
        b"BODY [1]",
        b"(BODY[1])(BODY[2])",
        b"BODY[1]<0>x",
        b'(BODY[HEADER.FIELDS ("a]")] BODY[1])',
    ],
)
async def test_what_may_ask_for_a_message_and_is_not_understood(items: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, client, b"a FETCH 1 %s\r\n" % items, b"a BAD no FETCH, to the letter\r\n")
        await passes(client, server, b"b FETCH 1 (FLAGS  PREVIEW (LAZY) X)\r\nc FETCH 1 FLAGS UID\r\n")


async def test_an_upload_waits_to_be_asked_for() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a APPEND box {8}\r\n")
        await passes(server, client, b"+ go\r\n")
        await passes(client, server, b"b NOOP\r\n {3+}\r\nxyz\r\n")
        await passes(server, client, b"a OK [APPENDUID 1 2] done\r\n")
        await passes(client, server, b"b APPEND box {999999999}\r\n")
        await passes(server, client, b"b NO [TOOBIG] no\r\n")
        await passes(client, server, b"c FETCH 1 BODY[1]\r\n", b"c FETCH 1 (UID RFC822.SIZE)\r\n")


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (b"a COMPRESS DEFLATE\r\n", b"a NO [CANNOT] not through Sluis\r\n"),
        (b"a PARTIAL 1 BODY[1] 1 9\r\n", b"a NO [CANNOT] not through Sluis\r\n"),
        (b"a GETJMAPACCESS\r\n", b"a NO [CANNOT] not through Sluis\r\n"),
        (
            b"a NOTIFY SET (mailboxes {3+}\r\nbox (MessageNew (BODY.PEEK[1])))\r\n",
            b"a NO [CANNOT] not through Sluis\r\n",
        ),
        (b"a FETCH 1 (BODY[1]  BINARY[1])\r\n", b"a NO [UNKNOWN-CTE] not decoded by Sluis\r\n"),
        (b"a IDLE {3+}\r\nabc\r\n", b"a BAD too long, or a literal where none belongs\r\n"),
        (b"a URLFETCH {3+}\r\nabc\r\n", b"a NO [CANNOT] not through Sluis\r\n"),
        (b"a URLFETCH {3}\r\n", b"a NO [CANNOT] not through Sluis\r\n"),
        (b"a NOTIFY SET (SELECTED (MessageNew (BODY.PEEK[1])))\r\n", b"a NO [CANNOT] not through Sluis\r\n"),
        (b"a FETCH 1 (BINARY.PEEK[1])\r\n", b"a NO [UNKNOWN-CTE] not decoded by Sluis\r\n"),
        (b"a STARTTLS\r\n", b"a BAD TLS is not to be had here, or is there already\r\n"),
    ],
)
async def test_ways_around_it_are_closed(command: bytes, reply: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, client, command, reply)
        await passes(client, server, b"b NOOP\r\n")


async def test_a_message_that_is_too_long_passes_and_is_counted() -> None:
    async with stage(message_size_limit=len(MESSAGE) - 1) as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 (BODY[])\r\n")
        await passes(server, client, b"* 1 FETCH (BODY[] %s UID 7)\r\na OK done\r\n" % literal(MESSAGE))
        assert played.count("sluis_originals_passed_total") == 1


@pytest.mark.parametrize("first", [True, False])
async def test_a_message_that_is_too_long_is_not_sent_for_a_part(first: bool) -> None:
    async with stage(message_size_limit=100) as played:
        client, server = await played.pair()
        for _ in range(2):
            asked, fuller = b"a UID FETCH 7 BODY[1]<0.9>\r\n", b"a UID FETCH 7 (BODY[1]<0.9> BODY.PEEK[])\r\n"
            if played.count("sluis_originals_passed_total"):
                await passes(client, server, asked)
            else:
                await asks_ahead(client, server, asked)
                await server.hears(fuller)
            items = [b"BODY[] " + literal(MESSAGE), b"BODY[1]<0> " + literal(HTML[:9]), b"UID 7"]
            answer = b"* 1 FETCH (%s)\r\na OK done\r\n"
            said = items if first else [items[1], items[0], items[2]]
            if played.count("sluis_originals_passed_total"):
                said = items[1:]
            await passes(server, client, answer % b" ".join(said), answer % b" ".join(items[1:]))
        assert played.count("sluis_originals_passed_total") == 2


async def test_what_is_not_understood_passes_and_is_counted() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await passes(server, client, b"* 1 FETCH (BODY[] %s}\r\n" % literal(MESSAGE))
        await passes(server, client, b"* 1 FETCH (BODY[1] %s)\r\n" % literal(HTML))  # which nobody asked for
        for item in (b"BINARY[1]", b"BODY[1.X]", b"BODY[01]", b"RFC822.PEEK"):
            await passes(server, client, b"* 1 FETCH (%s %s)\r\n" % (item, literal(HTML)))
        await passes(server, client, b"* 1 FETCH (RFC822.SIZE 7 BINARY.SIZE[1] 9 X-GM-LABELS (BODY))\r\n")
        assert played.count("sluis_failures_total", stage="parse") == 6
        assert played.count("sluis_originals_passed_total") == 6


async def test_a_server_that_cannot_be_reached() -> None:
    async with stage() as played:
        client = await played.client()
        server = await played.server()
        server.leaves()
        await client.hears(b"* BYE [UNAVAILABLE] the mail server cannot be reached\r\n")
        assert await client.ends() == b""
        assert played.gate.not_ready() == "the IMAP server behind cannot be reached"
        again = await played.server()
        await again.says(b"* OK\r\n")
        assert await again.ends() == b""
        assert played.gate.not_ready() is None


async def test_too_many_clients() -> None:
    async with stage(max_connections_per_address=1) as played:
        await played.pair()
        other = await played.client()
        assert await other.ends() == b"* BYE [LIMIT] too many connections from your address\r\n"
        assert played.count("sluis_refused_total", reason="connections-per-address") == 1


async def test_who_does_not_log_in_has_to_leave() -> None:
    async with stage(login_timeout=0.2) as played:
        client, server = await played.pair()
        assert await client.ends() == b"* BYE you took too long\r\n"
        assert await server.ends() == b""
        assert played.count("sluis_refused_total", reason="timeout") == 1


async def test_who_has_logged_in_may_be_silent_for_longer() -> None:
    async with stage(login_timeout=0.2, idle_timeout=0.5) as played:
        client, server = await played.pair()
        await passes(client, server, b"a LOGIN u p\r\n")
        await passes(server, client, b"a OK in\r\n")
        assert await client.ends() == b"* BYE you took too long\r\n"


async def test_who_does_not_read_is_dropped() -> None:
    async with stage(stall_timeout=0.3) as played:
        _, server = await played.pair()
        flood = b"* LIST () NIL {52428800}\r\n" + b"x" * 52_428_800
        with pytest.raises(ConnectionError):
            await server.says(flood)
        assert played.count("sluis_sessions") == 0


async def test_either_end_is_the_end_of_both() -> None:
    async with stage() as played:
        client, server = await played.pair()
        client.leaves()
        assert await server.ends() == b""
        client, server = await played.pair()
        await server.says(b"* BYE going down\r\n")
        server.leaves()
        assert await client.ends() == b"* BYE going down\r\n"


async def test_a_response_cut_short_is_not_made_up() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await server.says(b"* 1 FETCH (BODY[] {500}\r\nabc")
        server.leaves()
        assert await client.ends() == b""


async def test_it_closes_when_what_is_under_way_is_done() -> None:
    async with stage() as played:
        busy, server = await played.pair()
        idle, behind = await played.pair()
        await passes(idle, behind, b"a IDLE\r\n")
        await passes(busy, server, b"a FETCH 1 BODY[]\r\n")
        closing = asyncio.create_task(played.gate.close())
        assert await idle.ends() == b"* BYE Sluis is closing\r\n"
        await passes(server, busy, b"* 1 FETCH (BODY[] {1}\r\nx)\r\na OK done\r\n")
        assert await busy.ends() == b"* BYE Sluis is closing\r\n"
        await closing


@pytest.mark.parametrize(
    "opening", [b"* 1 FETCH (BODY[] {20971520}\r\n", b"* SEARCH ", b"* LIST () NIL {20971520}\r\n"]
)
async def test_a_flood_is_not_held(opening: bytes) -> None:
    """20 MB in every form, to a client that begins to read when the server can write no more."""
    piece = b"x" * 262_144
    async with stage(message_size_limit=1_000_000) as played:
        client, server = await played.pair()
        tracemalloc.start()
        try:

            async def pour() -> None:
                await server.says(opening)
                for _ in range(80):
                    await server.says(piece)
                await server.says(b")\r\n")

            pouring = asyncio.create_task(pour())
            left = len(opening) + 80 * len(piece) + 3
            while left:
                left -= len(await client.reader.read(min(left, len(piece))))
            await pouring
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()


async def test_an_upload_of_any_size_flows_through() -> None:
    piece = b"x" * 262_144
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a APPEND box {20971520+}\r\n")
        tracemalloc.start()
        try:

            async def pour() -> None:
                for _ in range(80):
                    await client.says(piece)

            pouring = asyncio.create_task(pour())
            left = 80 * len(piece)
            while left:
                left -= len(await server.reader.read(min(left, len(piece))))
            await pouring
            assert tracemalloc.get_traced_memory()[1] < 5_000_000
        finally:
            tracemalloc.stop()
        await passes(client, server, b"\r\nb NOOP\r\n")
