"""`python -m tests.fuzz TARGET SECONDS [FOLDER]`: look for octets that break a target, guided by coverage.

What is learned goes to FOLDER. The search goes on behind a find: of each place where something broke, the shortest
input stands in `finds-TARGET/` of the folder this is run from. One that is mended is kept in `corpus/`, which every run
of the tests replays.
"""

import sys
import traceback
from hashlib import sha256
from pathlib import Path
from tempfile import mkdtemp

import atheris

with atheris.instrument_imports(include=["sluis"]):
    from tests.fuzz.targets import TARGETS, Target

HERE = Path(__file__).parent


class Finds:
    """A target that keeps what breaks it."""

    def __init__(self, target: Target, folder: Path) -> None:
        self._target, self._folder, self._lengths = target, folder, dict[str, int]()

    def __call__(self, data: bytes) -> None:
        try:
            self._target(data)
        except Exception as error:
            place = sha256(
                repr([*map(str, traceback.extract_tb(error.__traceback__)), type(error)]).encode()
            ).hexdigest()
            if len(data) < self._lengths.get(place, sys.maxsize):
                if place not in self._lengths:
                    traceback.print_exc()
                self._lengths[place] = len(data)
                self._folder.mkdir(exist_ok=True)
                (self._folder / place[:12]).write_bytes(data)


if __name__ == "__main__":
    name, seconds, *folder = sys.argv[1:]
    learned = folder[0] if folder else mkdtemp(prefix=f"fuzz-{name}-")
    options = [f"-max_total_time={seconds}", f"-dict={HERE / 'tokens.dict'}", "-timeout=20", "-max_len=4096"]
    finds = Finds(TARGETS[name], Path(f"finds-{name}"))
    atheris.Setup([sys.argv[0], *options, learned, str(HERE / "corpus" / name)], finds)
    atheris.Fuzz()
