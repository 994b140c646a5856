"""`fail: closed`: what cannot be cleaned is not told, its command ends with a NO, and all else goes on."""

import pytest
from tests.imap.stage import stage
from tests.imap.test_session import CLEAN_HTML, CLEANED, HTML, MESSAGE, asks_ahead, literal, passes
from tests.imap.test_telling import CLEAN_TOP, FILM_PART, LINE, PART, TOP, learns, section
from tests.imap.test_telling import MESSAGE as BIG

NO = b"a NO [CANNOT] it cannot be cleaned\r\n"
LONG = MESSAGE + b"<p>x</p>\r\n" * 500


@pytest.mark.parametrize(
    ("said", "heard"),
    [
        (b"* 1 FETCH (BODY[] %s)\r\n" % literal(LONG), b""),
        (b"* 1 FETCH (FLAGS (a) UID 7 BODY[] %s}\r\n" % literal(MESSAGE), b""),
        (b"* 1 FETCH (FLAGS (a) UID 7 BODY[1] %s)\r\n" % literal(HTML), b"* 1 FETCH (FLAGS (a) UID 7)\r\n"),
        (b"* 1 FETCH (BINARY[1] %s FLAGS ())\r\n" % literal(HTML), b"* 1 FETCH (FLAGS ())\r\n"),
        (b'* 1 FETCH (BODY[TEXT] "<img src=x>")\r\n* 1 FETCH (FLAGS ())\r\n', b"* 1 FETCH (FLAGS ())\r\n"),
    ],
)
async def test_it_is_withheld(said: bytes, heard: bytes) -> None:
    async with stage(fail="closed", message_size_limit=1000) as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1:2 BODY[]\r\n")
        other = b"* 2 FETCH (BODY[] %s)\r\n"
        await passes(server, client, said + other % literal(MESSAGE), heard + other % literal(CLEANED))
        await passes(server, client, b"a OK done\r\n", NO)
        assert played.count("sluis_originals_passed_total") == 0
        await passes(client, server, b"b FETCH 2 BODY[]\r\n")
        await passes(server, client, b"b OK done\r\n")


async def test_what_the_server_says_of_a_failure_stays() -> None:
    async with stage(fail="closed") as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 BODY[]\r\nb FETCH 1 BODY[]\r\n")
        await passes(server, client, b"* 1 FETCH (BINARY[1] {1}\r\nx)\r\na NO not now\r\n", b"a NO not now\r\n")
        await passes(server, client, b"b OK done\r\n")
        await passes(server, client, b"* 1 FETCH (BINARY[1] {1}\r\nx)\r\nc OK done\r\n", b"c OK done\r\n")


async def test_of_a_long_end_nothing_is_left_behind() -> None:
    async with stage(fail="closed") as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 BODY[]\r\n")
        long = b"a OK " + b"x" * 200_000 + b"\r\n"
        await passes(
            server, client, b"* 1 FETCH (BINARY[1] {1}\r\nx)\r\n" + long + b"* 9 EXISTS\r\n", NO + b"* 9 EXISTS\r\n"
        )


async def test_a_message_that_is_too_long_is_told_by_no_part() -> None:
    async with stage(fail="closed", message_size_limit=100) as played:
        client, server = await played.pair()
        asked = b"a UID FETCH 7 BODY[1]<0.9>\r\n"
        await asks_ahead(client, server, asked)
        await server.hears(b"a UID FETCH 7 (BODY[1]<0.9> BODY.PEEK[])\r\n")
        said = b"* 1 FETCH (UID 7 BODY[1]<0> %s BODY[] %s)\r\na OK\r\n" % (literal(HTML[:9]), literal(MESSAGE))
        await passes(server, client, said, NO)
        await passes(client, server, asked)  # which is remembered
        await passes(server, client, b"* 1 FETCH (UID 7 BODY[1]<0> %s)\r\na OK\r\n" % literal(HTML[:9]), NO)


async def test_who_has_heard_the_beginning_hears_no_more() -> None:
    film, text = b"--b\r\n" + FILM_PART + LINE * 5000, b"--b\r\n" + PART + b"<p>x</p>\r\n" * 30_000
    async with stage(fail="closed", message_size_limit=270_000) as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 BODY[]\r\n")
        raw = TOP + film + text + PART + HTML
        server.writer.write(b"* 1 FETCH (BODY[] %s)\r\n" % literal(raw))
        heard = await client.ends()
        assert heard.startswith(b"* 1 FETCH (BODY[] {%d}\r\n" % len(raw) + CLEAN_TOP + film[:1000])
        assert HTML not in heard
        assert text[-1000:] not in heard


async def test_what_is_clean_is_told_in_every_way() -> None:
    async with stage(fail="closed") as played:
        client, server = await played.pair()
        await asks_ahead(client, server, b"a FETCH 1 BODY[1]\r\n")
        await server.hears(b"a FETCH 1 (BODY[1] BODY.PEEK[])\r\n")
        said = b"* 1 FETCH (BODY[1] %s BODY[] %s)\r\na OK done\r\n" % (literal(HTML), literal(MESSAGE))
        await passes(server, client, said, b"* 1 FETCH (BODY[1] %s)\r\na OK done\r\n" % literal(CLEAN_HTML))
        client, server = await played.pair()
        await client.says(b"a UID FETCH 7 (BODY.PEEK[1]<0.120>)\r\n")
        await learns(server, b"a UID FETCH 7")
        await server.hears(b"a UID FETCH 7 (BODY.PEEK[1]<0.120>)\r\n")
        told = b"* 1 FETCH (UID 7 BODY[1]<0> %s)\r\na OK done\r\n"
        await passes(server, client, told % literal(section(b"1", BIG)[:120]), told % literal(CLEAN_HTML[:120]))
