"""Extensions by name: what a client says to Dovecot, and what it hears, is the same through the gate, word for word.

The talk takes place twice in a mailbox made anew. Only what differs between two talks with Dovecot itself is left out:
the validity of numbers, and how long an answer took.
"""

import re
import socket
from collections.abc import Iterator

import pytest
from tests.integration import dovecot as dovecot_server
from tests.integration.dovecot import PASSWORD, Dovecot, address
from tests.integration.gate import Gate, reading_gate

READER = address("sanne")
BOX, OTHER = "Ext", "Ext2"
_VARIES = (
    (re.compile(rb" ?\([0-9.]+ \+ [0-9.]+(?: \+ [0-9.]+)? secs\)"), b""),
    (re.compile(rb"(UIDVALIDITY|APPENDUID|COPYUID) [0-9]+", re.IGNORECASE), rb"\1 v"),
)


def letter(subject: str, sender: str, day: int, more: str = "") -> bytes:
    lines = f"From: {sender}@a.example\nTo: ann@b.example\nSubject: {subject}\nDate: {day} Nov 2026 10:00:00 +0000\n"
    return (lines + f"Message-ID: <{day}@a.example>\n{more}\nhello {subject}\n").replace("\n", "\r\n").encode()


LETTERS = [
    letter("pears", "carol", 2),
    letter("apples", "bert", 3),
    letter("Re: pears", "ann", 1, "In-Reply-To: <2@a.example>\nReferences: <2@a.example>\n"),
]


class Talk:
    """A connection; `heard` is all that the server said after the login, in lines."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self._file = self._socket.makefile("rwb")
        self._number = 0
        self._validity = b""
        self._file.readline()
        self.heard: list[bytes] = []
        self.say(f"LOGIN {READER} {PASSWORD}".encode())
        self.heard.clear()

    def say(self, words: bytes) -> None:
        """A command, with its literals; each that waits is sent when the server has asked for it, and so is DONE."""
        self._number += 1
        tag = b"t%d " % self._number
        whole = tag + words.replace(b"VALIDITY", self._validity) + b"\r\n" + b"DONE\r\n" * (words == b"IDLE")
        *waiting, last = re.split(rb"(?<=[0-9]}\r\n)|(?<=IDLE\r\n)", whole)
        for piece in waiting:
            self._say(piece, b"+")
        self._say(last, tag)

    def _say(self, octets: bytes, end: bytes) -> None:
        self._file.write(octets)
        self._file.flush()
        self._hear(end)

    def _hear(self, end: bytes) -> None:
        while True:
            line = self._file.readline()
            assert line
            self.heard.append(line)
            if found := re.search(rb"\[UIDVALIDITY ([0-9]+)\]", line):
                self._validity = found[1]
            if line.startswith(end):
                return
            assert not re.match(rb"t[0-9]+ (?:NO|BAD)", line), line

    def close(self) -> None:
        self._file.close()
        self._socket.close()


SELECT = b"SELECT " + BOX.encode()
TALKS: dict[str, tuple[str, list[bytes]]] = {
    "LITERAL+": (
        "LITERAL+",
        [b"STATUS {3+}\r\nExt (MESSAGES)", b"APPEND Ext {%d+}\r\n%s" % (len(LETTERS[0]), LETTERS[0])],
    ),
    "literals that wait": ("IMAP4rev1", [b"APPEND {3}\r\nExt {%d}\r\n%s" % (len(LETTERS[0]), LETTERS[0]), SELECT]),
    "MOVE": ("MOVE", [SELECT, b"MOVE 1 Ext2", b"UID MOVE 3 Ext2", b"STATUS Ext2 (MESSAGES)", b"FETCH 1:* (UID FLAGS)"]),
    "CONDSTORE": (
        "CONDSTORE",
        [
            b"SELECT Ext (CONDSTORE)",
            b"STORE 1 +FLAGS (\\Flagged)",
            b"STORE 2 (UNCHANGEDSINCE 1) +FLAGS.SILENT (\\Seen)",
            b"FETCH 1:* (UID FLAGS MODSEQ) (CHANGEDSINCE 1)",
            b"SEARCH MODSEQ 1",
            b"STATUS Ext2 (HIGHESTMODSEQ)",
        ],
    ),
    "QRESYNC": (
        "QRESYNC",
        [
            b"ENABLE QRESYNC",
            SELECT,
            b"STORE 2 +FLAGS (\\Deleted)",
            b"EXPUNGE",
            b"UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)",
            b"UNSELECT",
            b"SELECT Ext (QRESYNC (VALIDITY 1 1:9))",
        ],
    ),
    "ESEARCH": (
        "ESEARCH",
        [SELECT, b"SEARCH RETURN (MIN MAX COUNT ALL) ALL", b"UID SEARCH RETURN (ALL) SUBJECT pears"],
    ),
    "SEARCHRES": ("SEARCHRES", [SELECT, b"SEARCH RETURN (SAVE) SUBJECT pears", b"FETCH $ (FLAGS BODY.PEEK[TEXT])"]),
    "SEARCH": (
        "IMAP4rev1",
        [SELECT, b"SEARCH CHARSET UTF-8 BODY {5}\r\nhello", b"UID SEARCH OR FROM ann FROM bert", b"SEARCH LARGER 9999"],
    ),
    "ID": ("ID", [b'ID ("name" "somebody")', b"ID NIL"]),
    "NAMESPACE": ("NAMESPACE", [b"NAMESPACE"]),
    "SORT": ("SORT", [SELECT, b"SORT (SUBJECT) UTF-8 ALL", b"UID SORT (REVERSE DATE) US-ASCII ALL"]),
    "THREAD": ("THREAD=REFERENCES", [SELECT, b"THREAD REFERENCES UTF-8 ALL", b"UID THREAD REFS UTF-8 ALL"]),
    "SPECIAL-USE": ("SPECIAL-USE", [b'LIST "" "*" RETURN (SPECIAL-USE)', b'LIST (SPECIAL-USE) "" "*"']),
    "LIST-STATUS": ("LIST-STATUS", [b'LIST "" "Ext*" RETURN (STATUS (MESSAGES UNSEEN) SUBSCRIBED)']),
    "UNSELECT": (
        "UNSELECT",
        [SELECT, b"STORE 1 +FLAGS (\\Deleted)", b"UNSELECT", SELECT, b"CLOSE", b"STATUS Ext (MESSAGES)"],
    ),
    "UIDPLUS": ("UIDPLUS", [SELECT, b"UID COPY 1:2 Ext2", b"UID STORE 2 +FLAGS (\\Deleted)", b"UID EXPUNGE 1:3"]),
    "MULTIAPPEND": ("MULTIAPPEND", [b"APPEND Ext (\\Seen) {2}\r\na\n (\\Draft) {2}\r\nb\n", b"STATUS Ext (MESSAGES)"]),
    "IDLE": ("IDLE", [SELECT, b"IDLE", b"NOOP", b"IDLE"]),
    "NOTIFY": (
        "NOTIFY",
        [
            SELECT,
            b"NOTIFY SET (selected (MessageNew (UID FLAGS) MessageExpunge FlagChange))",
            b"APPEND Ext {2+}\r\na\n",
            b"NOOP",
            b"NOTIFY NONE",
        ],
    ),
    "a FETCH with a literal": (
        "IMAP4rev1",
        [SELECT, b"FETCH 1 (BODY.PEEK[1] BODY.PEEK[HEADER.FIELDS ({7}\r\nSubject)])"],
    ),
}


@pytest.fixture(scope="module")
def dovecot() -> Iterator[Dovecot]:
    """One that knows a folder for sent mail."""
    sent = "namespace inbox {\n inbox = yes\n mailbox Sent {\n  auto = create\n  special_use = \\Sent\n }\n}\n"
    with dovecot_server.dovecot(extra=sent) as server:
        yield server


@pytest.fixture(scope="module")
def gate(dovecot: Dovecot) -> Iterator[Gate]:
    with reading_gate(f"imap://127.0.0.1:{dovecot.imap}", {"upstream_tls": {"mode": "off"}}) as server:
        yield server


def made(dovecot: Dovecot) -> None:
    """The mailboxes, as they are before a talk."""
    with dovecot.login("sanne") as client:
        for name in (BOX, OTHER):
            client.delete(name)
            assert client.create(name)[0] == "OK"
        for raw in LETTERS:
            assert client.append(BOX, "", '"12-Nov-2026 09:30:04 +0100"', raw)[0] == "OK"


def told(dovecot: Dovecot, port: int, words: list[bytes]) -> list[bytes]:
    """What is heard of a talk."""
    made(dovecot)
    talk = Talk(port)
    for each in words:
        talk.say(each)
    talk.close()
    text = b"".join(talk.heard)
    for pattern, instead in _VARIES:
        text = pattern.sub(instead, text)
    return text.splitlines()


@pytest.mark.parametrize("name", TALKS)
def test_it_is_heard_through_the_gate_as_it_was_said(dovecot: Dovecot, gate: Gate, name: str) -> None:
    capability, words = TALKS[name]
    for port in (dovecot.imap, gate.port):
        talk = Talk(port)
        talk.say(b"CAPABILITY")
        assert capability.encode() in talk.heard[0].split()
        talk.close()
    heard = told(dovecot, dovecot.imap, words)
    assert len(heard) >= len(words)
    assert told(dovecot, gate.port, words) == heard


def test_all_but_the_ways_around_it_is_offered(dovecot: Dovecot, gate: Gate) -> None:
    offered = []
    for port in (dovecot.imap, gate.port):
        talk = Talk(port)
        talk.say(b"CAPABILITY")
        offered.append(set(talk.heard[0].split()))
        talk.close()
    hidden = {b"BINARY", b"CATENATE", b"URLAUTH", b"URLAUTH=BINARY", b"URL-PARTIAL", b"LOGIN-REFERRALS"}
    assert offered[0] - offered[1] == hidden & offered[0]
    assert offered[1] <= offered[0]
