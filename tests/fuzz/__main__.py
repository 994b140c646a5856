"""`python -m tests.fuzz TARGET SECONDS [FOLDER]`: look for octets that break a target, guided by coverage.

What is learned goes to FOLDER, a find to `crash-…` in the folder this is run from. A find that is mended is shortened
and kept in `corpus/`, where every test run replays it.
"""

import sys
from pathlib import Path
from tempfile import mkdtemp

import atheris

with atheris.instrument_imports(include=["sluis"]):
    from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent

if __name__ == "__main__":
    name, seconds, *folder = sys.argv[1:]
    learned = folder[0] if folder else mkdtemp(prefix=f"fuzz-{name}-")
    options = [f"-max_total_time={seconds}", f"-dict={HERE / 'tokens.dict'}", "-timeout=20", "-max_len=4096"]
    atheris.Setup([sys.argv[0], *options, learned, str(HERE / "corpus" / name)], TARGETS[name])
    atheris.Fuzz()
