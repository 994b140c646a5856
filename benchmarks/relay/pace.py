"""How long a message takes through a relay that has half as much to do as it can: latency, which full load hides."""

import asyncio
import time

_DIALOGUE = (b"EHLO client.example", b"MAIL FROM:<a@example.org>", b"RCPT TO:<b@example.org>", b"DATA")


async def paced(message: bytes, port: int, rate: float, messages: int) -> list[float]:
    """Seconds for each message from connecting to the reply to its dot; one begins every 1 / `rate` seconds.

    `message` is as it goes over the wire, with its dot. Which of them are still under way does not delay the next.
    """
    began = time.perf_counter()
    tasks = []
    for number in range(messages):
        await asyncio.sleep(began + number / rate - time.perf_counter())
        tasks.append(asyncio.create_task(_latency(message, port)))
    return sorted(await asyncio.gather(*tasks))


async def _latency(message: bytes, port: int) -> float:
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    await _heard(reader)
    for line in _DIALOGUE:
        writer.write(line + b"\r\n")
        await _heard(reader)
    writer.write(message)
    reply = await _heard(reader)
    elapsed = time.perf_counter() - began
    writer.write(b"QUIT\r\n")
    writer.close()
    if not reply.startswith(b"250"):
        raise SystemExit(f"not taken: {reply!r}")
    return elapsed


async def _heard(reader: asyncio.StreamReader) -> bytes:
    while (line := await reader.readline())[3:4] == b"-":
        pass
    return line
