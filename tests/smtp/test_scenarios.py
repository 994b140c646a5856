"""The dialogue, written out: each file of `scenarios/` is one conversation, for people to read and for this to play.

    # why                    C: the client says a line         S: the server behind says a line
    gate: key: value         c: the client hears a line        s: the server behind hears a line
    met: OFFER, OFFER        C= octets as they are, \\r \\n \\0   S= the same
    open: OFFER, OFFER       C* 51 the line so many times      C! S! it closes; c! s! it hears that the other has closed

`gate:` is a key of the section `smtp`. `met:` begins behind the greeting on both sides, where the server offers the
extensions named; `open:` behind a MAIL and a RCPT as well. A line that is heard may end in ` ...`, for any rest.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.smtp.stage import Player, Stage, stage

SCENARIOS = sorted((Path(__file__).parent / "scenarios").glob("*.txt"))
_ESCAPES = {r"\r": "\r", r"\n": "\n", r"\0": "\0"}


def steps(file: Path) -> Iterator[tuple[str, str]]:
    """Each line's mark and what stands behind it."""
    for line in file.read_text().splitlines():
        if line and not line.startswith("#"):
            mark, _, rest = line.partition(" ")
            yield mark, rest


def settings(file: Path) -> dict[str, Any]:
    given = (item for mark, rest in steps(file) if mark == "gate:" for item in yaml.safe_load(rest).items())
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given}


async def speak(player: Player, manner: str, text: str) -> None:
    match manner:
        case ":":
            await player.says(text)
        case "*":
            times, _, line = text.partition(" ")
            await player.says(*[line] * int(times))
        case "=":
            for written, octet in _ESCAPES.items():
                text = text.replace(written, octet)
            await player.sends(text.encode())
        case "!":
            player.closes()
        case _:
            raise AssertionError(f"no such manner: {manner}")


async def hear(player: Player, manner: str, text: str) -> None:
    if manner == "!":
        assert await player.is_left() == b""
        return
    heard = await player.hears()
    if text.endswith(" ..."):
        assert heard.startswith(text.removesuffix("..."))
    else:
        assert heard == text


async def play(playing: Stage, file: Path) -> None:
    players: dict[str, Player] = {}
    for mark, rest in steps(file):
        if mark in {"met:", "open:"}:
            offers = [offer.strip() for offer in rest.split(",") if offer.strip()]
            players["C"], players["S"] = await (playing.met if mark == "met:" else playing.open)(*offers)
        elif mark != "gate:":
            who = mark[0].upper()
            if who not in players:
                players[who] = await (playing.client() if who == "C" else playing.behind.player())
            await (speak if mark[0] == who else hear)(players[who], mark[1:], rest)


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda file: file.stem)
async def test_the_dialogue_goes_as_it_is_written(file: Path) -> None:
    async with stage(**settings(file)) as playing:
        await play(playing, file)
        assert playing.behind.unmet == 0


def test_scenarios_are_numbered_and_say_why() -> None:
    assert [int(file.stem.partition("-")[0]) for file in SCENARIOS] == [*range(1, len(SCENARIOS) + 1)]
    assert all(file.read_text().startswith("# ") for file in SCENARIOS)
