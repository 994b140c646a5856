"""Certificates made for a test by openssl: they are their own authority, and good for `localhost` and 127.0.0.1."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.integration.process import program


@dataclass(frozen=True, slots=True)
class Certificate:
    """PEM files."""

    certificate: Path
    key: Path


def certificate(folder: Path, name: str) -> Certificate:
    """A new certificate in `folder`, valid for a day."""
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    command = [program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1", "-days", "1"]
    command += ["-keyout", str(made.key), "-out", str(made.certificate)]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return made
