"""Packets and octets: exactly those of libmilter, whatever the stream was cut into."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.milter.stage import AGREED, POSTFIX

from sluis.milter.packet import (
    LONGEST,
    Field,
    Framer,
    Packet,
    ProtocolError,
    Terms,
    agreed,
    changed,
    field,
    inserted,
    mailbox,
    replaced,
)

PACKETS = st.builds(Packet, st.binary(min_size=1, max_size=1), st.binary(max_size=40))


def framed(wire: bytes, cuts: list[int]) -> list[Packet]:
    framer, found = Framer(), list[Packet]()
    for start, end in pairwise([0, *sorted(cuts), len(wire)]):
        framer.feed(wire[start:end])
        while packet := framer.next():
            found.append(packet)
    return found


def test_a_packet_as_octets() -> None:
    assert Packet(b"c").wire() == b"\0\0\0\x01c"
    assert Packet(b"B", b"a\r\n").wire() == b"\0\0\0\x04Ba\r\n"


@given(st.lists(PACKETS, max_size=6), st.data())
def test_packets_come_out_however_they_are_cut(packets: list[Packet], data: st.DataObject) -> None:
    wire = b"".join(packet.wire() for packet in packets)
    cuts = data.draw(st.lists(st.integers(0, len(wire)), max_size=8))
    assert framed(wire, cuts) == packets


def test_each_octet_by_itself() -> None:
    packets = [Packet(b"M", b"<>\0"), Packet(b"N"), Packet(b"B", b"\0" * 300)]
    wire = b"".join(packet.wire() for packet in packets)
    assert framed(wire, [*range(len(wire))]) == packets


def test_half_a_packet_is_none() -> None:
    framer = Framer()
    framer.feed(b"\0\0\0\x03B")
    assert framer.next() is None
    assert framer.held == 5
    framer.feed(b"ab\0")
    assert framer.next() == Packet(b"B", b"ab")
    assert framer.held == 1


@pytest.mark.parametrize("prefix", [b"\0\0\0\0", b"\xff\xff\xff\xff", (LONGEST + 1).to_bytes(4, "big"), b"QUIT"])
def test_no_length_is_taken_on_trust(prefix: bytes) -> None:
    framer = Framer()
    framer.feed(prefix)
    with pytest.raises(ProtocolError):
        framer.next()


class TestTerms:
    def test_with_postfix(self) -> None:
        assert agreed(POSTFIX).packet() == AGREED
        assert AGREED.wire() == b"\0\0\0\x0dO\0\0\0\x06\0\0\0\x13\0\x1f\xf3\x83"

    def test_a_server_of_all_steps_is_owed_no_answer(self) -> None:
        assert [command for command in b"CHMRTUNBL" if agreed(POSTFIX).owed(bytes([command]))] == []

    def test_a_server_of_few_steps_is(self) -> None:
        terms = agreed(Packet(b"O", bytes.fromhex("00000006 000001ff 00100081")))
        assert terms == Terms(0x100081)
        assert [command for command in (b"C", b"L", b"B", b"E", b"D", b"A", b"Q") if terms.owed(command)] == [
            b"C",
            b"B",
        ]

    @pytest.mark.parametrize(
        "offer",
        [
            Packet(b"O", bytes.fromhex("00000002 0000003f 0000007f")),  # an old version
            Packet(b"O", bytes.fromhex("00000006 0000003d 001fffff")),  # bodies cannot be changed
            Packet(b"O", bytes.fromhex("00000006 000001ff 000fffff")),  # a leading blank is not told
            Packet(b"O", POSTFIX.data[:11]),
            Packet(b"M", POSTFIX.data),
        ],
    )
    def test_too_little(self, offer: Packet) -> None:
        with pytest.raises(ProtocolError):
            agreed(offer)


class TestFields:
    def test_on_the_wire(self) -> None:
        assert Field(b"Subject", b" a\n\tb\r").wire() == b"Subject: a\r\n\tb\r\r\n"

    @given(st.binary(min_size=1).filter(lambda name: 0 not in name), st.binary().filter(lambda value: 0 not in value))
    def test_are_read_as_they_are_told(self, name: bytes, value: bytes) -> None:
        assert field(Field(name, value).told) == Field(name, value)

    @pytest.mark.parametrize("data", [b"", b"a", b"a\0", b"a\0b", b"\0b\0", b"a\0b\0c\0", b"a\0b\0c"])
    def test_that_are_none(self, data: bytes) -> None:
        with pytest.raises(ProtocolError):
            field(data)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<a@b.example>\0SIZE=3\0", "a@b.example"),
        (b"<>\0", ""),
        (b"a@b.example\0", "a@b.example"),
        ("<sø@b.example>".encode(), "sø@b.example"),
        (b"<\xff@b>\0", "\ufffd@b"),
        (b"", ""),
    ],
)
def test_mailboxes(data: bytes, text: str) -> None:
    assert mailbox(data) == text


def test_orders_as_octets() -> None:
    new = Field(b"X-A", b" b")
    assert changed(2, new).wire() == b"\0\0\0\x0cm\0\0\0\x02X-A\0 b\0"
    assert inserted(new).wire() == b"\0\0\0\x0ci\0\0\0\x01X-A\0 b\0"


@pytest.mark.parametrize(
    ("octets", "pieces"), [(0, [0]), (1, [1]), (65_535, [65_535]), (65_536, [65_535, 1]), (131_070, [65_535, 65_535])]
)
def test_a_body_goes_in_pieces(octets: int, pieces: list[int]) -> None:
    """An empty one too must be said, or the old one stays."""
    packets = [*replaced(b"x" * octets)]
    assert [len(packet.data) for packet in packets] == pieces
    assert {packet.command for packet in packets} == {b"b"}
