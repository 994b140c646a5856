"""Extensions that no server of Debian's has, as transcripts: what the gate need not touch passes octet for octet."""

from tests.imap.stage import GREETING, Player, stage
from tests.imap.test_session import CLEAN_HTML, CLEANED, HTML, MESSAGE, asks_ahead, literal, passes


async def test_x_gm_ext() -> None:
    """Gmail's labels, threads and search, told beside a message too."""
    async with stage() as played:
        client, server = await played.pair()
        await passes(
            server, client, b"* CAPABILITY IMAP4rev1 UNSELECT IDLE X-GM-EXT-1 UIDPLUS ENABLE MOVE CONDSTORE\r\n"
        )
        await passes(client, server, b'a UID SEARCH X-GM-RAW "has:attachment in:unread"\r\n')
        await passes(server, client, b"* SEARCH 7\r\na OK done\r\n")
        await passes(client, server, b"b UID STORE 7 +X-GM-LABELS (foo \\Starred {3}\r\n")
        await passes(server, client, b"+ go\r\n")
        await passes(client, server, b"b]r)\r\n")
        labels = b'X-GM-THRID 1278455344230334865 X-GM-MSGID 1278 X-GM-LABELS (\\Inbox "b]r" "a)(" {4}\r\nx\r\ny)'
        await passes(server, client, b"* 1 FETCH (UID 7 %s)\r\nb OK done\r\n" % labels)
        await passes(client, server, b"c UID FETCH 7 (X-GM-THRID X-GM-MSGID X-GM-LABELS BODY.PEEK[])\r\n")
        said = b"* 1 FETCH (UID 7 %s BODY[] %s)\r\nc OK done\r\n"
        await passes(server, client, said % (labels, literal(MESSAGE)), said % (labels, literal(CLEANED)))
        await asks_ahead(client, server, b"d UID FETCH 7 (X-GM-LABELS BODY.PEEK[1])\r\n")
        await server.hears(b"d UID FETCH 7 (X-GM-LABELS BODY.PEEK[1] BODY.PEEK[])\r\n")
        said = b"* 1 FETCH (UID 7 %s BODY[1] %s BODY[] %s)\r\nd OK done\r\n"
        heard = b"* 1 FETCH (UID 7 %s BODY[1] %s)\r\nd OK done\r\n" % (labels, literal(CLEAN_HTML))
        await passes(server, client, said % (labels, literal(HTML), literal(MESSAGE)), heard)


async def enabled(client: Player, server: Player) -> None:
    await passes(server, client, b"* CAPABILITY IMAP4rev1 IMAP4rev2 LITERAL- UTF8=ACCEPT\r\n")
    await passes(client, server, b"a ENABLE IMAP4rev2\r\n")
    await passes(server, client, b"* ENABLED IMAP4rev2\r\na OK done\r\n")


async def test_imap4rev2() -> None:
    """What is new in answers, and the parts of it that would give a message in another form (RFC 9051 §6.4.5)."""
    async with stage() as played:
        client, server = await played.pair()
        await enabled(client, server)
        await passes(client, server, b"b SELECT INBOX\r\n")
        told = b'* 1 EXISTS\r\n* LIST () "/" INBOX ("OLDNAME" ("inbox"))\r\n* OK [UIDVALIDITY 1] v\r\n'
        await passes(server, client, told + '* LIST () "/" "Entwürfe"\r\nb OK [READ-WRITE] done\r\n'.encode())
        await passes(client, server, b"c SEARCH UNSEEN\r\n")
        await passes(server, client, b'* ESEARCH (TAG "c") ALL 1\r\nc OK done\r\n')
        await passes(client, server, b"d FETCH 1 (FLAGS BODY[])\r\n")
        said = b"* 1 FETCH (FLAGS (\\Seen $NotJunk) BODY[] %s)\r\n* OK [CLOSED] x\r\nd OK done\r\n"
        await passes(server, client, said % literal(MESSAGE), said % literal(CLEANED))
        for item in (b"BINARY[1]", b"BINARY.PEEK[1]<0.9>", b"BINARY.SIZE[1]"):
            refused = b"e NO [UNKNOWN-CTE] not decoded by Sluis\r\n"
            await passes(client, client, b"e FETCH 1 (UID %s)\r\n" % item, refused)
        await passes(client, server, b"f APPEND INBOX (\\Seen) ~{3+}\r\n\0\xff\0\r\n")


async def test_literal_minus() -> None:
    """Short literals go at once, longer ones when they are asked for (RFC 7888 §5)."""
    long = b"x" * 5000
    async with stage() as played:
        client, server = await played.client(), await played.server()
        greeting = GREETING.replace(b"IDLE COMPRESS=DEFLATE", b"LITERAL-")
        await passes(server, client, greeting)
        await passes(client, server, b"a APPEND {3+}\r\nbox {4096+}\r\n" + long[:4096] + b"\r\n")
        await passes(server, client, b"a OK done\r\n")
        await passes(client, server, b"b APPEND box {5000}\r\n")
        await passes(server, client, b"+ go\r\n")
        await passes(client, server, long + b"\r\n")
        await passes(server, client, b"b OK done\r\n")
