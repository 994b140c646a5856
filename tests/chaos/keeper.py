"""A mail server that keeps what it takes: the far end of the tap. `python -m tests.chaos.keeper PORT FILE`.

It is written anew, line by line, and shares nothing with Sluis, so that no fault of framing can be on both sides and
go unseen. A message is on the disk before its 250 is said, one line of JSON each, as a server must have it.
"""

import asyncio
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

# Where some servers take a message to end, besides CR LF . CR LF.
ENDS = frozenset({b".\r\n", b".\n", b"\0.\r\n", b".\0\r\n"})


class Keeper:
    """Takes mail from anyone to anyone. `keep` is given each message; `lenient` ends one at all of `ENDS`."""

    def __init__(self, keep: Callable[[bytes], None], *, lenient: bool = False) -> None:
        self._keep = keep
        self._ends = ENDS if lenient else frozenset({b".\r\n"})
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
        writer.write(b"220 keeper.example\r\n")
        while line := await reader.readline():
            verb = line[:4].upper().strip()
            self.commands.append(verb)
            if verb == b"DATA":
                writer.write(b"354 Go\r\n")
                message = await self._message(reader)
                if message is None:
                    return
                self._keep(message)
            writer.write(b"221 Bye\r\n" if verb == b"QUIT" else b"250 Ok\r\n")
            if verb == b"QUIT":
                return

    async def _message(self, reader: asyncio.StreamReader) -> bytes | None:
        lines = []
        while (line := await reader.readline()) not in self._ends:
            if not line:
                return None
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


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
    server = await asyncio.start_server(Keeper(written_to(file)), "127.0.0.1", port, limit=2**20)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1]), Path(sys.argv[2])))
