"""Messages that come in a row: cleaned side by side, told in order, and all of them before their command ends."""

import asyncio

from tests.imap.stage import stage
from tests.imap.test_session import CLEAN_HTML, CLEANED, HTML, MESSAGE, literal, passes

PADDING = b"".join(b"<p>%d</p>\r\n" % number for number in range(2000))


async def test_a_mailbox_at_once() -> None:
    """Big and small by turns, flags between them: some are cleaned in other processes once those are there."""
    async with stage() as played:
        client, server = await played.pair()
        for turn in range(2):
            said, heard = b"", b""
            for number in range(20):
                more = PADDING * (number % 3) + b"%d %d\r\n" % (turn, number)
                head = b"* %d FETCH (FLAGS () BODY[] " % number
                said += head + literal(MESSAGE + more) + b" UID 7)\r\n* 9 FETCH (FLAGS (\\Seen))\r\n"
                heard += head + literal(CLEANED + more) + b" UID 7)\r\n* 9 FETCH (FLAGS (\\Seen))\r\n"
            await passes(client, server, b"a FETCH 1:* (FLAGS BODY.PEEK[] UID)\r\n")
            await passes(server, client, said + b"a OK done\r\n", heard + b"a OK done\r\n")
        assert played.count("sluis_messages_total", verdict="cleaned") == 40


async def test_what_a_server_said_before_it_went_is_told() -> None:
    async with stage() as played:
        client, server = await played.pair()
        form = b"* 1 FETCH (BODY[] %s)\r\n"
        await server.says(b"".join(form % literal(MESSAGE + PADDING) for _ in range(5)) + b"* 1 FETCH (BO")
        server.leaves()
        assert await client.ends() == b"".join(form % literal(CLEANED + PADDING) for _ in range(5))


async def test_what_is_odd_among_them_is_read() -> None:
    """An item that is quoted or nested in a way of its own, two texts in one response: told as ever, in its place."""
    async with stage() as played:
        client, server = await played.pair()
        forms = (b'(X-A "(" BODY[] %s)\r\n', b"(BODY[] %s X-B ((a) b))\r\n", b'(BODY[] %s BODY[HEADER] "")\r\n')
        said = b"".join(b"* 1 FETCH " + form % literal(MESSAGE) for form in forms)
        await passes(server, client, said, said.replace(MESSAGE, CLEANED))


async def test_a_client_that_leaves_ends_what_is_done_for_it() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await server.says(b"".join(b"* 1 FETCH (BODY[] %s)\r\n" % literal(MESSAGE + PADDING * 2) for _ in range(50)))
        await client.reader.readexactly(1000)
        client.leaves()
        assert await server.ends() == b""
        for _ in range(100):
            if not played.count("sluis_sessions"):
                break
            await asyncio.sleep(0.05)
        assert played.count("sluis_sessions") == 0


def test_the_sample_is_what_it_was() -> None:
    assert CLEANED.endswith(CLEAN_HTML)
    assert MESSAGE.endswith(HTML)
