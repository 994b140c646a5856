"""What may reach a person's terminal: nothing a sender wrote gets there as it is.

A URL or a file name may hold escape sequences that move the cursor, or marks that turn the reading direction. Here
they become visible; colours and widths are rich's.
"""

import os
import sys
from typing import TextIO

from rich.console import Console

UNBROKEN = 4000
"""Columns where no terminal sets a width: a row stays one line, for grep."""


def visible(text: str) -> str:
    """`text` with every character that does not print (controls, line ends, direction marks) as a backslash escape."""
    if text.isprintable():
        return text
    return "".join(mark if mark.isprintable() else mark.encode("unicode_escape").decode() for mark in text)


def shortened(text: str, limit: int) -> str:
    """`text` cut in its middle to at most `limit` characters: of an address, both ends tell most."""
    if len(text) <= limit:
        return text
    tail = limit // 3
    return f"{text[: limit - tail - 1]}…{text[-tail:]}"


def console(file: TextIO | None = None) -> Console:
    """A rich console on `file` (standard output): as wide as the terminal, plain and unbroken where there is none."""
    file = file or sys.stdout
    if hasattr(file, "reconfigure"):
        file.reconfigure(errors="backslashreplace")
    width = None if file.isatty() or "COLUMNS" in os.environ else UNBROKEN
    return Console(file=file, width=width, highlight=False, markup=False, emoji=False)
