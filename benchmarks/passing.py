"""A process that passes octets on and does nothing else: what a second connection costs, or a line of some width.

What a gate loses against it, it loses by what it does. At a `rate` it stands for the line between a mail program and
its provider, for whoever connects through it.
"""

import asyncio
import multiprocessing
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.integration.certificate import Certificate
from tests.integration.process import answers, eventually, free_port

_AT_ONCE = 131_072  # octets
_UNSEEN = 65_536  # octets that may be on the line


@dataclass(frozen=True, slots=True)
class Passing:
    """The way from `port` to the port `behind`; with a certificate there is TLS on both sides.

    `rate` is in octets a second, and holds for what comes from behind, over all connections.
    """

    port: int
    behind: int
    certificate: Certificate | None = None
    rate: float = 0.0

    def run(self) -> None:
        """Pass on for good."""
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        theirs = ours = None
        if self.certificate:
            theirs = ssl.create_default_context(cafile=self.certificate.certificate)
            ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            ours.load_cert_chain(self.certificate.certificate, self.certificate.key)
        line = _Line(self.rate) if self.rate else None

        async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.behind, ssl=theirs)
            await asyncio.gather(_pass_on(reader, far_writer, None), _pass_on(far_reader, writer, line))

        await (await asyncio.start_server(welcome, "127.0.0.1", self.port, ssl=ours)).serve_forever()


class _Line:
    """When octets have come over a line of so many a second."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._free = 0.0  # by the loop's clock

    async def carries(self, octets: int) -> None:
        """Return when so many octets more are over."""
        now = asyncio.get_running_loop().time()
        self._free = max(now, self._free) + octets / self._rate
        await asyncio.sleep(self._free - now)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line | None) -> None:
    while octets := await reader.read(_UNSEEN if line else _AT_ONCE):
        if line:
            await line.carries(len(octets))
        writer.write(octets)
        await writer.drain()
    writer.close()


@contextmanager
def passing(behind: int, certificate: Certificate | None = None, rate: float = 0.0) -> Iterator[int]:
    """The port of a process that passes on to `behind`."""
    made = Passing(free_port(), behind, certificate, rate)
    process = multiprocessing.get_context("spawn").Process(target=made.run, daemon=True)
    process.start()
    eventually(lambda: answers(made.port), "the process between")
    try:
        yield made.port
    finally:
        process.kill()
        process.join()
