"""A stage for the milter gate: the test is the mail server, over a real socket, and plays it packet by packet.

`Server` carries out what it is told as Postfix does (cleanup_milter.c), so that what it would deliver can be looked at.
"""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sluis.clean import clean
from sluis.config import CleaningSection, Config, Endpoint, MilterSection
from sluis.edge.opening import Clean
from sluis.metrics import Metrics
from sluis.milter import Gate, run
from sluis.milter.packet import Field, Framer, Packet, replaced
from sluis.rules.load import load

RULES = load()
PATIENCE = 10.0  # seconds for what must come, on a machine that is busy
POSTFIX = Packet(b"O", struct.pack("!3I", 6, 0x1FF, 0x1FFFFF))
AGREED = Packet(b"O", struct.pack("!3I", 6, 0x13, 0x1FF383))
SENDER, READER = b"<bounce@letters.shop.example>\0SIZE=1234\0", b"<sanne@lezer.example>\0"
GOES_ON = Packet(b"c")


def told(header: Sequence[Field], body: bytes, sender: bytes = SENDER, *readers: bytes) -> list[Packet]:
    """A message as Postfix tells it."""
    envelope = [Packet(b"M", sender), *(Packet(b"R", reader) for reader in readers or (READER,))]
    fields = [Packet(b"L", b"%b\0%b\0" % (field.name, field.value)) for field in header]
    pieces = [Packet(b"B", each.data) for each in replaced(body) if body]
    return [*envelope, *fields, Packet(b"N"), *pieces, Packet(b"E")]


def carried_out(orders: Sequence[Packet], header: Sequence[Field], body: bytes) -> tuple[list[Field], bytes]:
    """Header and body after `orders`, by the server's rules: names in any case, an index counts what is there now."""
    fields, new = [*header], list[bytes]()
    for order in orders:
        if order.command == b"b":
            new.append(order.data)
            continue
        (index,), (name, value, rest) = struct.unpack_from("!I", order.data), order.data[4:].split(b"\0")
        assert rest == b""
        if order.command == b"i":
            fields.insert(max(index - 1, 0), Field(name, value))
            continue
        assert order.command == b"m"
        at = [number for number, field in enumerate(fields) if field.name.lower() == name.lower()][index - 1]
        fields[at : at + 1] = [Field(name, value)] if value else []
    return fields, b"".join(new) if new else body


class Server:
    """The mail server's end of a connection, at the test's command."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._framer = Framer()
        self.writer = writer

    def hardly_listens(self) -> None:
        """Leave little room for what is answered, so that it is soon waited for."""
        self.writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    async def says(self, *packets: Packet) -> None:
        """Send packets, all at once."""
        await self.sends(b"".join(packet.wire() for packet in packets))

    async def sends(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.writer.write(octets)
        await self.writer.drain()

    async def hears(self) -> Packet | None:
        """The next packet; None at the end of the connection."""
        async with asyncio.timeout(PATIENCE):
            while (packet := self._framer.next()) is None:
                try:
                    octets = await self._reader.read(65_536)
                except ConnectionError:
                    return None
                if not octets:
                    return None
                self._framer.feed(octets)
        return packet

    async def agrees(self) -> None:
        """Begin as Postfix does."""
        await self.says(POSTFIX)
        assert await self.hears() == AGREED

    async def has_shown(self, *packets: Packet) -> None:
        """Begin, and send `packets` of a message, one of them a piece of its body; it was read when this returns."""
        await self.says(Packet(b"O", bytes.fromhex("00000006 000001ff 0017ffff")), *packets)
        assert await self.hears()
        assert await self.hears() == GOES_ON  # a piece of the body is answered on such terms

    async def answer(self) -> list[Packet]:
        """What comes in answer to the end of a message, up to the verdict."""
        heard: list[Packet] = []
        while not heard or heard[-1].command not in (b"c", b"a", b"t"):
            packet = await self.hears()
            assert packet, f"it left after {heard}"
            heard.append(packet)
        return heard

    async def asks(self, header: Sequence[Field], body: bytes) -> tuple[list[Field], bytes]:
        """Show a message; header and body as they would be delivered."""
        await self.says(*told(header, body))
        *orders, verdict = await self.answer()
        assert verdict == GOES_ON
        return carried_out(orders, header, body)


@dataclass(frozen=True, slots=True)
class Stage:
    """The gate."""

    gate: Gate
    metrics: Metrics

    async def stranger(self) -> Server:
        """A new connection on which nothing was said."""
        return Server(*await asyncio.open_connection(self.gate.endpoint.host, self.gate.endpoint.port))

    async def server(self) -> Server:
        """A new connection, after it was agreed how to speak."""
        made = await self.stranger()
        await made.agrees()
        return made

    def counts(self, name: str, label: str) -> dict[str, float]:
        """What the metric `name` stands at, by `label`, without zeros."""
        found = [sample for sample in self.metrics.samples() if sample.name == name and sample.value]
        return {sample.labels[label]: sample.value for sample in found}

    async def refused(self) -> dict[str, float]:
        """What was refused, once something was, by its reason."""
        for _ in range(1000):
            if found := self.counts("sluis_refused_total", "reason"):
                return found
            await asyncio.sleep(PATIENCE / 1000)
        return {}


@asynccontextmanager
async def stage(*, cleaner: Clean = clean, config: Config | None = None, **settings: Any) -> AsyncIterator[Stage]:
    """An open gate; `settings` are keys of the section `milter`."""
    section = MilterSection(**{"listen": Endpoint("127.0.0.1", 0)} | settings)
    base = config or Config(cleaning=CleaningSection(offload_octets=10**8))
    metrics = Metrics(edges=("milter",))
    gate = await run(base.model_copy(update={"milter": section}), RULES, metrics, clean=cleaner)
    try:
        yield Stage(gate, metrics)
    finally:
        await gate.close(grace=0.0)
