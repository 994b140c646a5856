"""How fast one core cleans: messages whose HTML is 30 to 150 kB, beside a BeautifulSoup pass over the same HTML.

    python benchmarks/cleaner.py [FOLDER …]

Without a folder the fixtures are stretched to that size. Figures are medians of process CPU time, in MB of message per
second; a ratio is measured within one run, since machines differ.
"""

import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from bs4 import BeautifulSoup

from sluis.clean import clean
from sluis.message.mime import parse
from sluis.message.transfer import decode
from sluis.policy import POLICIES
from sluis.rules.load import load

SMALLEST, LARGEST = 30_000, 150_000  # octets of decoded HTML
ROUNDS = 7
FIXTURES = Path(__file__).parents[1] / "tests" / "fixtures"


def messages(folders: Sequence[Path]) -> list[bytes]:
    """The messages of all files below `folders` whose HTML has the size asked for."""
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    raws = [as_message(path) for path in files]
    return [raw for raw in raws if SMALLEST <= len(html(raw)) <= LARGEST]


def as_message(path: Path) -> bytes:
    raw = path.read_bytes()
    return b"Content-Type: text/html\r\n\r\n" + raw if path.suffix == ".html" else raw


def html(raw: bytes) -> bytes:
    parts = [part for part in parse(raw).parts if part.media_type == "text/html"]
    return b"".join(decode(raw, part.body, part.encodings[0]).octets for part in parts)


def stretched() -> list[bytes]:
    """The fixtures' HTML, repeated until it is as long as a large newsletter."""
    bodies = [body for path in sorted(FIXTURES.glob("*.eml")) if (body := html(path.read_bytes()))]
    return [b"Content-Type: text/html\r\n\r\n" + body * (60_000 // len(body) + 1) for body in bodies]


def rate(octets: int, work: Callable[[], None]) -> float:
    """MB of message per second of CPU time, the median of several rounds after one to warm up."""
    work()
    seconds = []
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        seconds.append(time.process_time() - start)
    return octets / statistics.median(seconds) / 1e6


def main() -> None:
    raws = messages([Path(name) for name in sys.argv[1:]]) if sys.argv[1:] else stretched()
    rules, policy = load(), POLICIES["balanced"]
    octets = sum(map(len, raws))
    bodies = [html(raw) for raw in raws]

    def sluis() -> None:
        for raw in raws:
            clean(raw, policy, rules)

    def soup() -> None:
        for body in bodies:
            str(BeautifulSoup(body, "lxml"))

    ours, theirs = rate(octets, sluis), rate(sum(map(len, bodies)), soup)
    print(f"{len(raws)} messages, {octets / 1e6:.1f} MB")
    print(f"clean          {ours:8.1f} MB/s")
    print(f"BeautifulSoup  {theirs:8.1f} MB/s (parse and serialise, nothing removed)")
    print(f"ratio          {ours / theirs:8.1f}")


if __name__ == "__main__":
    main()
