"""A stage for the relay: Sluis between a client and a server behind, both played by the test over real sockets.

Each player says and hears lines. Nothing is read ahead of what the test asks for, so a test can stop the world between
any two octets.
"""

import asyncio
import contextlib
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Self

from sluis.config import Config, Endpoint, Lmtp, Smtp, SmtpSection, Upstream, UpstreamTimeoutSection
from sluis.envelope import Envelope
from sluis.metrics import Metrics
from sluis.policy import Policy
from sluis.report import Action, Cleaned, Finding, Kind, Report, Verdict
from sluis.rules.load import load
from sluis.rules.table import Rules
from sluis.smtp import Gate, run

RULES = load()
PATIENCE = 10.0  # seconds for what must come, on a machine that is busy
SHORT = UpstreamTimeoutSection(connect=2, command=2, data=2)  # for what never comes
LONG = UpstreamTimeoutSection(connect=PATIENCE, command=PATIENCE, data=PATIENCE)


class Player:
    """One end of a connection, at the test's command."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def connect(cls, endpoint: Endpoint) -> Self:
        """The end of a new connection to `endpoint`."""
        return cls(*await asyncio.open_connection(endpoint.host, endpoint.port))

    async def says(self, *lines: str) -> None:
        """Send lines."""
        await self.sends("".join(f"{line}\r\n" for line in lines).encode())

    async def sends(self, octets: bytes) -> None:
        """Send octets as they are."""
        self._writer.write(octets)
        await self._writer.drain()

    async def hears(self) -> str:
        """The next line without its end, octets that are no UTF-8 as surrogates; "" at the end of the connection."""
        async with asyncio.timeout(PATIENCE):
            line = await self._reader.readline()
        return line.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")

    async def reply(self) -> str:
        """The next reply, its lines joined by LF."""
        lines = [await self.hears()]
        while lines[-1][3:4] == "-":
            lines.append(await self.hears())
        return "\n".join(lines)

    async def asks(self, *lines: str) -> str:
        """Say lines and hear one reply."""
        await self.says(*lines)
        return await self.reply()

    async def message(self) -> bytes:
        """Everything up to the dot that ends a message, as it came."""
        async with asyncio.timeout(PATIENCE):
            octets = await self._reader.readuntil(b"\r\n")
            if octets == b".\r\n":
                return b""
            return (octets + await self._reader.readuntil(b"\r\n.\r\n")).removesuffix(b".\r\n")

    async def is_left(self, within: float = PATIENCE) -> bytes:
        """What is still said until the other side is gone, politely or not, `within` seconds."""
        heard = bytearray()
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(within):
                while octets := await self._reader.read(65536):
                    heard += octets
        return bytes(heard)

    async def secures(self, context: ssl.SSLContext) -> None:
        """Begin TLS, as the client or the server that `context` is for. Raises SSLError, ConnectionError."""
        await self._writer.start_tls(context)

    def ends(self) -> None:
        """Close this side only."""
        self._writer.write_eof()

    def closes(self) -> None:
        """Close the connection."""
        self._writer.close()

    def resets(self) -> None:
        """Break the connection off (RST)."""
        linger = struct.pack("ii", 1, 0)
        self._writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self._writer.transport.abort()


class House:
    """The server behind: it accepts connections, and the test plays each."""

    def __init__(self) -> None:
        self._server: asyncio.Server | None = None
        self._waiting: asyncio.Queue[Player] = asyncio.Queue()
        self._players: list[Player] = []
        self.endpoint = Endpoint("127.0.0.1", 0)

    async def opens(self) -> None:
        """Listen, from the second time on at the same port."""
        self._server = await asyncio.start_server(self._accept, self.endpoint.host, self.endpoint.port)
        self.endpoint = Endpoint(*self._server.sockets[0].getsockname()[:2])

    def shuts(self) -> None:
        """Refuse connections from now on."""
        if self._server:
            self._server.close()

    async def player(self) -> Player:
        """The next connection."""
        async with asyncio.timeout(PATIENCE):
            return await self._waiting.get()

    @property
    def unmet(self) -> int:
        """Connections that came and were not played."""
        return self._waiting.qsize()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        player = Player(reader, writer)
        self._players.append(player)
        self._waiting.put_nowait(player)

    def goes(self) -> None:
        """Close everything."""
        self.shuts()
        for player in self._players:
            player.closes()


def untouched(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
    """A cleaner that finds nothing, for tests that are about the way and not the mail."""
    return Cleaned(raw, Report(Verdict.CLEAN, None, len(raw), len(raw)))


def failing(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
    """A cleaner that breaks its promise not to raise."""
    raise RuntimeError("secret@reader.example")


def halting(raw: bytes, policy: Policy, rules: Rules, envelope: Envelope | None = None) -> Cleaned:
    """A cleaner that does a part of its work."""
    found = Finding(Kind.OPEN_PIXEL, Action.REMOVED, "x", None, None, None, None, "1", (0, 1), 1.0, "")
    return Cleaned(b"X" + raw[1:], Report(Verdict.FAILED, "internal error: KeyError in part 2", 9, 9, (found,)))


CLEANERS = {"untouched": untouched, "fails": failing}


@dataclass
class Stage:
    """A gate with the server behind it. `behind` is played by the test."""

    gate: Gate
    behind: House
    metrics: Metrics
    _clients: list[Player] = field(default_factory=list)

    async def client(self) -> Player:
        """A new client, not yet greeted."""
        player = await Player.connect(self.gate.endpoint)
        self._clients.append(player)
        return player

    async def met(self, *offers: str) -> tuple[Player, Player]:
        """A client and the server behind, greeted on both sides; the server offers `offers`."""
        client = await self.client()
        assert (await client.reply()).startswith("220 ")
        await client.says("EHLO client.example")
        server = await self.behind.player()
        await greet(server, *offers)
        assert (await client.reply()).startswith("250-")
        return client, server

    async def open(self, *offers: str) -> tuple[Player, Player]:
        """The same, with a transaction that has one recipient."""
        client, server = await self.met(*offers)
        for line in ("MAIL FROM:<a@sender.example>", "RCPT TO:<b@reader.example>"):
            await client.says(line)
            assert await server.hears() == line
            await server.says("250 2.1.0 Ok")
            assert await client.reply() == "250 2.1.0 Ok"
        return client, server

    def count(self, name: str, **labels: str) -> float:
        """The value of a series."""
        return self.metrics.registry.get_sample_value(name, labels) or 0.0

    def leaves(self) -> None:
        """Every player goes home."""
        for client in self._clients:
            client.closes()
        self.behind.goes()


async def greet(server: Player, *offers: str) -> None:
    """Play the beginning of a connection from the server's side."""
    await server.says("220 mx.example ESMTP")
    assert (await server.hears())[1:] == "HLO gate.example"
    lines = ["mx.example", *offers]
    await server.says(*(f"250{' ' if line is lines[-1] else '-'}{line}" for line in lines))


@asynccontextmanager
async def stage(
    *,
    clean: Callable[..., Cleaned] = untouched,
    fail: str = "open",
    cleaning: dict[str, Any] | None = None,
    policy: str = "balanced",
    lmtp: bool = False,
    upstream: Upstream | None = None,
    **smtp: Any,
) -> AsyncIterator[Stage]:
    """Open a gate on a free port with the server behind played by the test. `smtp` are keys of that section."""
    behind = House()
    await behind.opens()
    kind = Lmtp if lmtp else Smtp
    given: dict[str, Any] = {
        "listen": Endpoint("127.0.0.1", 0),
        "hostname": "gate.example",
        "upstream": upstream or kind(behind.endpoint),
        "upstream_timeout": LONG,
        "upstream_ready": 0,
        "received": False,
        "trace": False,
    }
    values = {"smtp": SmtpSection(**given | smtp), "fail": fail, "policy": policy, "cleaning": cleaning or {}}
    metrics = Metrics()
    gate = await run(Config(**values), RULES, metrics, clean=clean)
    playing = Stage(gate, behind, metrics)
    try:
        yield playing
    finally:
        playing.leaves()
        await gate.close(grace=5)
