"""`python -m tests.linear [MEGABYTES [NAME...]]`: what every hostile message costs, and how that grows, as a table.

`python -m tests.linear 0.5 >docs/linear.md` keeps it.
"""

import os
import platform
import sys
from datetime import UTC, datetime

from tests.linear.effort import STRICT, STRICTLY, ratio
from tests.linear.hostile import HOSTILE
from tests.linear.ways import WAYS

ABOUT = """# What hostile mail costs

Each message would cost a careless reader the square of its length. How much longer one of {size:g} MB takes to clean
than one of half that, and seconds a MB, by processor time: the least of up to six runs, until it is {most:g} at most.
`free` is `balanced` with three known recipients, `fit` is `strict` with every length kept; `simple`, and `lists` with
10,000 hosts, are tried where they cost most. A ratio may be below 2 where a text is given up half-way and disarmed.

{date}, {machine}, Python {python}, with `python -m tests.linear`.

| message | way | verdict | ratio | s/MB |
| --- | --- | --- | --- | --- |"""


def main(size: int, only: list[str]) -> None:
    """Print the table."""
    date, machine = datetime.now(UTC).date(), f"{os.cpu_count()} cores ({platform.machine()})"
    python = platform.python_version()
    print(ABOUT.format(size=size / 1e6, most=STRICTLY, date=date, machine=machine, python=python))
    for name, hostile in HOSTILE.items():
        small, large = hostile(size // STRICT), hostile(size)
        for way, cleaner in WAYS.items():
            if name in (only or HOSTILE) and name in (cleaner.only or HOSTILE):
                verdict = cleaner.cleaned(small).report.verdict
                found, seconds = ratio(
                    lambda raw=small, by=cleaner: by.cleaned(raw),
                    lambda raw=large, by=cleaner: by.cleaned(raw),
                    0.005,
                    STRICTLY,
                )
                pace = seconds / len(large) * 1e6
                print(f"| {name} | {way} | {verdict} | {found:.1f} | {pace:.2f} |", flush=True)


if __name__ == "__main__":
    main(int(float(sys.argv[1]) * 1_000_000) if sys.argv[1:] else 2_500_000, sys.argv[2:])
