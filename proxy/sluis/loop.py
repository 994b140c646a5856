"""The event loop of a process: uvloop's where that is installed, since it takes less for each line, else Python's own.

Nothing that runs on it knows which one it is.
"""

import asyncio
from collections.abc import Coroutine
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Literal

Kind = Literal["auto", "asyncio", "uvloop"]


def installed() -> bool:
    """Whether uvloop can be used."""
    return find_spec("uvloop") is not None


def run(main: Coroutine[Any, Any, None], kind: Kind) -> None:
    """Run `main` to its end on a new loop; `auto` is uvloop's if there is one. Raises ImportError."""
    wanted = kind == "uvloop" or (kind == "auto" and installed())
    factory = import_module("uvloop").new_event_loop if wanted else None
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(main)
