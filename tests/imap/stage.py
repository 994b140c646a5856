"""A stage for the gate: Sluis between a client and an IMAP server, both played by the test over real sockets.

Nothing is read ahead of what the test asks for, so a test can stop the world between any two octets.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Literal, Self

from sluis.config import CleaningSection, Config, Endpoint, Imap, ImapSection, ImapUpstreamTlsSection
from sluis.config.tree import PolicySection
from sluis.imap import Gate, run
from sluis.metrics import Metrics
from sluis.rules.load import load

RULES = load()
PATIENCE = 10.0  # seconds for what must come, on a machine that is busy
GREETING = b"* OK [CAPABILITY IMAP4rev1 IDLE COMPRESS=DEFLATE AUTH=PLAIN] hello\r\n"


class Player:
    """One end of a connection, at the test's command."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, endpoint: Endpoint, **options: Any) -> Self:
        """The end of a new connection to `endpoint`."""
        return cls(*await asyncio.open_connection(endpoint.host, endpoint.port, **options))

    async def says(self, octets: bytes) -> None:
        """Send octets as they are."""
        self.writer.write(octets)
        await self.writer.drain()

    async def hears(self, octets: bytes) -> None:
        """Assert that these octets come next."""
        async with asyncio.timeout(PATIENCE):
            try:
                heard = await self.reader.readexactly(len(octets))
            except asyncio.IncompleteReadError as end:
                heard = end.partial
        assert heard == octets

    async def line(self) -> bytes:
        """The next line; nothing at the end of the connection."""
        async with asyncio.timeout(PATIENCE):
            return await self.reader.readline()

    async def ends(self) -> bytes:
        """What comes until the connection ends."""
        async with asyncio.timeout(PATIENCE):
            with contextlib.suppress(ConnectionError):
                return await self.reader.read()
        return b""

    def leaves(self) -> None:
        """Close."""
        self.writer.close()


@dataclass(frozen=True, slots=True)
class Stage:
    """The gate, and the server behind it, each of whose connections waits to be played."""

    gate: Gate
    metrics: Metrics
    arrivals: "asyncio.Queue[Player]"
    players: list[Player]

    async def client(self) -> Player:
        """A new client, which stays to the end."""
        self.players.append(await Player.connect(self.gate.endpoint))
        return self.players[-1]

    async def pair(self) -> tuple[Player, Player]:
        """A client and its server, which has greeted it."""
        client = await self.client()
        server = await self.server()
        await server.says(GREETING)
        await client.hears(GREETING.replace(b" COMPRESS=DEFLATE", b""))
        return client, server

    async def server(self) -> Player:
        """The server's end of the next connection that the gate makes."""
        async with asyncio.timeout(PATIENCE):
            return await self.arrivals.get()

    def count(self, name: str, **labels: str) -> float:
        """What a metric stands at."""
        return sum(s.value for s in self.metrics.samples() if s.name == name and labels.items() <= s.labels.items())


@asynccontextmanager
async def stage(
    policies: tuple[PolicySection, ...] = (), fail: Literal["open", "closed"] = "open", **settings: Any
) -> AsyncIterator[Stage]:
    """An open gate with a table of `policies`; `settings` are keys of the section `imap`."""
    arrivals: asyncio.Queue[Player] = asyncio.Queue()
    players: list[Player] = []

    def arrived(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        players.append(Player(reader, writer))
        arrivals.put_nowait(players[-1])

    behind = await asyncio.start_server(arrived, "127.0.0.1", 0)
    port = behind.sockets[0].getsockname()[1]
    section: dict[str, Any] = {
        "listen": Endpoint("127.0.0.1", 0),
        "upstream": Imap(Endpoint("127.0.0.1", port), implicit=False),
        "upstream_tls": ImapUpstreamTlsSection(mode="off"),
        "connect_timeout": PATIENCE,
    }
    metrics = Metrics(edges=("imap",))
    imap, cleaning = ImapSection(**section | settings), CleaningSection(offload_octets=10**8)
    config = Config(imap=imap, cleaning=cleaning, policies=policies, fail=fail)
    gate = await run(config, RULES, metrics)
    try:
        yield Stage(gate, metrics, arrivals, players)
    finally:
        await gate.close(grace=0.0)
        for player in players:
            if not player.writer.transport.is_closing():  # one that is closed has no loop any more
                player.writer.transport.abort()
        behind.close()
