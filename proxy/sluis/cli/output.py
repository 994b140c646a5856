"""What commands leave in a folder: files that are whole or not there, and by what they were made."""

from collections.abc import Iterable, Mapping
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sluis.config import Config


def write(folder: Path, texts: Mapping[str, str]) -> None:
    """Write the files by name; each replaces its older self at once. Raises `OSError`."""
    for name, text in texts.items():
        part = folder / f".{name}.part"
        part.write_text(text, encoding="utf-8", newline="")
        part.replace(folder / name)


def dated() -> dict[str, str]:
    """The day and the version of Sluis, for a document to tell."""
    from datetime import UTC, datetime

    from sluis import __version__

    return {"made": datetime.now(UTC).date().isoformat(), "version": __version__}


def made_by(settings: "Config | None", facts: Iterable[str]) -> str:
    """What a finding depends on besides its message, version, rules and `facts`, as one digest. Raises `OSError`."""
    from sluis import __version__
    from sluis.rules.load import fingerprint

    rules = fingerprint(settings.rules, settings.kept) if settings else fingerprint()
    text = "\n".join([__version__, rules, *facts])
    return blake2b(text.encode("utf-8", "surrogateescape"), digest_size=16).hexdigest()
