"""Which event loop runs, and that the gates run on uvloop's as on Python's own."""

import asyncio

import pytest
from tests.smtp.stage import stage

from sluis import loop
from sluis.config import Config, ConfigError


def ran(kind: loop.Kind) -> str:
    """The package of the loop that ran."""
    seen: list[str] = []

    async def look() -> None:
        seen.append(type(asyncio.get_running_loop()).__module__.partition(".")[0])

    loop.run(look(), kind)
    return seen[0]


def test_pythons_own_runs_where_it_is_asked_for() -> None:
    assert ran("asyncio") == "asyncio"


def test_pythons_own_runs_where_there_is_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "installed", lambda: False)
    assert ran("auto") == "asyncio"


def test_the_other_is_not_asked_for_where_it_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "installed", lambda: False)
    with pytest.raises(ConfigError, match="pip install 'sluis\\[uvloop\\]'"):
        Config.load(None, {"SLUIS_EVENT_LOOP": "uvloop"})


@pytest.mark.parametrize("kind", ["auto", "uvloop"])
def test_the_other_runs_where_it_is_installed(kind: loop.Kind) -> None:
    pytest.importorskip("uvloop")
    assert ran(kind) == "uvloop"


def test_mail_passes_on_the_other() -> None:
    pytest.importorskip("uvloop")

    async def passes() -> None:
        async with stage(upstream_ready=2) as playing:
            client, server = await playing.open("PIPELINING")
            await client.asks("DATA")
            await client.says("..x", "x" * 50_000, ".")
            assert await server.hears() == "DATA"
            await server.says("354 Go")
            assert await server.message() == b"..x\r\n" + b"x" * 50_000 + b"\r\n"
            await server.says("250 Taken")
            assert await client.reply() == "250 Taken"

    loop.run(passes(), "uvloop")
