"""A message as it is told: held up to its limit, counted for what it costs, dropped where it cannot be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.milter.stage import told

from sluis.edge.pool import CleaningError
from sluis.envelope import Envelope
from sluis.milter.collected import Collected, NoRoomError
from sluis.milter.packet import Field, Packet

FIELDS = [Field(b"Subject", b" a\n b"), Field(b"X", b"")]


def collected(*packets: Packet, limit: int = 1000) -> Collected:
    message = Collected(limit)
    for packet in packets:
        message.hear(packet)
    return message


def test_it_stands_as_in_the_server() -> None:
    readers = (b"<c@d.example>\0", b"<e@f.example>\0NOTIFY=NEVER\0")
    message = collected(*told(FIELDS, b"one\r\ntwo", b"<A@B.example>\0", *readers))
    assert message.envelope == Envelope("A@B.example", ("c@d.example", "e@f.example"))
    assert message.domain == "b.example"
    assert message.take() == b"Subject: a\r\n b\r\nX:\r\n\r\none\r\ntwo"


def test_the_last_piece_may_come_with_the_end() -> None:
    assert collected(Packet(b"B", b"a"), Packet(b"E", b"b")).take() == b"\r\nab"


@pytest.mark.parametrize(("path", "domain"), [(b"<>\0", ""), (b"<root>\0", ""), (b"<a@b@C>\0", "c")])
def test_a_local_part_is_no_domain(path: bytes, domain: str) -> None:
    assert collected(Packet(b"M", path)).domain == domain


@pytest.mark.parametrize(("octets", "fits"), [(10, True), (11, False)])
def test_it_has_a_limit(octets: int, fits: bool) -> None:
    message = collected(Packet(b"B", b"x" * octets), Packet(b"B", b""), Packet(b"E"), limit=10)
    if fits:
        assert message.take() == b"\r\n" + b"x" * 10
        return
    with pytest.raises(CleaningError, match="size: too-big"):
        message.take()


def test_what_is_no_field_makes_no_message() -> None:
    message = collected(*told(FIELDS, b"a"), Packet(b"L", b"none"), *told(FIELDS, b"b"))
    assert (message.fields, message.body, message.recipients, message.cost) == ([], [], [], 0)
    with pytest.raises(CleaningError, match="parse: syntax"):
        message.take()


def test_what_was_dropped_stays_so() -> None:
    message = collected(Packet(b"B", b"a"))
    message.drop(NoRoomError())
    message.hear(Packet(b"B", b"b"))
    assert message.cost == 0
    with pytest.raises(NoRoomError):
        message.take()


@given(st.lists(st.tuples(st.sampled_from([b"M", b"R", b"L", b"B", b"E"]), st.binary(max_size=20)), max_size=20))
def test_any_packets_in_any_order(packets: list[tuple[bytes, bytes]]) -> None:
    """It is a message or none, costs more than it has, and holds no more than its limit."""
    message = collected(*(Packet(*packet) for packet in packets), limit=60)
    held = [each.told for each in message.fields] + message.body
    assert sum(map(len, held)) <= min(message.cost, 60)
    assert message.open == bool(packets)
    try:
        assert message.take().endswith(b"\r\n" + b"".join(data for command, data in packets if command in b"BE"))
    except CleaningError:
        assert message.cost == 0
