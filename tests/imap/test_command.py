"""Reading commands: what a FETCH asks for, and how it is made to ask for the message too."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.command import Ask, Command, ask
from sluis.imap.section import Section


def asked(line: str) -> Ask | None:
    octets = line.encode() + b"\r\n"
    command = Command.read(octets)
    assert command
    assert command.verb == b"FETCH"
    return ask(octets, command.at)


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"a1 NOOP\r\n", Command(b"a1", b"NOOP", False, 8)),
        (b"a1 uid fetch 1 FLAGS\r\n", Command(b"a1", b"FETCH", True, 13)),
        (b"a1 UID\r\n", Command(b"a1", b"UID", False, 7)),
        (b"DONE\r\n", None),
        (b"\r\n", None),
        (b"* NOOP\r\n", None),
        (b"a{1 NOOP\r\n", None),
    ],
)
def test_commands(line: bytes, command: Command | None) -> None:
    assert Command.read(line) == command


@pytest.mark.parametrize(
    ("line", "rests"),
    [
        ("a FETCH 1 BODY[]", set()),
        ("a FETCH 1:* (FLAGS UID)", set()),
        ("a FETCH 1 FULL", set()),
        ("a FETCH 1 (RFC822 RFC822.HEADER)", set()),
        ("a FETCH 1 (BODY.PEEK[HEADER.FIELDS (From To)] BODY[1.MIME] BODY[2.HEADER])", set()),
        ("a FETCH 1 BODY[1]", {b"1"}),
        ("a FETCH 1 (FLAGS body.peek[text] BODY[1.2.text])", {b"TEXT", b"1.2.TEXT"}),
        ("a FETCH 1 RFC822.TEXT", {b"TEXT"}),
        ("a FETCH 1 BODY[]<0.10>", {b""}),
        ("a FETCH 1 BODY[HEADER]<0.10>", {b"HEADER"}),
        ("a FETCH 1 (PREVIEW (LAZY) BODY[3]<5.6>)", {b"3"}),
    ],
)
def test_what_cannot_be_cleaned_by_itself(line: str, rests: set[bytes]) -> None:
    found = asked(line)
    assert found
    assert found.rests == rests


@pytest.mark.parametrize(
    ("line", "fuller"),
    [
        ("a FETCH 1 BODY[1]", "a FETCH 1 (BODY[1] BODY.PEEK[])"),
        ("a UID FETCH 1:5,9 (FLAGS BODY[1])", "a UID FETCH 1:5,9 (FLAGS BODY[1] BODY.PEEK[])"),
        ("a FETCH $ BODY[1]<0.9> (CHANGEDSINCE 7)", "a FETCH $ (BODY[1]<0.9> BODY.PEEK[]) (CHANGEDSINCE 7)"),
        ("a FETCH 1 (BODY[1] UID) (CHANGEDSINCE 7)", "a FETCH 1 (BODY[1] UID BODY.PEEK[]) (CHANGEDSINCE 7)"),
        (
            "a FETCH 1 (BODY[HEADER.FIELDS (A B)] BODY[TEXT])",
            "a FETCH 1 (BODY[HEADER.FIELDS (A B)] BODY[TEXT] BODY.PEEK[])",
        ),
    ],
)
def test_asking_for_more(line: str, fuller: str) -> None:
    found = asked(line)
    assert found
    assert found.fuller() == fuller.encode() + b"\r\n"


@pytest.mark.parametrize(
    ("messages", "numbers"),
    [("7", (7,)), ("7,8", (7, 8)), ("1:3", ()), ("1:*", ()), ("$", ()), (",".join(["1"] * 101), ())],
)
def test_messages_named_one_by_one(messages: str, numbers: tuple[int, ...]) -> None:
    found = asked(f"a UID FETCH {messages} BODY[1]")
    assert found
    assert found.numbers == numbers


def test_the_message_and_decoded_parts_are_seen() -> None:
    both = asked("a FETCH 1 (BODY[1] RFC822)")
    binary = asked("a FETCH 1 (BINARY.PEEK[1])")
    size = asked("a FETCH 1 BINARY.SIZE[1]")
    assert both
    assert both.whole
    assert binary
    assert binary.binary
    assert size
    assert size.binary


@pytest.mark.parametrize(
    "line", ["a FETCH 1", "a FETCH x BODY[1]", "a FETCH 1 (BODY[1]", "a FETCH 1 ()", "a FETCH 1 (BODY[1]  BODY[01])"]
)
def test_what_is_not_understood(line: str) -> None:
    assert asked(line) is None


@given(st.binary(max_size=80))
def test_nothing_a_client_writes_raises(octets: bytes) -> None:
    ask(b"a FETCH 1 (" + octets + b"\r\n", 8)
    Command.read(octets)


@pytest.mark.parametrize(
    ("item", "section"),
    [
        (b"BODY[]", Section(b"")),
        (b"body.peek[1.text]<7.9>", Section(b"1.TEXT", 7)),
        (b"BODY[]<0>", Section(b"", 0)),
        (b"RFC822", Section(b"")),
        (b"rfc822.text", Section(b"TEXT")),
        (b"RFC822.SIZE", None),
        (b"BODY", None),
        (b"BODYSTRUCTURE", None),
        (b"FLAGS", None),
    ],
)
def test_sections(item: bytes, section: Section | None) -> None:
    assert Section.read(item) == section
