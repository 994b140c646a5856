"""The image itself, built without an engine: `SLUIS_IMAGE=1 pytest -s tests/deploy/test_image.py`, as root.

buildah builds deploy/Dockerfile in a chroot, on a Debian that debootstrap makes. It takes minutes and a network,
so only who asks for it gets it.
"""

import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.integration.process import Server, folder, free_port, program

_TOP = Path(__file__).parents[2]
_SUITE = "trixie"  # Debian 12's own Python is too old
_OF_THIS_MACHINE = ("/etc/ssl/certs", "/etc/pip.conf")  # whom to trust and where packages are, if it says so


@dataclass(frozen=True, slots=True)
class Builder:
    """buildah with a store of its own, and one container of the image in it."""

    home: Path

    def __call__(self, *arguments: str | Path) -> str:
        """What buildah says. Raises CalledProcessError."""
        done = subprocess.run(self.command(*arguments), cwd=_TOP, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def command(self, *arguments: str | Path) -> list[str | Path]:
        """How buildah is told that."""
        stores = ["--root", self.home / "store", "--runroot", self.home / "run"]
        return ["env", "STORAGE_DRIVER=vfs", program("buildah"), *stores, *arguments]


@pytest.fixture(scope="module")
def image() -> Iterator[Builder]:
    """The image `sluis`, on a Debian with Python and nothing else."""
    with folder("image") as home:
        base = home / "base"
        subprocess.run(
            [program("debootstrap"), "--variant=minbase", "--include=python3,python3-venv", _SUITE, base],
            check=True,
            capture_output=True,
        )
        build = Builder(home)
        bare = build("from", "scratch")
        build("add", "--quiet", bare, base, "/")
        build("commit", "--quiet", bare, "base")
        mounted = [f"--volume={path}:{path}:ro" for path in _OF_THIS_MACHINE if Path(path).exists()]
        from_base = ["--isolation=chroot", "--pull=never", "--build-arg=BASE=localhost/base"]
        build("build", *from_base, *mounted, "--file=deploy/Dockerfile", "--tag=sluis", ".")
        print(build("images"))
        yield build


@pytest.fixture
def container(image: Builder) -> list[str]:
    """What runs a command in a new container of it."""
    return ["run", "--isolation=chroot", image("from", "sluis"), "--"]


def test_a_mail_goes_through_in_it(image: Builder, container: list[str]):
    assert "3 messages: 2 cleaned, 1 clean." in image(*container, "sluis", "demo")


def test_it_runs_as_nobody_in_particular(image: Builder, container: list[str]):
    assert image(*container, "id", "-u") == "10025"


def test_it_opens_and_closes(image: Builder, container: list[str], tmp_path: Path):
    port, web = free_port(), free_port()
    places = [f"SLUIS_SMTP__LISTEN=127.0.0.1:{port}", f"SLUIS_WEB__LISTEN=127.0.0.1:{web}"]
    serve = ["sluis", "serve", "--config", "/etc/sluis/sluis.yaml"]
    server = Server(image.command(*container, "env", *places, *serve), tmp_path / "log")
    began = time.monotonic()
    server.start(port, web)
    print(f"open after {time.monotonic() - began:.1f} s")
    server.stop()
    assert "the gate is open" in server.told
