"""`python -m tests.leaks`: run every case through the laboratory, Chromium included, and write `docs/leaks.md`."""

import sys
import tempfile
from pathlib import Path

from tests.leaks import laboratory, table
from tests.render.sink import running


def main() -> int:
    """Write the page unless Chromium says otherwise; 1 if it does, with what it says on standard error."""
    with tempfile.TemporaryDirectory(prefix="sluis-leaks-") as folder, running(Path(folder), "0.0.0.0") as sink:
        wrong = laboratory.misdescribed(sink, Path(folder)) | laboratory.calls(sink, Path(folder))
    for name, channel in wrong.items():
        print(f"{name}: {channel}", file=sys.stderr)
    if not wrong:
        table.PAGE.write_text(table.page())
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
