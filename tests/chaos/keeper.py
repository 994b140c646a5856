"""A mail server that keeps what it takes: the far end of the tap. `python -m tests.chaos.keeper PORT FILE`.

It is written anew and shares nothing with Sluis, so that no fault of framing can be on both sides and go unseen. A
message is on the disk before its 250 is said, one line of JSON each, as a server must have it.
"""

import asyncio
import json
import os
import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

# Where a message ends, by the book and as some servers have it. The group is the end of its last line, or that of DATA.
ENDS: Mapping[str, re.Pattern[bytes]] = {
    "strict": re.compile(rb"(\r\n)\.\r\n"),
    "LF": re.compile(rb"(\r?\n)\.\r?\n"),
    "CR": re.compile(rb"(\r\n?)\.\r\n?"),
    "NUL": re.compile(rb"(\r\n)\0*\.\0*\r\n"),
    "anything": re.compile(rb"(\r\n?|\n)\0*\.\0*(?:\r\n?|\n)"),
}
_LINE = re.compile(rb"\n")
_DOT = re.compile(rb"(?<=\n)\.")


class Keeper:
    """Takes mail from anyone to anyone. `keep` is given each message, which ends as `ends` says."""

    def __init__(self, keep: Callable[[bytes], None], ends: str = "strict") -> None:
        self._keep = keep
        self._end = ENDS[ends]
        self.commands: list[bytes] = []

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        try:
            await self._converse(reader, writer)
        except ConnectionError:
            pass
        finally:
            writer.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        held = bytearray()
        writer.write(b"220 keeper.example\r\n")
        while line := await _until(_LINE, reader, held):
            verb = line[:4].upper().strip()
            self.commands.append(verb)
            if verb == b"DATA":
                writer.write(b"354 Go\r\n")
                held[:0] = b"\r\n"
                message = await _until(self._end, reader, held)
                if not (end := self._end.search(message)):
                    return
                self._keep(_DOT.sub(b"", message[: end.end(1)])[2:])
            writer.write(b"221 Bye\r\n" if verb == b"QUIT" else b"250 Ok\r\n")
            if verb == b"QUIT":
                return


async def _until(end: re.Pattern[bytes], reader: asyncio.StreamReader, held: bytearray) -> bytes:
    """What is `held` and comes up to `end`, with it; nothing where it does not come."""
    while not (found := end.search(held)):
        octets = await reader.read(65_536)
        if not octets:
            return b""
        held += octets
    taken = bytes(held[: found.end()])
    del held[: found.end()]
    return taken


def read_from(file: Path) -> Iterator[str]:
    """The messages in `file`; one that was torn was not taken."""
    for line in file.read_text().splitlines():
        with suppress(json.JSONDecodeError):
            yield json.loads(line)


def written_to(file: Path) -> Callable[[bytes], None]:
    """Keep messages in `file`, each there for good when the call returns.

    A record begins with its line end, so that one which SIGKILL has torn stands alone.
    """
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def keep(message: bytes) -> None:
        os.write(descriptor, b"\n" + json.dumps(message.decode("latin-1")).encode())
        os.fsync(descriptor)

    return keep


async def serve(port: int, file: Path) -> None:
    """Keep mail in `file` until the process is ended."""
    server = await asyncio.start_server(Keeper(written_to(file)), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
