"""What sessions know of messages: shared by who logged in by one name, by nobody else, and within its bound."""

import pytest
from tests.imap.stage import Player, stage
from tests.imap.test_session import CLEAN_HTML, CLEANED, HTML, MESSAGE, asks_ahead, literal, passes

from sluis.imap.command import Command
from sluis.imap.known import Known, Mailbox, Shelf
from sluis.imap.login import account, mailbox
from sluis.imap.overlay import Overlay, overlay

OVER = overlay(MESSAGE, CLEANED)
INBOX = Mailbox(b"ann", b"INBOX", 9)


class TestShelf:
    def test_what_was_asked_for_longest_ago_is_forgotten(self) -> None:
        shelf = Shelf(3 * OVER.octets)
        for uid in (1, 2, 3):
            shelf.put((INBOX, uid), OVER)
        assert shelf[INBOX, 1]
        shelf.put((INBOX, 4), OVER)
        assert [(INBOX, uid) in shelf for uid in (1, 2, 3, 4)] == [True, False, True, True]

    def test_the_last_is_kept_however_big_it_is(self) -> None:
        shelf = Shelf(1)
        for uid in (1, 2):
            shelf.put((INBOX, uid), OVER)
        assert shelf[INBOX, 2] is OVER
        assert (INBOX, 1) not in shelf


class TestKnown:
    def test_what_is_fetched_in_pieces_outlasts_a_download_of_everything(self) -> None:
        shelf = Shelf(20 * OVER.octets)
        one, two = Known(shelf), Known(shelf)
        for known in (one, two):
            known.select(INBOX)
        text = frozenset({b"1"})
        over = Overlay(OVER.changes, {b"1": 9})
        one.put(7, over)
        assert one.covers(7, text)  # for its next piece
        for uid in range(100, 1000):
            assert not two.covers(uid, text)
            two.put(uid, over)
            assert two.get(uid) is over
        assert one.covers(7, text)

    def test_another_session_of_the_same_mailbox_knows_it_too(self) -> None:
        shelf = Shelf(100_000)
        one, two = Known(shelf), Known(shelf)
        one.select(INBOX)
        one.put(7, OVER)
        assert 7 not in two
        two.select(Mailbox(b"ann", b"INBOX", 9))
        assert two.get(7) is OVER

    @pytest.mark.parametrize("other", [Mailbox(b"bob", b"INBOX", 9), Mailbox(b"ann", b"Sent", 9), None])
    def test_no_other_mailbox_does(self, other: Mailbox | None) -> None:
        shelf = Shelf(100_000)
        one, two = Known(shelf), Known(shelf)
        one.select(INBOX)
        one.put(7, OVER)
        two.select(other)
        assert 7 not in two
        one.select(other)
        assert 7 not in one
        one.select(INBOX)
        assert 7 in one

    def test_a_failure_is_known_to_one_session_and_until_it_selects_anew(self) -> None:
        shelf = Shelf(100_000)
        one, two = Known(shelf), Known(shelf)
        for known in (one, two):
            known.select(INBOX)
        one.put(7, None)
        assert one.covers(7, frozenset({b"1"}))
        assert 7 not in two
        one.put(7, Overlay(()))
        one.select(INBOX)
        assert two.get(7) is one.get(7) is not None


def named(line: bytes) -> bytes | None:
    command = Command.read(line)
    assert command
    return account(command, line)


class TestNames:
    def test_who_logs_in_by_one_name_is_one(self) -> None:
        assert named(b"a LOGIN ann secret\r\n") == named(b"b login ann other\r\n") is not None
        assert (
            named(b"a AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n")
            == named(b"a AUTHENTICATE PLAIN AGFubgB4\r\n")
            is not None
        )
        names = [b"a LOGIN ann x\r\n", b"a LOGIN bob x\r\n", b'a LOGIN "ann bob" x\r\n']
        names += [b"a AUTHENTICATE PLAIN AGFubgBzZWNyZXQ=\r\n", b"a AUTHENTICATE PLAIN Ym9iAGFubgB4\r\n"]
        assert len({named(line) for line in names}) == 5
        assert all(b"ann" not in (named(line) or b"") for line in names)

    @pytest.mark.parametrize(
        "line",
        [
            b"a LOGIN {3}\r\n",
            b"a AUTHENTICATE PLAIN\r\n",
            b"a AUTHENTICATE PLAIN =\r\n",
            b"a AUTHENTICATE PLAIN QUJD\r\n",
            b"a AUTHENTICATE XOAUTH2 dXNlcj1hbm4BYXV0aD1CZWFyZXIgeAEB\r\n",
            b"a SELECT ann\r\n",
        ],
    )
    def test_of_others_nothing_is_known(self, line: bytes) -> None:
        assert named(line) is None

    @pytest.mark.parametrize(
        ("line", "name"),
        [
            (b"a SELECT INBOX\r\n", b"INBOX"),
            (b'a EXAMINE "In {3}" (CONDSTORE)\r\n', b'"In {3}" (CONDSTORE)'),
            (b"a SELECT {5}\r\n", None),
            (b"a SELECT {5+}\r\n", None),
            (b"a STATUS INBOX (MESSAGES)\r\n", None),
        ],
    )
    def test_mailboxes(self, line: bytes, name: bytes | None) -> None:
        command = Command.read(line)
        assert command
        assert mailbox(command, line) == name


async def enters(client: Player, server: Player, name: bytes, validity: bytes = b"9") -> None:
    """A client logs in and selects its mailbox."""
    for command, said in ((b"LOGIN %s x" % name, b""), (b"SELECT INBOX", b"* OK [UIDVALIDITY %s] ok\r\n" % validity)):
        await passes(client, server, b"a " + command + b"\r\n")
        await passes(server, client, said + b"a OK done\r\n")


async def reads(client: Player, server: Player) -> None:
    """A client reads a part, for which the message is asked for."""
    await asks_ahead(client, server, b"a UID FETCH 7 (BODY[1])\r\n")
    await server.hears(b"a UID FETCH 7 (BODY[1] BODY.PEEK[])\r\n")
    said = b"* 1 FETCH (UID 7 BODY[1] %s BODY[] %s)\r\na OK done\r\n" % (literal(HTML), literal(MESSAGE))
    await server.says(said)
    await client.hears(b"* 1 FETCH (UID 7 BODY[1] %s)\r\na OK done\r\n" % literal(CLEAN_HTML))


async def knows(client: Player, server: Player) -> None:
    """A client reads a part, for which nothing else is asked for."""
    await passes(client, server, b"a UID FETCH 7 (BODY[1])\r\n")
    said = b"* 1 FETCH (UID 7 BODY[1] %s)\r\na OK done\r\n"
    await passes(server, client, said % literal(HTML), said % literal(CLEAN_HTML))


async def test_the_next_connection_of_a_reader_knows_what_this_one_learnt() -> None:
    async with stage() as played:
        client, server = await played.pair()
        await enters(client, server, b"ann")
        await reads(client, server)
        await knows(client, server)
        client, server = await played.pair()
        await enters(client, server, b"ann")
        await knows(client, server)


@pytest.mark.parametrize(("name", "validity"), [(b"bob", b"9"), (b"ann", b"10")])
async def test_nobody_else_does(name: bytes, validity: bytes) -> None:
    async with stage() as played:
        client, server = await played.pair()
        await enters(client, server, b"ann")
        await reads(client, server)
        client, server = await played.pair()
        await enters(client, server, name, validity)
        await reads(client, server)


async def test_a_login_that_fails_is_nobodys() -> None:
    """Two logins sent at once, of which the server takes the first."""
    async with stage() as played:
        client, server = await played.pair()
        await enters(client, server, b"ann")
        await reads(client, server)
        client, server = await played.pair()
        await client.says(b"a LOGIN bob x\r\na LOGIN ann x\r\n")
        await server.hears(b"a LOGIN bob x\r\n")
        await passes(server, client, b"a OK done\r\n")
        await server.hears(b"a LOGIN ann x\r\n")
        await passes(server, client, b"a NO already\r\n")
        await passes(client, server, b"a SELECT INBOX\r\n")
        await passes(server, client, b"* OK [UIDVALIDITY 9] ok\r\na OK done\r\n")
        await reads(client, server)
