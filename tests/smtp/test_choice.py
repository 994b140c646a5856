"""The relay cleans a message by the policy that its envelope and header choose, here and in the other processes."""

import asyncio
import smtplib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from sluis.clean import clean
from sluis.config import Config, Endpoint, Maildir
from sluis.demo import path_of
from sluis.metrics import Metrics
from sluis.policy import POLICIES
from sluis.rules.load import load
from sluis.smtp import run

RULES = load()
NEWSLETTER = path_of("newsletter.eml").read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
PROVEN = b"Authentication-Results: mx.example; dmarc=pass header.from=letters.kadebooks.example\r\n" + NEWSLETTER
SETTINGS: dict[str, Any] = {
    "authentication": {"trust": ("mx.example",)},
    "policies": (
        {"recipient": "*@board.example", "policy": "strict"},
        {"sender": "*.kadebooks.example", "policy": "audit"},
    ),
}


@asynccontextmanager
async def opened(folder: Path, offload_octets: int, **settings: Any) -> AsyncIterator[Endpoint]:
    smtp = {"listen": Endpoint("127.0.0.1", 0), "upstream": Maildir(folder / "mail"), "received": False}
    config = Config(smtp=smtp, cleaning={"offload_octets": offload_octets, "processes": 1}, **settings)
    gate = await run(config, load((), config.kept), Metrics())
    try:
        yield gate.endpoint
    finally:
        await gate.close()


@pytest.mark.parametrize("offload_octets", [1, 1 << 20])
async def test_each_message_by_its_policy(tmp_path: Path, offload_octets: int) -> None:
    async with opened(tmp_path, offload_octets, **SETTINGS) as gate:
        audited = await asyncio.to_thread(delivered, gate, tmp_path, PROVEN, ["a@reader.example"])
        forged = await asyncio.to_thread(delivered, gate, tmp_path, NEWSLETTER, ["a@reader.example"])
        shared = await asyncio.to_thread(delivered, gate, tmp_path, PROVEN, ["a@reader.example", "b@board.example"])
    assert audited == b"X-Sluis: clean\r\n" + PROVEN
    assert forged.endswith(b"\r\n" + clean(NEWSLETTER, POLICIES["balanced"], RULES).raw)
    assert shared.endswith(b"\r\n" + clean(PROVEN, POLICIES["strict"], RULES).raw)
    assert clean(PROVEN, POLICIES["strict"], RULES).raw != clean(PROVEN, POLICIES["balanced"], RULES).raw


@pytest.mark.parametrize("offload_octets", [1, 1 << 20])
async def test_lists_are_known_wherever_a_message_is_cleaned(tmp_path: Path, offload_octets: int) -> None:
    lists = ({"name": "kade", "format": "adblock", "path": tmp_path / "kade.txt"},)
    (tmp_path / "lists").mkdir()
    (tmp_path / "lists" / "kade.txt").write_text("||kade.example^\n")
    message = b'Content-Type: text/html\r\n\r\n<p>a<img src="https://kade.example/a.gif" width=9 height=1></p>\r\n'
    async with opened(tmp_path, offload_octets, lists=lists, state=tmp_path) as gate:
        octets = await asyncio.to_thread(delivered, gate, tmp_path, message, ["a@reader.example"])
    assert octets == b"X-Sluis: cleaned; pixels=1\r\nContent-Type: text/html\r\n\r\n<p>a</p>\r\n"


def delivered(gate: Endpoint, folder: Path, message: bytes, recipients: list[str]) -> bytes:
    with smtplib.SMTP(gate.host, gate.port) as client:
        client.sendmail("bounce@kadebooks.example", recipients, message)
    [file] = (folder / "mail" / "new").iterdir()
    octets = file.read_bytes()
    file.unlink()
    return octets
