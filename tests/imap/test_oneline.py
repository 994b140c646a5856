"""Commands in one line: literals are quoted, what no quoted string holds is awkward, nothing is asked for in vain."""

from collections.abc import Coroutine
from typing import Any, TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sluis.imap.oneline import LONGEST, AwkwardError, oneline
from sluis.imap.wire import Framer, Line, Octets

T = TypeVar("T")
QUOTABLE = st.binary(max_size=20).map(lambda text: text.translate(None, bytes([0, 10, 13, *range(128, 256)])))


class Said:
    """A client that has said all it has to say."""

    def __init__(self, octets: bytes) -> None:
        self.framer = Framer(server=False)
        self.framer.feed(octets)
        self.asked: list[bytes] = []

    async def next(self) -> Line | Octets:
        event = self.framer.next()
        assert event
        return event

    async def go_on(self, words: bytes) -> None:
        self.asked.append(words)

    def oneline(self) -> Line | AwkwardError:
        client: Any = self

        async def read() -> Line | AwkwardError:
            line = await self.next()
            assert isinstance(line, Line)
            try:
                return await oneline(line, client, self.go_on)
            except AwkwardError as error:
                return error

        return at_once(read())


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """What comes of work that waits for nothing."""
    with pytest.raises(StopIteration) as done:
        work.send(None)
    value: T = done.value.value
    return value


@given(st.lists(QUOTABLE, max_size=5), st.booleans())
def test_literals_become_quoted_strings(texts: list[bytes], waits: bool) -> None:
    sign = b"" if waits else b"+"
    literals = b"".join(b" {%d%s}\r\n%s" % (len(text), sign, text) for text in texts)
    said = Said(b"a FETCH 1 (" + literals + b")\r\nb NOOP\r\n")
    line = said.oneline()
    quoted = b"".join(b' "%s"' % text.replace(b"\\", b"\\\\").replace(b'"', b'\\"') for text in texts)
    assert line == Line(b"a FETCH 1 (" + quoted + b")\r\n", first=True, last=True)
    assert said.asked == [b"+ OK\r\n"] * (len(texts) if waits else 0)
    assert at_once(said.next()).octets == b"b NOOP\r\n"


def test_a_line_in_pieces_is_one() -> None:
    octets = b"a FETCH " + b"1," * 100_000 + b"1 BODY[1]\r\n"
    assert Said(octets).oneline() == Line(octets, first=True, last=True)


@pytest.mark.parametrize("text", [b"\0", b"\r", b"a\n", b"\xe9"])
def test_what_no_quoted_string_holds(text: bytes) -> None:
    awkward = Said(b"a FETCH 1 {%d+}\r\n%s x\r\n" % (len(text), text)).oneline()
    assert isinstance(awkward, AwkwardError)
    assert awkward.line.octets == b" x\r\n"


@pytest.mark.parametrize("size", [LONGEST, 1 << 40])
def test_what_is_too_long_is_not_asked_for(size: int) -> None:
    said = Said(b"a FETCH 1 {%d}\r\n" % size)
    assert isinstance(said.oneline(), AwkwardError)
    assert said.asked == []
