"""A server behind that does all as it should, but for one thing at one point of each dialogue, until it is mended.

It speaks SMTP with STARTTLS, XCLIENT and AUTH, or LMTP, and knows to which messages it has said yes.
"""

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Self

BEFORE_MAIL = (
    *("connect", "banner", "EHLO", "STARTTLS", "handshake", "EHLO after STARTTLS"),
    *("XCLIENT", "EHLO after XCLIENT"),
)
MAIL = ("MAIL", "RCPT", "DATA", "body", "dot")
SMTP = (*BEFORE_MAIL, "AUTH", "challenge", "RSET", *MAIL, "QUIT")
LMTP = ("connect", "banner", "EHLO", "RSET", *MAIL, "second dot", "QUIT")

_EXTENSIONS = (b"XCLIENT NAME ADDR PORT", b"AUTH PLAIN", b"8BITMIME")


_REPLIES = {
    "STARTTLS": b"220 2.0.0 Go\r\n",
    "XCLIENT": b"220 behind.example\r\n",
    "AUTH": b"334 \r\n",
    "DATA": b"354 Go\r\n",
    "QUIT": b"221 2.0.0 Bye\r\n",
}


class Fault(StrEnum):
    """What goes wrong."""

    LATER = "refused for now"
    NEVER = "refused for good"
    FAREWELL = "421 and closed"
    RESET = "reset"
    CLOSE = "closed"
    HANG = "silence"
    GARBAGE = "garbage"
    HALF = "half a reply, closed"
    STALL = "half a reply, silence"
    OTHER = "an answer to another question"
    TWICE = "two answers"


class GoneError(Exception):
    """The connection is over."""


@dataclass
class Saboteur:
    """`taken`: the first line of each message to which it said yes, by all replies that it owed and no other octet."""

    point: str
    fault: Fault
    context: ssl.SSLContext
    lmtp: bool = False
    taken: list[bytes] = field(default_factory=list)
    logins: int = 0

    def mend(self) -> None:
        """Do all as it should be from now on."""
        self.point = "nowhere"

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            if self.point == "connect":
                writer.transport.abort()
            else:
                await _Dialogue(self, reader, writer).play()
        except (OSError, GoneError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


class _Dialogue:
    def __init__(self, server: Saboteur, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._server = server
        self._reader = reader
        self._writer = writer
        self._greetings = "EHLO"
        self._recipients = 0

    async def play(self) -> None:
        """Answer until the client or the fault ends it. Raises OSError, GoneError, IncompleteReadError."""
        await self._say("banner", b"220 behind.example\r\n")
        while line := await self._reader.readline():
            verb = line.split()[0].upper().decode()
            said = await self._say(self._greetings if verb in {"EHLO", "LHLO"} else verb, self._reply(verb))
            if verb == "QUIT":
                return
            if verb == "RCPT":
                self._recipients += said
            if said and verb in self._FURTHER:
                await self._FURTHER[verb](self)

    def _reply(self, verb: str) -> bytes:
        return self._offers() if verb in {"EHLO", "LHLO"} else _REPLIES.get(verb, b"250 2.0.0 Ok\r\n")

    def _offers(self) -> bytes:
        starttls = (b"STARTTLS",) if self._greetings == "EHLO" and not self._server.lmtp else ()
        lines = (b"behind.example", *starttls, *(() if self._server.lmtp else _EXTENSIONS), b"SIZE 0")
        return b"".join(b"250%b%b\r\n" % (b" " if line is lines[-1] else b"-", line) for line in lines)

    async def _secure(self) -> None:
        await self._say("handshake", b"")
        await self._writer.start_tls(self._server.context)
        self._greetings = "EHLO after STARTTLS"

    async def _introduced(self) -> None:
        self._greetings = "EHLO after XCLIENT"

    async def _login(self) -> None:
        await self._reader.readline()
        self._server.logins += await self._say("challenge", b"235 2.7.0 Welcome\r\n")

    async def _begin(self) -> None:
        self._recipients = 0

    async def _take(self) -> None:
        first = await self._reader.readline()
        await self._say("body", b"")
        line = first
        while line != b".\r\n":
            line = await self._reader.readline()
            if not line:
                raise GoneError
        owed = self._recipients if self._server.lmtp else 1
        said = [await self._say(("dot", "second dot")[number], b"250 2.0.0 Taken\r\n") for number in range(owed)]
        if all(said):
            self._server.taken.append(first)

    _FURTHER: ClassVar[dict[str, Callable[[Self], Awaitable[None]]]] = {
        "STARTTLS": _secure,
        "XCLIENT": _introduced,
        "AUTH": _login,
        "MAIL": _begin,
        "DATA": _take,
    }

    async def _say(self, point: str, reply: bytes) -> bool:
        """Say it, or do what goes wrong here instead. Whether it was said, and nothing else."""
        if point == self._server.point:
            await _DONE[self._server.fault](self._reader, self._writer, reply)
            return False
        self._writer.write(reply)
        await self._writer.drain()
        return True


Act = Callable[[asyncio.StreamReader, asyncio.StreamWriter, bytes], Awaitable[None]]


def _saying(octets: Callable[[bytes], bytes], *, last: Act | None = None) -> Act:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: bytes) -> None:
        writer.write(octets(reply))
        await writer.drain()
        if last:
            await last(reader, writer, reply)

    return say


async def _hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: bytes) -> None:
    while await reader.read(65_536):
        pass
    raise GoneError


async def _close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: bytes) -> None:
    raise GoneError


async def _reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, reply: bytes) -> None:
    linger = struct.pack("ii", 1, 0)
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()
    raise GoneError


def _half(reply: bytes) -> bytes:
    return (reply or b"250 2.0.0 Taken\r\n")[: len(reply) // 2 or 8]


_DONE: dict[Fault, Act] = {
    Fault.LATER: _saying(lambda _: b"450 4.2.0 Not now\r\n"),
    Fault.NEVER: _saying(lambda _: b"550 5.2.0 Not ever\r\n"),
    Fault.FAREWELL: _saying(lambda _: b"421 4.3.2 Going down\r\n", last=_close),
    Fault.RESET: _reset,
    Fault.CLOSE: _close,
    Fault.HANG: _hang,
    Fault.GARBAGE: _saying(lambda _: b"\0\xff what? 250 Ok\r\n"),
    Fault.HALF: _saying(_half, last=_close),
    Fault.STALL: _saying(_half, last=_hang),
    Fault.OTHER: _saying(lambda reply: b"250 Ok\r\n" if reply[:1] != b"2" else b"354 Go\r\n"),
    Fault.TWICE: _saying(lambda reply: 2 * (reply or b"250 2.0.0 Taken\r\n")),
}
