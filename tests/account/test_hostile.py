"""A server that does not keep to the protocol ends a session with one line, and nothing else comes out of it."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from sluis.account.place import Place
from sluis.account.session import AccountError, Session
from sluis.config.address import Endpoint

GREETING = b"* OK [CAPABILITY IMAP4rev1 UIDPLUS] hello\r\n"
SELECTED = b"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] a\r\n* OK [UIDNEXT 2] b\r\n"
SOUND: Mapping[bytes, bytes] = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 UIDPLUS\r\n",
    b"EXAMINE": SELECTED,
    b"SEARCH": b"* SEARCH 1\r\n",
    b"RFC822.SIZE": b"* 1 FETCH (UID 1 RFC822.SIZE 3 FLAGS ())\r\n",
    b"BODY.PEEK[]": b"* 1 FETCH (UID 1 BODY[] {3}\r\nabc)\r\n",
    b"INTERNALDATE": b'* 1 FETCH (UID 1 FLAGS (7) INTERNALDATE "01-Feb-2003 04:05:06 +0000")\r\n',
}


@contextmanager
def playing(answers: Mapping[bytes, bytes], greeting: bytes = GREETING) -> Iterator[Place]:
    """A server that answers a command with what stands for a word in it, and hangs up after what has no line end."""

    class Play(StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(greeting)
            if not greeting.endswith(b"\n"):
                return
            for line in self.rfile:
                tag = line.split()[0]
                answer = next((answer for word, answer in answers.items() if word in line), b"")
                self.wfile.write(answer)
                if answer and not answer.endswith(b"\n"):
                    return
                if not re.search(rb"(?m)^" + tag, answer):
                    self.wfile.write(tag + b" OK done\r\n")

    with ThreadingTCPServer(("127.0.0.1", 0), Play) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield Place(Endpoint("127.0.0.1", server.server_address[1]), False, "sanne", "A", plaintext=True)
        server.shutdown()


def read(place: Place) -> None:
    with Session(place, "geheim") as session:
        session.examine("A")
        held = session.listed()
        assert [brought.raw for brought in session.bodies(held)] in ([b"abc"], [None], [b"7"])
        marks = session.marks(1)
        assert marks is None or marks.flags == {"7"}


def test_a_sound_server() -> None:
    with playing(SOUND) as place:
        read(place)


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        (b"BODY.PEEK[]", b"* 1 FETCH (UID 1)\r\n"),
        (b"BODY.PEEK[]", b"* 1 FETCH (UID 9 BODY[] {3}\r\nabc)\r\n"),
        (b"BODY.PEEK[]", b"* 1 FETCH (UID 1 BODY[] NIL)\r\n"),
        (b"BODY.PEEK[]", b"* 1 FETCH (UID 1 BODY[] 7)\r\n"),
        (b"INTERNALDATE", b'* 1 FETCH (UID 1 FLAGS () INTERNALDATE "yesterday")\r\n'),
    ],
)
def test_what_is_missing_is_taken_as_gone(word: bytes, answer: bytes) -> None:
    with playing({**SOUND, word: answer}) as place:
        read(place)


@pytest.mark.parametrize(
    ("word", "answer"),
    [
        (b"LOGIN", b"* BYE no\r\n"),
        (b"EXAMINE", b"* 1 EXISTS\r\n"),
        (b"EXAMINE", b"* x EXISTS\r\n* OK [UIDVALIDITY y] a\r\n* OK [UIDNEXT 2] b\r\n"),
        (b"SEARCH", b"* SEARCH one two\r\n"),
        (b"SEARCH", b"* SEARCH 1"),
        (b"RFC822.SIZE", b"* 1 FETCH (UID 1 RFC822.SIZE big FLAGS ())\r\n"),
        (b"RFC822.SIZE", b"* 1 FETCH (UID x)\r\n"),
        (b"RFC822.SIZE", b"* 1 FETCH ((((((UID 1\r\n"),
        (b"BODY.PEEK[]", b"* 1 FETCH (UID 1 BODY[] {1000000000}\r\nabc"),
        (b"BODY.PEEK[]", b'* 1 FETCH (UID 1 BODY[] "abc)\r\n'),
        (b"BODY.PEEK[]", b"* " + b"a" * 2_000_000 + b"\r\n"),
        (b"BODY.PEEK[]", b"* 1 FETCH (UID 1 BODY[] (a b))\r\n"),
        (b"BODY.PEEK[]", b"garbage\r\n"),
        (b"FLAGS", b"* 1 FETCH (UID 1 RFC822.SIZE 3 FLAGS 7)\r\n"),
    ],
)
def test_what_cannot_be_understood_is_one_line(word: bytes, answer: bytes) -> None:
    with playing({word: answer, **SOUND} | {word: answer}) as place:
        with pytest.raises(AccountError) as told:
            read(place)
        assert "\n" not in str(told.value)
        assert "geheim" not in str(told.value)


@pytest.mark.parametrize("greeting", [b"", b"hello\r\n", b"* BYE\r\n", b"* OK [CAPABILITY IMAP4rev1", b"\x00\xff\r\n"])
def test_a_greeting_that_is_none(greeting: bytes) -> None:
    with playing({b"": b"x"}, greeting) as place, pytest.raises(AccountError):
        read(place)
