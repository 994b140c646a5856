"""Messages that are too long to be held: they flow by, clean, whatever stands around them in a response."""

import asyncio
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.imap.stage import Player, stage
from tests.imap.test_session import CLEAN_HTML, HTML, literal, passes

LINE = b"AAAA" * 19 + b"\r\n"
FILM = LINE * 270_000  # 20 MB
TOP = (
    b"From: a@shop.example\r\nDisposition-Notification-To: a@shop.example\r\nMIME-Version: 1.0\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
)
PART = b"Content-Type: text/html\r\n\r\n"
FILM_PART = b"Content-Type: video/mp4\r\nContent-Transfer-Encoding: base64\r\n\r\n"
CLEAN_TOP = TOP.replace(b"Disposition-Notification-To", b"X-Sluis-Cut----------------"[:27])


def message(html: bytes, top: bytes) -> bytes:
    """A letter, a film and a letter."""
    letter = b"--b\r\n" + PART + html + b"\r\n"
    return top + letter + b"--b\r\n" + FILM_PART + FILM + b"\r\n" + letter + b"--b--\r\n"


MESSAGE, CLEANED = message(HTML, TOP), message(CLEAN_HTML, CLEAN_TOP)
PLACE = {b"1": MESSAGE.index(HTML), b"2": MESSAGE.index(FILM), b"3": MESSAGE.rindex(HTML)}


def section(name: bytes, raw: bytes) -> bytes:
    """What the server gives as a section."""
    length = len(FILM) if name == b"2" else len(HTML)
    return raw[PLACE[name] : PLACE[name] + length] if name else raw


async def flows(server: Player, client: Player, said: bytes, heard: bytes) -> None:
    """What one says the other hears as it should be, though neither side reads more than the other writes."""

    async def say() -> None:
        for start in range(0, len(said), 65_536):
            await server.says(said[start : start + 65_536])

    saying = asyncio.create_task(say())
    position = 0
    while position < len(heard):
        async with asyncio.timeout(10):
            octets = await client.reader.read(65_536)
        assert octets
        assert heard.startswith(octets, position)
        position += len(octets)
    await saying


@contextmanager
def little_memory(most: int = 2_000_000) -> Iterator[None]:
    """Fail if more than `most` octets more than now are ever held within, by the test too."""
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < most
    finally:
        tracemalloc.stop()


async def test_a_message() -> None:
    said = b"* 1 FETCH (FLAGS (\\Seen) BODY[] {%d}\r\n" % len(MESSAGE)
    end = b" UID 7 BODY[HEADER.FIELDS (Return-Receipt-To)] {8}\r\nX: y\r\n\r\n)\r\na OK done\r\n"
    async with stage() as played:
        client, server = await played.pair()
        await passes(client, server, b"a FETCH 1 (FLAGS BODY[] UID)\r\n")
        full, clean = said + MESSAGE + end, said + CLEANED + end
        with little_memory():
            await flows(server, client, full, clean)
        assert played.count("sluis_messages_total", verdict="cleaned") == 1
        assert played.count("sluis_octets_total", direction="in") == len(MESSAGE)
        assert played.count("sluis_originals_passed_total") == 0


async def test_messages_that_begin_or_end_with_one() -> None:
    async with stage() as played:
        client, server = await played.pair()
        for items in (b"BODY[] {%d}\r\n", b"RFC822 {%d}\r\n", b'FLAGS ("") BODY[] {%d}\r\n'):
            told = b"* 1 FETCH (" + items % len(MESSAGE)
            await flows(server, client, told + MESSAGE + b")\r\n", told + CLEANED + b")\r\n")


async def test_two_of_them_in_one_response() -> None:
    said = b"* 1 FETCH (BODY[] {%d}\r\n%s BODY[] {%d}\r\n%s UID 7)\r\n"
    many = len(MESSAGE)
    async with stage() as played:
        client, server = await played.pair()
        await flows(server, client, said % (many, MESSAGE, many, MESSAGE), said % (many, CLEANED, many, CLEANED))


async def test_a_piece_before_it_is_held_with_it() -> None:
    said = b"* 1 FETCH (BODY[1] %s BODY[] %s)\r\n"
    async with stage() as played:
        client, server = await played.pair()
        told, heard = said % (literal(HTML), literal(MESSAGE)), said % (literal(CLEAN_HTML), literal(CLEANED))
        await flows(server, client, told, heard)


async def test_more_text_than_may_be_held_passes_from_there_on() -> None:
    letter = b"--b\r\n" + PART + HTML + b"\r\n"
    text = b"--b\r\n\r\n" + b"hello\r\n" * 50_000
    raw = TOP + letter + b"--b\r\n" + FILM_PART + LINE * 5000 + b"\r\n" + text + letter + b"--b--\r\n"
    clean = raw.replace(TOP, CLEAN_TOP).replace(HTML, CLEAN_HTML, 1)
    async with stage(message_size_limit=300_000) as played:
        client, server = await played.pair()
        told, heard = b"* 1 FETCH (BODY[] %s)\r\n" % literal(raw), b"* 1 FETCH (BODY[] %s)\r\n" % literal(clean)
        await flows(server, client, told, heard)
        assert played.count("sluis_originals_passed_total") == 1


async def test_pieces_of_all_of_it_fetch_it_once() -> None:
    async with stage() as played:
        client, server = await played.pair()
        end = PLACE[b"3"] + len(HTML)
        for start in (0, PLACE[b"1"] + 20, PLACE[b"3"] - 100, end - 60):
            items = b"BODY[]<%d>" % start
            await client.says(b"a UID FETCH 7 (BODY.PEEK[]<%d.120>)\r\n" % start)
            own = b""
            if not start:
                await answers(server, b"a UID FETCH 7 (UID RFC822.SIZE)", b"RFC822.SIZE %d" % len(MESSAGE))
                own = b" BODY[] {%d}\r\n" % len(MESSAGE)
            await server.hears(b"a UID FETCH 7 (BODY.PEEK[]<%d.120>%s)\r\n" % (start, b" BODY.PEEK[]" if own else b""))
            told, heard = (literal(raw[start : start + 120]) for raw in (MESSAGE, CLEANED))
            message = MESSAGE if own else b""
            said = b"* 1 FETCH (UID 7 %s %s%s%s)\r\na OK done\r\n" % (items, told, own, message)
            with little_memory():
                await flows(server, client, said, b"* 1 FETCH (UID 7 %s %s)\r\na OK done\r\n" % (items, heard))
        assert played.count("sluis_messages_total") == 1


async def answers(server: Player, command: bytes, items: bytes) -> None:
    """A question of the gate's is answered."""
    await server.hears(command + b"\r\n")
    await server.says(b"* 1 FETCH (UID 7 %s)\r\na OK done\r\n" % items)


LEAF = b'("text" "html" NIL NIL NIL "7bit" 151 4)'
STRUCTURE = b'(%s ("video" "mp4" NIL NIL NIL "base64" 20520000) %s "mixed" ("boundary" "b"))' % (LEAF, LEAF)


async def learns(server: Player, command: bytes) -> None:
    """The gate asks for all that it must know of the message, and for nothing more."""
    await answers(server, command + b" (UID RFC822.SIZE)", b"RFC822.SIZE %d" % len(MESSAGE))
    await answers(server, command + b" (BODYSTRUCTURE)", b"BODYSTRUCTURE " + STRUCTURE)
    names = b"BODY.PEEK[HEADER] BODY.PEEK[1.MIME] BODY.PEEK[2.MIME] BODY.PEEK[3.MIME]"
    told = tuple(map(literal, (TOP, PART, FILM_PART, PART)))
    items = b"BODY[HEADER] %s BODY[1.MIME] %s BODY[2.MIME] %s BODY[3.MIME] %s" % told
    await answers(server, command + b" (%s)" % names, items)
    letter = literal(HTML)
    await answers(server, command + b" (BODY.PEEK[1] BODY.PEEK[3])", b"BODY[1] %s BODY[3] %s" % (letter, letter))


@pytest.mark.parametrize("command", [b"a UID FETCH 7", b"a FETCH 1"])
async def test_a_part_is_had_without_the_film(command: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        for name, partial in ((b"1", b"<0>"), (b"3", b""), (b"2", b"")):
            asked = command + b" (BODY.PEEK[%s]%s)" % (name, partial.replace(b">", b".120>"))
            await client.says(asked + b"\r\n")
            if name == b"1":
                await learns(server, command)
            elif b"UID" not in command:
                await answers(server, command + b" (UID RFC822.SIZE)", b"RFC822.SIZE %d" % len(MESSAGE))
            await server.hears(asked + b"\r\n")
            uid = b"UID 7 " if b"UID" in command else b""
            told, heard = (section(name, raw)[: 120 if partial else None] for raw in (MESSAGE, CLEANED))
            said = b"* 1 FETCH (%sBODY[%s]%s {%d}\r\n%s)\r\na OK done\r\n"
            answer, clean = (said % (uid, name, partial, len(octets), octets) for octets in (told, heard))
            with little_memory():
                await flows(server, client, answer, clean)
        assert played.count("sluis_messages_total") == 1
        assert played.count("sluis_originals_passed_total") == 0


@pytest.mark.parametrize(
    "told",
    [
        b"BODYSTRUCTURE (%s)" % STRUCTURE,
        b"BODYSTRUCTURE (" + STRUCTURE,
        b"BODYSTRUCTURE NIL",
        b"BODYSTRUCTURE " + LEAF,
        b"BODYSTRUCTURE (" * 50,
        b"FLAGS ()",
    ],
)
async def test_where_the_structure_is_not_understood_the_message_is_fetched(told: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        await client.says(b"a FETCH 1 BODY[3]\r\n")
        await answers(server, b"a FETCH 1 (UID RFC822.SIZE)", b"RFC822.SIZE 300000")
        await answers(server, b"a FETCH 1 (BODYSTRUCTURE)", told)
        await server.hears(b"a FETCH 1 (BODY[3] BODY.PEEK[])\r\n")


async def test_messages_are_answered_for_in_their_order() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await client.says(b"a FETCH 1:5 BODY[1]\r\n")
        await server.hears(b"a FETCH 1:5 (UID RFC822.SIZE)\r\n")
        sizes = {1: 9, 2: 9, 3: 999_999, 4: 9, 5: 999_999}
        said = b"".join(b"* %d FETCH (UID %d RFC822.SIZE %d)\r\n" % (n, 10 + n, size) for n, size in sizes.items())
        await server.says(b"* 9 EXISTS\r\n" + said + b"* 2 FETCH (FLAGS (\\Seen))\r\na OK done\r\n")
        await client.hears(b"* 9 EXISTS\r\n* 2 FETCH (FLAGS (\\Seen))\r\n")
        await server.hears(b"a FETCH 1:2 (BODY[1] BODY.PEEK[])\r\n")
        await server.says(b"a OK half\r\n")
        await server.hears(b"a FETCH 3 (BODYSTRUCTURE)\r\n")
        await server.says(b"a NO not now\r\n")
        await server.hears(b"a FETCH 3 (BODY[1] BODY.PEEK[])\r\n")
        await server.says(b"a NO not now\r\n")
        await server.hears(b"a FETCH 1:5 (BODY[1] BODY.PEEK[])\r\n")  # for the client to hear why
        await passes(server, client, b"a NO not now\r\n")


async def test_a_size_that_was_told_is_not_asked_for() -> None:
    async with stage() as played:
        client, server = await played.pair()
        listed = b"* 1 FETCH (UID 7 RFC822.SIZE 90 FLAGS ())\r\n* 2 FETCH (UID 8 RFC822.SIZE 999999)\r\n"
        await passes(server, client, listed)
        await client.says(b"a UID FETCH 7 BODY[1]\r\n")
        await server.hears(b"a UID FETCH 7 (BODY[1] BODY.PEEK[])\r\n")
        await passes(server, client, b"a OK done\r\n")
        await client.says(b"b UID FETCH 7,8 BODY[1]\r\n")
        await server.hears(b"b UID FETCH 7 (BODY[1] BODY.PEEK[])\r\n")
        await server.says(b"b OK half\r\n")
        await server.hears(b"b UID FETCH 8 (BODYSTRUCTURE)\r\n")
        await server.says(b"b NO\r\n")
        await server.hears(b"b UID FETCH 8 (BODY[1] BODY.PEEK[])\r\n")
        await passes(server, client, b"b OK done\r\n")
        await passes(client, server, b"c SELECT other\r\n")
        await passes(server, client, b"c OK done\r\n")
        await passes(client, server, b"d UID FETCH 7 BODY[1]\r\n", b"d UID FETCH 7 (UID RFC822.SIZE)\r\n")


@pytest.mark.parametrize("behind", [b"(CHANGEDSINCE 7)", b"(PARTIAL 1:50)"])
async def test_a_command_about_all_of_its_messages_is_not_divided(behind: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        whole = b"a UID FETCH 1:* (BODY[1] BODY.PEEK[]) %s\r\n" % behind
        await passes(client, server, b"a UID FETCH 1:* BODY[1] %s\r\n" % behind, whole)


async def test_a_known_piece_and_a_message_that_was_not_asked_for() -> None:
    said = b"* 1 FETCH (UID 7 BODY[2] %s BODY[] %s%s)\r\na OK done\r\n"
    heard = b"* 1 FETCH (UID 7 BODY[2] %s%s)\r\na OK done\r\n"
    asked = b"a UID FETCH 7:7 (BODY.PEEK[2] BODY.PEEK[]) (CHANGEDSINCE 1)\r\n"
    film, message = literal(section(b"2", MESSAGE)), literal(MESSAGE)
    async with stage() as played:
        client, server = await played.pair()
        for behind in (b"", b" FLAGS ()", b""):
            await passes(client, server, asked.replace(b" BODY.PEEK[])", b")"), asked)
            await flows(server, client, said % (film, message, behind), heard % (film, behind))
