"""Run every benchmark and keep what they say: `python -m benchmarks [--long] [FILE]`, by default docs/benchmarks.md.

It takes about a quarter of an hour. What was wanted and what was measured comes last.
"""

import argparse
import platform
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.relay.target import MARK

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "benchmarks.md"
RELAY = "The relay"
RUNS = {
    "The cleaner": ("benchmarks/cleaner.py",),
    RELAY: ("-m", "benchmarks.relay"),
    "The relay's memory": ("-m", "benchmarks.relay.memory"),
    "The IMAP gate": ("-m", "benchmarks.imap"),
}
_HEAD = """\
# Measured

By `make bench` on {day}, on {machine}. Machines differ: what holds on others are the ratios between lines of one
table, which were measured in turns within one run. What is measured, and how, is told at the top of each program.
"""


def machine() -> str:
    """What it runs on."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(names)} × {names[0]}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def section(title: str, arguments: tuple[str, ...]) -> Iterator[str]:
    """What a benchmark says, under its title; it is printed too, as it comes."""
    yield from ("", f"## {title}", "", "```", f"$ python {' '.join(arguments)}")
    with subprocess.Popen([sys.executable, *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            yield line.rstrip()
    if process.returncode:
        raise SystemExit(f"{title}: exit {process.returncode}")
    yield "```"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", nargs="?", type=Path, default=PAGE, metavar="FILE")
    parser.add_argument("--long", action="store_true", help="more messages, and all sizes with all numbers of sessions")
    given = parser.parse_args()
    lines = [_HEAD.format(day=f"{datetime.now(UTC):%-d %B %Y}", machine=machine()).rstrip()]
    for title, arguments in RUNS.items():
        lines += section(title, (*arguments, "--long") if given.long and title == RELAY else arguments)
    targets = [line.removeprefix(MARK) for line in lines if line.startswith(MARK)]
    lines = [line for line in lines if not line.startswith(MARK)]
    lines += ["", "## Wanted and measured", "", "```", *targets, "```"]
    given.page.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
