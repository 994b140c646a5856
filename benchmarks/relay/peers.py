"""The relays that Sluis is measured beside, each the plainest of its kind: `… -m benchmarks.relay.peers KIND IN OUT`.

- `tcp` copies octets and knows no SMTP: the floor.
- `raw` knows as much SMTP as it must to find the end of a message, asks the server behind each thing that it is asked,
  and passes a message on as it is: what a relay in Python may come to.
- `pair` is aiosmtpd in and aiosmtplib out and changes nothing: what a gateway in Python starts from. Its connections to
  the server behind are kept and shared, which is its best case.
- `soup` is the pair with a handler as people write it: the HTML through BeautifulSoup, small images and their kin out,
  the message put together again by the `email` package.
"""

import asyncio
import sys
from contextlib import suppress
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import cast

import aiosmtplib
from aiosmtpd.smtp import SMTP, Envelope, Session
from bs4 import BeautifulSoup

PIECE = 65_536  # octets
LONGEST = 2**26  # octets of a message


class Pair:
    """An aiosmtpd handler that passes messages on over connections it keeps."""

    def __init__(self, behind: int) -> None:
        self._behind = behind
        self._idle: list[aiosmtplib.SMTP] = []

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Pass it on, and say what was said."""
        client = await self._client()
        octets = self.changed(cast("bytes", envelope.content))
        _, reply = await client.sendmail(cast("str", envelope.mail_from), envelope.rcpt_tos, octets)
        self._idle.append(client)
        return f"250 {reply}"

    def changed(self, octets: bytes) -> bytes:
        """The message as it goes on."""
        return octets

    async def _client(self) -> aiosmtplib.SMTP:
        """One that the server behind has not closed, as it does when nothing comes for long."""
        while self._idle:
            if (client := self._idle.pop()).is_connected:
                return client
        return await self._connected()

    async def _connected(self) -> aiosmtplib.SMTP:
        client = aiosmtplib.SMTP(hostname="127.0.0.1", port=self._behind, start_tls=False)
        await client.connect()
        return client


class Soup(Pair):
    """The same, with the trackers taken out as it is done where no gateway is at hand."""

    def changed(self, octets: bytes) -> bytes:
        """Parsed, stripped and serialised."""
        message = cast("EmailMessage", message_from_bytes(octets, policy=policy.SMTP))
        for part in message.walk():
            if part.get_content_type() == "text/html":
                part.set_content(_stripped(part.get_content()), subtype="html", cte="quoted-printable")
        return message.as_bytes()


def _stripped(html: str) -> str:
    page = BeautifulSoup(html, "lxml")
    for image in page.find_all("img"):
        if {image.get("width"), image.get("height")} & {"0", "1"}:
            image.decompose()
    for unwanted in page.find_all(["script", "iframe", "object", "embed", "link", "base"]):
        unwanted.decompose()
    return str(page)


async def relayed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, behind: int) -> None:
    """Be a client of the server behind, command by command and message by message."""
    there, back = await asyncio.open_connection("127.0.0.1", behind, limit=LONGEST)
    writer.write(await _reply(there))
    while line := await reader.readline():
        back.write(line)
        reply = await _reply(there)
        writer.write(reply)
        if line[:4].upper() == b"DATA" and reply.startswith(b"354"):
            back.write(await reader.readuntil(b"\r\n.\r\n"))
            await back.drain()
            writer.write(await _reply(there))
    back.close()
    writer.close()


async def _reply(reader: asyncio.StreamReader) -> bytes:
    reply = line = await reader.readline()
    while line[3:4] == b"-":
        line = await reader.readline()
        reply += line
    return reply


async def copied(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Write what is read until the end."""
    while octets := await reader.read(PIECE):
        writer.write(octets)
        await writer.drain()
    writer.close()


async def serve(kind: str, port: int, behind: int) -> None:
    """Run the relay `kind` on `port` of this machine until the process is ended."""

    async def understood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            await relayed(reader, writer, behind)

    async def passed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", behind)
        await asyncio.gather(copied(reader, back), copied(there, writer), return_exceptions=True)

    loop = asyncio.get_running_loop()
    if kind == "tcp":
        server = await asyncio.start_server(passed, "127.0.0.1", port)
    elif kind == "raw":
        server = await asyncio.start_server(understood, "127.0.0.1", port, limit=LONGEST)
    else:
        handler = {"pair": Pair, "soup": Soup}[kind](behind)
        server = await loop.create_server(lambda: SMTP(handler, loop=loop), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
